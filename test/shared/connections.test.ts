import { Redis } from "ioredis";
import { expect, test } from "vitest";
import { addressOf } from "../../shared/testing/connections.ts";

test.for([
  "redis://127.0.0.1",
  "redis://localhost:6390/2",
  "redis://[::1]:6399",
  "rediss://u:p@a.b/3",
])("a connection made of %s is known by it", (url) => {
  expect(addressOf(new Redis(url, { lazyConnect: true }))).toBe(addressOf(url));
});
