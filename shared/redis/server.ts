import { randomBytes } from "node:crypto";
import { Redis } from "ioredis";

/** A Redis that answers. */
export interface RedisServer {
  url: string;
  kind: "embedded" | "external";
  /** One line for people; it never shows a password. */
  description: string;
  /** Ends what was started here. An external server is left as it is. */
  close(): Promise<void>;
}

/** REDIS_URL cannot be used. The message says why, and what to do about it. */
export class RedisUnavailable extends Error {
  override name = "RedisUnavailable";
}

const answerWithinMs = 3_000;

/**
 * The one way to a Redis: `REDIS_URL` when it is set, otherwise the embedded server.
 *
 * @throws {RedisUnavailable} within 3 s, when `REDIS_URL` is malformed or nothing answers there.
 */
export async function provideRedis(redisUrl = process.env.REDIS_URL?.trim()): Promise<RedisServer> {
  if (!redisUrl) {
    const { startEmbeddedRedis } = await import("./embedded.ts");
    return startEmbeddedRedis();
  }
  const { url, remarks } = await connected(redisUrl, async (redis) => {
    await isOfUse(redis, redisUrl);
    return ownPlace(redis, redisUrl);
  });
  return {
    url,
    kind: "external",
    description: [`${withoutPassword(url)} (from REDIS_URL)`, ...remarks].join("; "),
    close: async () => {},
  };
}

/**
 * @throws {RedisUnavailable} within 3 s, when nothing there speaks Redis with us, or when it keeps
 *   nothing: then no app could be right there.
 */
export async function checkRedis(redisUrl: string): Promise<void> {
  await connected(redisUrl, (redis) => isOfUse(redis, redisUrl));
}

/** Whatever is asked on the connection, all of it has the same 3 s. */
async function connected<Result>(
  redisUrl: string,
  ask: (redis: Redis) => Promise<Result>,
): Promise<Result> {
  if (!isRedisAddress(redisUrl)) {
    throw new RedisUnavailable(
      `REDIS_URL is not a Redis address: it should look like redis://127.0.0.1:6379. ${wayOut}`,
    );
  }
  const redis = new Redis(redisUrl, {
    lazyConnect: true,
    maxRetriesPerRequest: 0,
    retryStrategy: () => null,
  });
  // The connection's own error says more ("ECONNREFUSED") than the failed command's.
  let cause: Error | undefined;
  redis.on("error", (error) => (cause = error));
  let limit: NodeJS.Timeout | undefined;
  const outOfTime = new Promise<never>((_, reject) => {
    const tooLate = new Error(`no answer within ${answerWithinMs / 1000} s`);
    limit = setTimeout(() => reject(tooLate), answerWithinMs);
  });
  try {
    return await Promise.race([ask(redis), outOfTime]);
  } catch (error) {
    if (error instanceof RedisUnavailable) throw error;
    throw new RedisUnavailable(
      // Without the error as its cause: that one holds the password.
      `Redis at ${withoutPassword(redisUrl)} ${isRefusal(cause ?? error) ? "is of no use" : "does not answer"}: ${reason(cause ?? error)}. ${wayOut}`,
    );
  } finally {
    clearTimeout(limit);
    redis.disconnect();
  }
}

/** Rejects when it keeps nothing. */
async function isOfUse(redis: Redis, redisUrl: string): Promise<void> {
  const key = `workshop:check:${randomBytes(6).toString("hex")}`;
  await Promise.all([
    redis.ping(),
    // ioredis goes on without the database of the address when the server has none of that number.
    redis.select(databaseOf(new URL(redisUrl))),
    redis.set(key, "1", "EX", 10),
    redis.del(key),
  ]);
}

/** More keys than anybody wants to leaf through at each look. */
const crowded = 5_000;
/** As many as a Redis has unless it is told otherwise. */
const databases = 16;
const farMs = 100;
const pingsWithinMs = 1_000;

/**
 * Where a run can work. A key space is found by scanning, so a database full of other keys is left to
 * them, and a Redis that is too far away for the goals, which have limits, is refused.
 *
 * @throws {RedisUnavailable} when it is that far.
 */
async function ownPlace(
  redis: Redis,
  redisUrl: string,
): Promise<{ url: string; remarks: string[] }> {
  const url = new URL(redisUrl);
  const remarks: string[] = [];
  if (url.searchParams.has("keyPrefix")) {
    url.searchParams.delete("keyPrefix");
    remarks.push("each run has a keyPrefix of its own");
  }
  try {
    const awayMs = await distance(redis);
    if (awayMs > farMs) {
      throw new RedisUnavailable(
        `Redis at ${withoutPassword(redisUrl)} is ${Math.round(awayMs)} ms away: a login asks it several times, and would be too late for the goals. ${wayOut}`,
      );
    }
    const keys = await redis.dbsize();
    if (keys > crowded) {
      const database = await emptiestDatabase(redis);
      if (database !== undefined) {
        remarks.push(`database ${databaseOf(url)} holds ${keys} other keys`);
        url.pathname = `/${database}`;
        url.searchParams.delete("db");
      }
    }
  } catch (error) {
    if (error instanceof RedisUnavailable) throw error;
    // Somebody who may not ask for this much works where the address says.
  }
  return { url: remarks.length > 0 ? url.href : redisUrl, remarks };
}

/** The number of the database that ioredis takes: the path's, before that of `?db=`. */
function databaseOf({ pathname, searchParams }: URL): string {
  return pathname.slice(1) || searchParams.get("db") || "0";
}

/** The shortest of several ways there and back: a busy machine makes some longer, and none shorter. */
async function distance(redis: Redis): Promise<number> {
  let shortest = Infinity;
  const begin = performance.now();
  while (shortest > farMs && performance.now() - begin < pingsWithinMs) {
    const start = performance.now();
    await redis.ping();
    shortest = Math.min(shortest, performance.now() - start);
  }
  return shortest;
}

/** The database with the fewest keys, when that is not many; undefined when there is none. */
async function emptiestDatabase(redis: Redis): Promise<number | undefined> {
  const keysIn = new Map<number, number>();
  for (const [, database, keys] of (await redis.info("keyspace")).matchAll(/db(\d+):keys=(\d+)/g)) {
    keysIn.set(Number(database), Number(keys));
  }
  const [emptiest] = Array.from({ length: databases }, (_, database) => database).toSorted(
    (a, b) => (keysIn.get(a) ?? 0) - (keysIn.get(b) ?? 0) || a - b,
  );
  if (emptiest === undefined || (keysIn.get(emptiest) ?? 0) > crowded) return undefined;
  await redis.select(emptiest);
  return emptiest;
}

const wayOut =
  "Start one with `docker compose up -d`, or unset REDIS_URL (see .env) to use the embedded Redis.";

function isRedisAddress(text: string): boolean {
  if (text !== text.trim() || !URL.canParse(text)) return false;
  const { protocol, pathname, username, password } = new URL(text);
  try {
    decodeURIComponent(username + password);
  } catch {
    return false;
  }
  return /^rediss?:$/.test(protocol) && /^(\/\d*)?$/.test(pathname);
}

function reason(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  if (text.includes("ECONNREFUSED")) return "nothing listens there (connection refused)";
  if (text.includes("ENOTFOUND") || text.includes("EAI_AGAIN")) return "that host is unknown";
  if (/out of range/.test(text)) return "it has no database of that number";
  if (/Unknown RESP type|Protocol error/.test(text))
    return "what listens there does not speak Redis";
  if (/^OOM\b/.test(text)) return "it is full, and stores nothing more (maxmemory)";
  if (/^READONLY\b/.test(text)) return "it is a read-only replica";
  if (/^(MOVED|ASK|CLUSTERDOWN|CROSSSLOT)\b/.test(text)) {
    return "it is part of a cluster, and these apps speak to a single Redis";
  }
  if (/^MISCONF\b/.test(text)) return "it cannot write to its disk, and stores nothing more";
  if (/^NOPERM\b/.test(text)) return "its user may not write there";
  if (/NOAUTH|WRONGPASS/.test(text)) return "it wants another password";
  return text.replace(/\.$/, "");
}

/** Whether something answered, and not as it should: what Redis refuses begins with a code. */
function isRefusal(error: unknown): boolean {
  return (
    error instanceof Error && /^[A-Z]{2,} |Unknown RESP type|Protocol error/.test(error.message)
  );
}

function withoutPassword(redisUrl: string): string {
  const url = new URL(redisUrl);
  if (url.password) url.password = "***";
  // Options can carry a password as well.
  url.search = "";
  return url.href;
}
