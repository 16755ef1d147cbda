// A Redis that answers and is of no use all the same, each one real: it is refused for its own sake,
// before anything is judged.
import { Redis } from "ioredis";
import { describe, expect, inject, onTestFinished, test } from "vitest";
import { KeySpace } from "../../shared/redis/key-space.ts";
import { provideRedis, RedisUnavailable } from "../../shared/redis/server.ts";
import { Relay } from "../../shared/testing/relay.ts";
import { hasRedisServer, startRedisServer } from "../real-redis.ts";

const isCi = process.env.CI !== undefined;

/** A real Redis, until the test ends. */
async function real(...options: string[]): Promise<string> {
  const server = await startRedisServer(...options);
  onTestFinished(server.stop);
  return server.url;
}

async function client(url: string): Promise<Redis> {
  const redis = new Redis(url);
  onTestFinished(() => redis.disconnect());
  return redis;
}

// CI installs one.
describe.runIf(hasRedisServer || isCi)("a real Redis", () => {
  test.for([
    { what: "full", options: ["--maxmemory", "1"], says: "it is full, and stores nothing more" },
    {
      what: "a replica",
      options: ["--replicaof", "127.0.0.1", "1"],
      says: "it is a read-only replica",
    },
    {
      what: "a cluster",
      options: ["--cluster-enabled", "yes"],
      says: "it is part of a cluster, and these apps speak to a single Redis",
    },
    {
      what: "for readers only",
      options: ["--user", "default", "on", "nopass", "~*", "&*", "+@all", "-set"],
      says: "its user may not write there",
    },
    {
      what: "for those who know its password",
      options: ["--requirepass", "open sesame"],
      says: "it wants another password",
    },
  ])("that is $what is refused for that", async ({ options, says }) => {
    const url = await real(...options);
    const outcome = await provideRedis(url).catch((error: unknown) => error);
    expect(outcome).toBeInstanceOf(RedisUnavailable);
    expect((outcome as Error).message).toContain(`Redis at ${url} is of no use: ${says}`);
  });

  test("full of other keys leaves them alone: runs work in an empty database", async () => {
    const url = await real();
    const redis = await client(url);
    const names = Array.from({ length: 6_000 }, (_, i) => [`other:${i}`, "1"]);
    await redis.mset(...names.flat());
    const own = await provideRedis(`${url}?keyPrefix=mine:`);
    expect(own.url).toBe(`${url}/1`);
    expect(own.description).toMatch(/database 0 holds 6000 other keys/);
    const scanned = new KeySpace(await client(own.url), "workshop:");
    expect(await scanned.keys()).toEqual([]);
    expect(await redis.dbsize()).toBe(6_000);
  });

  test("is looked at in the database that ?db= names", async () => {
    const url = await real();
    const redis = await client(`${url}?db=3`);
    await redis.mset(...Array.from({ length: 6_000 }, (_, i) => [`other:${i}`, "1"]).flat());
    const own = await provideRedis(`${url}?db=3`);
    expect(own.url).toBe(`${url}/0`);
    expect(own.description).toMatch(/database 3 holds 6000 other keys/);
  });

  test("with few keys is used as it is, and nothing is left of the look", async () => {
    const url = await real();
    const redis = await client(url);
    await redis.set("other", "1");
    expect((await provideRedis(url)).url).toBe(url);
    expect(await redis.keys("*")).toEqual(["other"]);
  });
});

test("a keyPrefix in the address is passed over: each run has its own", async () => {
  const address = new URL(inject("redisUrl"));
  address.searchParams.set("keyPrefix", "mine:");
  const { url, description } = await provideRedis(address.href);
  expect(new URL(url).search).toBe("");
  expect(description).toMatch(/each run has a keyPrefix of its own/);
});

test("a Redis that is too far away is refused, with the distance", async () => {
  const relay = await Relay.to(inject("redisUrl"));
  onTestFinished(() => relay.close());
  relay.latencyMs = 150;
  const outcome = await provideRedis(relay.through(inject("redisUrl"))).catch(
    (error: unknown) => error,
  );
  expect(outcome).toBeInstanceOf(RedisUnavailable);
  expect((outcome as Error).message).toMatch(/is \d{3,} ms away: a login asks it several times/);
});
