import { expect, test } from "vitest";
import { loadConfig } from "../../shared/app/config.ts";

// One with a comma: any separator may stand in a secret.
const newer = "the secret of last week, which was long";
const older = "the secret of last month, long as well";

test("an empty environment is production, for this machine alone, on port 3000, without a secret", () => {
  expect(loadConfig({})).toEqual({
    env: "production",
    host: "localhost",
    port: 3000,
    redisUrl: "redis://127.0.0.1:6379",
    sessionSecret: undefined,
    previousSessionSecrets: [],
  });
});

test("an empty variable counts as not set", () => {
  const names = [
    "NODE_ENV",
    "HOST",
    "PORT",
    "REDIS_URL",
    "SESSION_SECRET",
    "SESSION_SECRETS_PREVIOUS",
  ];
  expect(loadConfig(Object.fromEntries(names.map((name) => [name, ""])))).toEqual(loadConfig({}));
});

test("every variable arrives, and others are ignored", () => {
  expect(
    loadConfig({
      NODE_ENV: "development",
      HOST: "0.0.0.0",
      PORT: "8080",
      REDIS_URL: "rediss://user:word@redis.example:6380/2",
      SESSION_SECRET: "the newest",
      SESSION_SECRETS_PREVIOUS: JSON.stringify([newer, older]),
      HOME: "/home/ada",
    }),
  ).toEqual({
    env: "development",
    host: "0.0.0.0",
    port: 8080,
    redisUrl: "rediss://user:word@redis.example:6380/2",
    sessionSecret: "the newest",
    previousSessionSecrets: [newer, older],
  });
});

test.for([
  { what: "no JSON", list: `${newer},${older}` },
  { what: "no list", list: JSON.stringify(newer) },
  { what: "a short secret in it", list: JSON.stringify([newer, "x"]) },
  { what: "blanks in place of a secret", list: JSON.stringify([" ".repeat(40)]) },
  { what: "something else in it", list: JSON.stringify([newer, null]) },
])("SESSION_SECRETS_PREVIOUS with $what is refused, and no secret is repeated", ({ list }) => {
  const message = refusal({ SESSION_SECRETS_PREVIOUS: list });
  expect(message).toContain("SESSION_SECRETS_PREVIOUS");
  expect(message).not.toContain("of last");
});

test("a secret with a line break at its end is the same secret after a rotation", () => {
  const { sessionSecret } = loadConfig({ SESSION_SECRET: `${newer}\n` });
  const list = JSON.stringify([`${newer}\n`]);
  const { previousSessionSecrets } = loadConfig({ SESSION_SECRETS_PREVIOUS: list });
  expect(previousSessionSecrets).toEqual([sessionSecret]);
});

test.for([0, 65_535])("%i is a port", (port) => {
  expect(loadConfig({ PORT: String(port) }).port).toBe(port);
});

test.for(["-1", "65536", "3.5", "http", "3000;", "NaN", "Infinity", "3000 4000"])(
  "PORT=%j is refused",
  (PORT) => expect(() => loadConfig({ PORT })).toThrow("PORT: "),
);

test("a blank PORT does not mean any free port", () => {
  expect(refusal({ PORT: " " }) || loadConfig({ PORT: " " }).port).not.toBe(0);
});

test.for(["test", "Production", "prod"])("NODE_ENV=%j is refused", (NODE_ENV) => {
  expect(() => loadConfig({ NODE_ENV })).toThrow("NODE_ENV: ");
});

test.for(["localhost:6379", "http://localhost:6379", "redis", "//localhost", "redis://host:99999"])(
  "REDIS_URL=%j is refused",
  (REDIS_URL) => expect(() => loadConfig({ REDIS_URL })).toThrow("REDIS_URL: "),
);

test("a refusal is one line that names every variable at fault, and no value", () => {
  const message = refusal({
    NODE_ENV: "staging",
    PORT: "99999",
    REDIS_URL: "http://:hunter2@localhost",
    SESSION_SECRET: "fine and secret",
  });
  expect(message.split("\n")).toHaveLength(1);
  for (const name of ["NODE_ENV", "PORT", "REDIS_URL"]) expect(message).toContain(name);
  expect(message).not.toMatch(/SESSION_SECRET|hunter2|fine and secret/);
});

/** What loadConfig says against it; empty when it accepts it. */
function refusal(env: Record<string, string>): string {
  try {
    loadConfig(env);
  } catch (error) {
    return (error as Error).message;
  }
  return "";
}
