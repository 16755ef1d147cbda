import { createHash } from "node:crypto";
import { Redis } from "ioredis";
import { afterAll, afterEach, expect, inject, test } from "vitest";
import { KeySpace } from "../../shared/redis/key-space.ts";
import { withClock } from "../../shared/testing/clock.ts";
import {
  CommandTap,
  describeCommands,
  kindsOf,
  whyStillThere,
} from "../../shared/testing/commands.ts";

const prefix = `${inject("keyPrefix")}commands:`;
const observer = new Redis(inject("redisUrl"));
const clients: Redis[] = [];

afterEach(async () => {
  for (const client of clients.splice(0)) client.disconnect();
  await new KeySpace(observer, prefix).clear();
});

afterAll(() => observer.disconnect());

test("commands are recorded in order, as they travel", async () => {
  const { redis, tap } = await tapped();
  await redis.set("a", "1", "EX", 60);
  await redis.get("a");
  await redis.set("b", Buffer.from("bytes"));
  await redis.del("a", "b");
  expect(tap.sent).toMatchObject([
    { name: "set", args: [`${prefix}a`, "1", "EX", "60"] },
    { name: "get", args: [`${prefix}a`] },
    { name: "set", args: [`${prefix}b`, "bytes"] },
    { name: "del", args: [`${prefix}a`, `${prefix}b`] },
  ]);
});

test("a command says what the app was doing", async () => {
  const redis = client();
  const tap = new CommandTap(redis, () => "GET /me");
  await redis.get("a");
  expect(tap.sent).toMatchObject([{ name: "get", during: "GET /me" }]);
});

test("a command that waits for the connection is recorded once, its handshake not at all", async () => {
  const redis = client();
  const tap = new CommandTap(redis);
  expect(await redis.get("a")).toBeNull();
  expect(tap.sent.map(({ name }) => name)).toEqual(["get"]);
});

test("the commands of a pipeline and of a transaction are recorded", async () => {
  const { redis, tap } = await tapped();
  await redis.pipeline().set("a", "1").get("a").exec();
  await redis.multi().del("a").exec();
  expect(tap.sent.map(({ name }) => name)).toEqual(["set", "get", "multi", "del", "exec"]);
});

test("what kept a session that was to be deleted", async () => {
  const { redis, tap } = await tapped();
  await redis.set("a", "1");
  expect(whyStillThere(tap.sent)).toBe("nothing deletes it");
  await redis.del("b");
  await redis.multi().del("b").exec();
  expect(whyStillThere(tap.sent)).toBe("what is deleted in Redis is a key that does not exist");
  await redis.unlink("a");
  expect(whyStillThere(tap.sent)).toBe("it is deleted, and stored once more");
});

test("what Redis answers passes through, and its refusals are kept", async () => {
  const { redis, tap } = await tapped();
  await redis.set("a", "text");
  expect(await redis.get("a")).toBe("text");
  await expect(redis.incr("a")).rejects.toThrow("not an integer");
  expect(tap.refusals).toEqual([expect.stringContaining("not an integer")]);
});

test("a held command waits, and the others do not", async () => {
  const { redis, tap } = await tapped();
  const hold = tap.hold("store");
  const stored = redis.set("a", "1");
  await hold.reached;
  // Redis answers one client in order: had the SET left, this GET would see it.
  expect(await redis.get("a")).toBeNull();
  hold.release();
  expect(await stored).toBe("OK");
  expect(await redis.get("a")).toBe("1");
});

test("held commands go out in their order, and later ones are not held", async () => {
  const { redis, tap } = await tapped();
  const hold = tap.hold("store");
  const held = [redis.set("a", "1"), redis.set("a", "2"), redis.set("a", "3")];
  await hold.reached;
  hold.release();
  await Promise.all(held);
  expect(await redis.get("a")).toBe("3");
  await redis.set("a", "4");
  expect(await redis.get("a")).toBe("4");
});

test("a held command is recorded when it is sent by the app", async () => {
  const { redis, tap } = await tapped();
  const hold = tap.hold("delete");
  void redis.del("a");
  await hold.reached;
  expect(tap.sent.map(({ name }) => name)).toEqual(["del"]);
  hold.release();
  await redis.get("a");
  expect(tap.sent.map(({ name }) => name)).toEqual(["del", "get"]);
});

test("a command held before the connection is there still arrives", async () => {
  const redis = client();
  const hold = new CommandTap(redis).hold("store");
  const stored = redis.set("a", "1");
  await hold.reached;
  hold.release();
  expect(await stored).toBe("OK");
});

test("a hold that nothing reached releases nothing, and twice is once", async () => {
  const { redis, tap } = await tapped();
  const hold = tap.hold("store");
  hold.release();
  hold.release();
  expect(await redis.set("a", "1")).toBe("OK");
  expect(tap.sent).toHaveLength(1);
});

test("held commands can be let go one by one", async () => {
  const { redis, tap } = await tapped();
  const hold = tap.hold("store");
  const held = [redis.set("a", "1"), redis.set("a", "2")];
  await hold.reached;
  expect(hold.waiting).toBe(2);
  hold.releaseOne();
  await held[0];
  expect(hold.waiting).toBe(1);
  expect(await redis.get("a")).toBe("1");
  hold.releaseOne();
  hold.releaseOne();
  await held[1];
  void redis.set("a", "3");
  expect(hold.waiting).toBe(1);
  hold.release();
  expect(hold.waiting).toBe(0);
  expect(await redis.get("a")).toBe("3");
});

test("of two holds of a kind, the second takes over from the first", async () => {
  const { redis, tap } = await tapped();
  const [first, second] = [tap.hold("store"), tap.hold("store")];
  const one = redis.set("a", "1");
  await first.reached;
  first.release();
  await one;
  const two = redis.set("a", "2");
  await second.reached;
  expect(await redis.get("a")).toBe("1");
  second.release();
  await two;
});

test("a failing kind of command fails with the words that were asked for", async () => {
  const { redis, tap } = await tapped();
  await redis.set("a", "1");
  tap.fail("delete", "Command timed out");
  await expect(redis.del("a")).rejects.toThrow("Command timed out");
  tap.releaseAll();
  expect(await redis.del("a")).toBe(1);
});

test("a kind that fails is refused and never reaches Redis", async () => {
  const { redis, tap } = await tapped();
  tap.fail("store");
  await expect(redis.set("a", "1")).rejects.toThrow("OOM command not allowed");
  expect(await redis.get("a")).toBeNull();
  expect(await redis.del("a")).toBe(0);
  expect(tap.sent.map(({ name }) => name)).toEqual(["set", "get", "del"]);
});

// In a pipeline, ioredis expects the answers in the order in which its commands were queued.
test.for(["pipeline", "multi"] as const)("a %s is held and goes out whole", async (kind) => {
  const { redis, tap } = await tapped();
  const hold = tap.hold("store");
  const answers = redis[kind]().get("a").set("a", "1").get("a").exec();
  await hold.reached;
  expect(hold.waiting).toBe(1);
  expect(await redis.get("a")).toBeNull();
  hold.release();
  expect(await answers).toEqual([
    [null, null],
    [null, "OK"],
    [null, "1"],
  ]);
  expect(await redis.get("a")).toBe("1");
});

test("a pipeline that nobody holds keeps its place among the other commands", async () => {
  const { redis, tap } = await tapped();
  void redis.pipeline().set("a", "1").set("a", "2").exec();
  expect(await redis.get("a")).toBe("2");
  expect(tap.sent.map(({ name }) => name)).toEqual(["set", "set", "get"]);
});

test.for([
  { words: "OOM command not allowed", says: "EXECABORT" },
  { words: "Command timed out", says: "Command timed out" },
])("of a transaction with a refused command, nothing is done: $words", async ({ words, says }) => {
  const { redis, tap } = await tapped();
  tap.fail("store", words);
  await expect(redis.multi().del("a").set("a", "1").exec()).rejects.toThrow(says);
  await expect(redis.multi().set("a", "1").expire("a", 60).exec()).rejects.toThrow(says);
  tap.releaseAll();
  expect(await redis.get("a")).toBeNull();
  expect(tap.refusals).toEqual([]);
});

test("a held command can be refused, and of a held transaction all of it is", async () => {
  const { redis, tap } = await tapped();
  const hold = tap.hold("any");
  const single = redis.set("a", "1");
  const batch = redis.multi().set("a", "2").set("b", "2").exec();
  await hold.held(2);
  hold.refuseOne();
  await expect(single).rejects.toThrow("OOM");
  hold.refuseOne();
  await expect(batch).rejects.toThrow("EXECABORT");
  hold.release();
  expect(await redis.mget("a", "b")).toEqual([null, null]);
});

test("a pipeline with a refused command answers, and the client goes on", async () => {
  const { redis, tap } = await tapped();
  tap.fail("store");
  const answers = redis.pipeline().set("a", "1").get("a").exec();
  expect(await beforeLaps(answers)).toEqual([[expect.any(Error)], [null, null]]);
  expect(await beforeLaps(redis.get("a"))).toBeNull();
});

test("it is quiet once every command is answered, and not before", async () => {
  const [{ redis, tap }, other] = [await tapped(), await tapped()];
  await tap.quiet();
  const popped = redis.blpop("a", 60);
  const quiet = tap.quiet().then(() => "quiet");
  expect(await beforeLaps(quiet)).toBe("nothing");
  await other.redis.lpush("a", "1");
  expect(await quiet).toBe("quiet");
  expect(await popped).toEqual([`${prefix}a`, "1"]);
});

test("it is quiet although a command is held back", async () => {
  const { redis, tap } = await tapped();
  const hold = tap.hold("store");
  const stored = redis.set("a", "1");
  await tap.quiet();
  expect(hold.waiting).toBe(1);
  hold.release();
  expect(await stored).toBe("OK");
});

test("releaseAll lets everything through again", async () => {
  const { redis, tap } = await tapped();
  tap.fail("store");
  const [reads, deletes] = [tap.hold("read"), tap.hold("delete")];
  const held = [redis.get("a"), redis.del("a")];
  await Promise.all([reads.reached, deletes.reached]);
  tap.releaseAll();
  expect(await Promise.all(held)).toEqual([null, 0]);
  expect(await redis.set("a", "1")).toBe("OK");
});

test("taps of two clients know nothing of each other", async () => {
  const [one, other] = [await tapped(), await tapped()];
  one.tap.fail("store");
  expect(await other.redis.set("a", "1")).toBe("OK");
  expect(one.tap.sent).toEqual([]);
});

test.for([
  ["read", "GET a"],
  ["read", "MGET a b"],
  ["read", "EXISTS a"],
  ["read", "HGETALL a"],
  ["read", "TTL a"],
  ["read", "ZRANGE a 0 -1"],
  ["read", "SMEMBERS a"],
  ["read", "HKEYS a"],
  ["store", "SET a 1"],
  ["store", "SET a 1 EX 0"],
  ["store", "SET a 1 KEEPTTL"],
  ["store", "SETEX a 60 1"],
  ["store", "PSETEX a 60 1"],
  ["store", "SETNX a 1"],
  ["store", "MSET a 1"],
  ["store", "HSET a b 1"],
  ["store", "EVAL script 1 a"],
  ["store", "SADD a b"],
  ["store", "ZADD a 1 b"],
  ["prolong", "EXPIRE a 60"],
  ["prolong", "PEXPIRE a 1"],
  ["prolong", "EXPIREAT a 32503680000"],
  ["prolong", "GETEX a EX 60"],
  ["delete", "EXPIRE a 0"],
  ["delete", "PEXPIRE a -1"],
  ["delete", "EXPIREAT a 0"],
  ["delete", "DEL a"],
  ["delete", "UNLINK a"],
  ["delete", "GETDEL a"],
  ["delete", "HDEL a b"],
  ["delete", "SREM a b"],
  ["delete", "ZREM a b"],
  ["delete", "ZREMRANGEBYSCORE a -inf 1"],
  ["other", "PING"],
  ["other", "MULTI"],
  ["other", "SCAN 0"],
  ["other", "constructor a"],
] as const)("it is a %s: %s", ([kind, command]) => {
  for (const text of [command, command.toLowerCase()]) {
    const [name = "", ...args] = text.split(" ");
    expect(kindsOf({ name, args })).toEqual([kind]);
  }
});

test.for([
  { calls: "redis.call('GET', KEYS[1])", kinds: ["read"] },
  { calls: 'redis.call("exists", KEYS[1]); redis.call("SET", KEYS[1], ARGV[1])', kinds: ["store"] },
  {
    calls: "if redis.call('DEL', KEYS[1]) == 1 then redis.pcall( 'SET', KEYS[2], 1) end",
    kinds: ["delete", "store"],
  },
  {
    calls: "redis.call('GET', KEYS[1]); redis.call('PEXPIRE', KEYS[1], 9)",
    kinds: ["read", "prolong"],
  },
  { calls: "return call(ARGV[1])", kinds: ["store"] },
])("a script is about what it does: $calls", async ({ calls, kinds }) => {
  const redis = new Redis({
    lazyConnect: true,
    maxRetriesPerRequest: 0,
    retryStrategy: () => null,
  });
  redis.on("error", () => {});
  const { sent } = new CommandTap(redis);
  redis.defineCommand("defined", { numberOfKeys: 2, lua: `${calls} -- defined` });
  const sha = createHash("sha1").update(calls).digest("hex");
  await Promise.allSettled([
    redis.eval(calls, 2, "a", "b", "c"),
    redis.evalsha(sha, 2, "a", "b", "c"),
    Reflect.get(redis, "defined").call(redis, "a", "b", "c"),
  ]);
  redis.disconnect();
  expect(sent.map(kindsOf)).toEqual([kinds, kinds, kinds]);
});

test("commands are described by name and key, without the prefix", () => {
  const commands = [
    { name: "set", args: ["run:sess:abc", "value"] },
    { name: "get", args: ["run:sess:012345678"] },
    { name: "expire", args: ["run:sess:0123456789", "60"] },
    { name: "multi", args: [] },
  ];
  expect(describeCommands(commands, "run:")).toBe(
    "SET sess:abc, GET sess:012345678, EXPIRE sess:0123456…, MULTI",
  );
  expect(describeCommands([], "run:")).toBe("no Redis command");
});

/** What it resolves to, or "nothing" when that takes longer than many questions to Redis. */
function beforeLaps<Result>(result: Promise<Result>): Promise<Result | string> {
  const laps = async () => {
    for (let i = 0; i < 300; i++) await observer.ping();
    return "nothing";
  };
  return Promise.race([result, laps()]);
}

function client(): Redis {
  const redis = new Redis(inject("redisUrl"), { keyPrefix: prefix, lazyConnect: true });
  clients.push(redis);
  return redis;
}

async function tapped() {
  const redis = client();
  await redis.connect();
  return { redis, tap: new CommandTap(redis) };
}

test("once hours have passed for the app, a moment at which a key ends is one of then", async () => {
  const { redis } = await tapped();
  await withClock({ age: async () => {} } as unknown as KeySpace, async (pass) => {
    await pass(2);
    const inAMinute = Math.round(Date.now() / 1000) + 60;
    await redis.set("a", "1", "EXAT", inAMinute);
    await redis.set("b", "1", "PXAT", inAMinute * 1000);
    await redis.mset("c", "1", "d", "1", "e", "1");
    await redis.expireat("c", inAMinute);
    await redis.pexpireat("d", inAMinute * 1000);
    await redis.getex("e", "EXAT", inAMinute);
  });
  for (const key of ["a", "b", "c", "d", "e"]) {
    expect(await redis.ttl(key), key).toBeGreaterThan(0);
    expect(await redis.ttl(key), key).toBeLessThanOrEqual(61);
  }
});

test("once hours have passed for the app, Redis tells it the time of then", async () => {
  const { redis } = await tapped();
  const script = 'return redis.call("TIME")[1]';
  const sha = String(await redis.script("LOAD", script));
  const told = async () => {
    const [seconds] = await redis.time();
    return [seconds, await redis.eval(script, 0), await redis.evalsha(sha, 0)].map(Number);
  };
  const [before = 0] = await told();
  const clock = { age: async () => {} } as unknown as KeySpace;
  await withClock(clock, async (pass) => {
    await pass(2);
    for (const seconds of await told()) expect(seconds - before).toBeGreaterThanOrEqual(7200);
  });
  for (const seconds of await told()) expect(seconds - before).toBeLessThan(7200);
});
