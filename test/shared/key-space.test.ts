import { Redis } from "ioredis";
import { afterAll, afterEach, expect, inject, test, vi, type MockInstance } from "vitest";
import { KeySpace, openKeySpace } from "../../shared/redis/key-space.ts";

const corner = `${inject("keyPrefix")}key-space:`;
const redis = new Redis(inject("redisUrl"));
const all = new KeySpace(redis, corner);
const mine = new KeySpace(redis, `${corner}mine:`);
const theirs = new KeySpace(redis, `${corner}theirs:`);

afterEach(async () => {
  vi.restoreAllMocks();
  await all.clear();
});

afterAll(() => redis.disconnect());

test("a new key space holds nothing", async () => {
  expect(await mine.keys()).toEqual([]);
  expect(await mine.contents()).toEqual(new Map());
});

test("keys are listed without the prefix, in order, each once", async () => {
  const names = Array.from({ length: 1_200 }, (_, i) => `key-${i}`);
  await redis.mset(...names.flatMap((name) => [mine.prefix + name, "1"]));
  expect(await mine.keys()).toEqual(names.toSorted());
});

test("keys are gathered from every answer of a SCAN, each once", async () => {
  const [a, b, c] = ["a", "b", "c"].map((name) => mine.prefix + name) as [string, string, string];
  const scan = vi.spyOn(redis, "scan") as unknown as MockInstance<() => Promise<unknown>>;
  scan.mockResolvedValueOnce(["17", [c, a]]).mockResolvedValueOnce(["0", [a, b]]);
  expect(await mine.keys()).toEqual(["a", "b", "c"]);
  expect(scan.mock.calls.map(([cursor]: unknown[]) => cursor)).toEqual(["0", "17"]);
});

test("a key may have any name", async () => {
  const names = ["", "two words", "line\nbreak", "*", "a:b:c", "é€😀", mine.prefix];
  for (const name of names) await redis.set(mine.prefix + name, name);
  expect(await mine.keys()).toEqual(names.toSorted());
  expect(await mine.contents()).toEqual(new Map(names.toSorted().map((name) => [name, name])));
  await mine.clear();
  expect(await mine.keys()).toEqual([]);
});

test("somebody else's keys are neither seen nor removed", async () => {
  const near = new KeySpace(redis, `${corner}mine`);
  await redis.mset(`${theirs.prefix}a`, "1", `${corner}min`, "1", `${corner}mine2:a`, "1");
  await redis.set(`${mine.prefix}a`, "1");
  expect(await mine.keys()).toEqual(["a"]);
  expect(await near.keys()).toEqual(["2:a", ":a"]);
  await mine.clear();
  await mine.remove("../theirs:a");
  expect(await all.keys()).toEqual(["min", "mine2:a", "theirs:a"]);
});

test.for([
  { glob: "a*:", stranger: "abc:other" },
  { glob: "a?:", stranger: "ab:other" },
  { glob: "[ab]:", stranger: "a:other" },
])("$glob as a prefix is no pattern", async ({ glob, stranger }) => {
  const space = new KeySpace(redis, corner + glob);
  await redis.mset(corner + stranger, "1", `${space.prefix}key`, "1");
  expect(await space.keys()).toEqual(["key"]);
});

test.for([
  { type: "string", add: (key: string) => redis.set(key, "text"), holds: "text" },
  { type: "empty string", add: (key: string) => redis.set(key, ""), holds: "" },
  { type: "hash", add: (key: string) => redis.hset(key, "a", "1"), holds: '{"a":"1"}' },
  { type: "set", add: (key: string) => redis.sadd(key, "a"), holds: '["a"]' },
  { type: "zset", add: (key: string) => redis.zadd(key, 2, "b", 1, "a"), holds: '["a","b"]' },
  { type: "list", add: (key: string) => redis.rpush(key, "b", "a"), holds: '["b","a"]' },
])("a $type is read as text", async ({ add, holds }) => {
  await add(`${mine.prefix}key`);
  expect(await mine.read("key")).toBe(holds);
  expect(await mine.contents()).toEqual(new Map([["key", holds]]));
});

test("a missing key reads as undefined", async () => {
  await redis.set(`${theirs.prefix}key`, "theirs");
  expect(await mine.read("key")).toBeUndefined();
});

test("a time to live is in seconds, rounded up", async () => {
  vi.spyOn(redis, "pttl").mockResolvedValueOnce(1).mockResolvedValueOnce(60_001);
  expect(await mine.ttlSeconds("key")).toBe(1);
  expect(await mine.ttlSeconds("key")).toBe(61);
});

test("a time to live is that of the key itself", async () => {
  await redis.set(`${mine.prefix}key`, "1", "EX", 86_400);
  await redis.set(`${theirs.prefix}key`, "1", "EX", 10);
  expect(await mine.ttlSeconds("key")).toBeGreaterThan(80_000);
  expect(await mine.ttlSeconds("key")).toBeLessThanOrEqual(86_400);
});

test("a key that never expires, or is missing, has no time to live", async () => {
  await redis.set(`${mine.prefix}key`, "1");
  expect(await mine.ttlSeconds("key")).toBeUndefined();
  expect(await mine.ttlSeconds("missing")).toBeUndefined();
});

test("only the named keys are removed", async () => {
  for (const name of ["a", "b", "c"]) await redis.set(mine.prefix + name, "1");
  await mine.remove("a", "c", "missing");
  expect(await mine.keys()).toEqual(["b"]);
});

test("removing nothing and clearing nothing asks Redis for no deletion", async () => {
  const del = vi.spyOn(redis, "del");
  await mine.remove();
  await mine.clear();
  expect(del).not.toHaveBeenCalled();
});

test("an expired key is gone, and the others stay", async () => {
  await redis.mset(`${mine.prefix}a`, "1", `${mine.prefix}b`, "1");
  await mine.expire("a");
  await mine.expire("missing");
  expect(await mine.keys()).toEqual(["b"]);
});

test("expiring waits for as long as the key is there", async () => {
  const exists = vi.spyOn(redis, "exists");
  exists.mockResolvedValueOnce(1).mockResolvedValueOnce(1).mockResolvedValueOnce(0);
  await mine.expire("a");
  expect(exists).toHaveBeenCalledTimes(3);
});

test("every opened key space has a prefix of its own", async () => {
  const spaces = Array.from({ length: 20 }, () => openKeySpace(inject("redisUrl")));
  expect(new Set(spaces.map(({ prefix }) => prefix)).size).toBe(20);
  for (const { prefix } of spaces) expect(prefix).toMatch(/^workshop:[\da-f]{12}:$/);
  await Promise.all(spaces.map((space) => space.clear()));
});

test("an opened key space is cleared as often as you like", async () => {
  const space = openKeySpace(inject("redisUrl"));
  const look = new KeySpace(redis, space.prefix);
  await redis.set(`${mine.prefix}a`, "1");
  for (const end of [space.clear, space.clear]) {
    await redis.set(`${space.prefix}a`, "1");
    await end();
    expect(await look.keys()).toEqual([]);
  }
  expect(await mine.keys()).toEqual(["a"]);
});

test("clearing a key space disconnects, even when it fails", async () => {
  const disconnect = vi.spyOn(Redis.prototype, "disconnect");
  vi.spyOn(Redis.prototype, "scan").mockRejectedValue(new Error("Redis is gone"));
  const space = openKeySpace(inject("redisUrl"));
  await space.clear().catch(() => {});
  expect(disconnect).toHaveBeenCalledOnce();
});
