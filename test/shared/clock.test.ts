import { Redis } from "ioredis";
import { afterAll, expect, inject, test } from "vitest";
import { KeySpace } from "../../shared/redis/key-space.ts";
import { withClock } from "../../shared/testing/clock.ts";

const prefix = `${inject("keyPrefix")}clock:`;
const redis = new Redis(inject("redisUrl"));
const keySpace = new KeySpace(redis, prefix);

afterAll(async () => {
  await keySpace.clear();
  redis.disconnect();
});

test("hours pass for the clock and for what Redis keeps, and for nobody afterwards", async () => {
  const before = Date.now();
  const startedAt = performance.now();
  await redis.set(`${prefix}short`, "1", "EX", 3_600);
  await redis.set(`${prefix}long`, "1", "EX", 7_200);
  await withClock(keySpace, async (pass) => {
    const start = Date.now();
    expect(Date.now()).toBe(start);
    await pass(1.5);
    expect(Date.now() - start).toBe(1.5 * 3_600_000);
    expect(performance.now() - startedAt).toBeGreaterThanOrEqual(1.5 * 3_600_000);
    expect(await keySpace.keys()).toEqual(["long"]);
    expect(await keySpace.ttlSeconds("long")).toBeLessThanOrEqual(1_800);
  });
  expect(Date.now() - before).toBeLessThan(1.5 * 3_600_000);
  expect(performance.now() - startedAt).toBeLessThan(1.5 * 3_600_000);
});

test("the clock is given back when something fails", async () => {
  const before = Date.now();
  const failing = withClock(keySpace, async (pass) => {
    await pass(1_000);
    throw new Error("failed");
  });
  await expect(failing).rejects.toThrow("failed");
  expect(Date.now() - before).toBeLessThan(3_600_000);
});
