import { expect, test } from "vitest";
import { masked } from "../../shared/inspector/page/secrets.js";

const id = "r_IW3kqvXz0aB1cD2eF3gH4iJ5kL6mN7";
const signature = "4pUJt%2FLxVb3N7Gq1%2BkYzZ0wQ8sRm5cD2eF3gH4iJ5k";

test.for([
  [`sid=s%3A${id}.${signature}; Path=/`, "sid=s%3Ar_IW…; Path=/"],
  [`sid=s:${id}.4pUJt/LxVb3N7Gq1+kYzZ0wQ8sRm5cD2eF3gH4iJ5k`, "sid=s:r_IW…"],
  [`SET sess:${id} {"userId":"x"}`, 'SET sess:r_IW… {"userId":"x"}'],
  ['{"email":"a@b.c","password":"it \\"is\\" secret"}', '{"email":"a@b.c","password":"…"}'],
  // What is no secret stays readable.
  [
    '{"id":"ada00000-1815-4000-8000-000000000001"}',
    '{"id":"ada00000-1815-4000-8000-000000000001"}',
  ],
  [
    "Strict-Transport-Security, Content-Security-Policy",
    "Strict-Transport-Security, Content-Security-Policy",
  ],
  ['{"originalMaxAge":86400000}', '{"originalMaxAge":86400000}'],
] as const)("%s is shown as %s", ([text, shown]) => {
  expect(masked(text)).toBe(shown);
});
