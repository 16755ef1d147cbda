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

const answerWithinMs = 2_000;

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
  await checkRedis(redisUrl);
  return {
    url: redisUrl,
    kind: "external",
    description: `${withoutPassword(redisUrl)} (from REDIS_URL)`,
    close: async () => {},
  };
}

/** @throws {RedisUnavailable} when nothing there speaks Redis with us. */
export async function checkRedis(redisUrl: string): Promise<void> {
  if (!isRedisAddress(redisUrl)) {
    throw new RedisUnavailable(
      `REDIS_URL is not a Redis address: it should look like redis://127.0.0.1:6379. ${wayOut}`,
    );
  }
  const redis = new Redis(redisUrl, {
    lazyConnect: true,
    connectTimeout: answerWithinMs,
    commandTimeout: answerWithinMs,
    maxRetriesPerRequest: 0,
    retryStrategy: () => null,
  });
  // The connection's own error says more ("ECONNREFUSED") than the failed command's.
  let cause: Error | undefined;
  redis.on("error", (error) => (cause = error));
  const outOfTime = setTimeout(() => {
    cause ??= new Error(`no answer within ${answerWithinMs / 1000} s`);
    redis.disconnect();
  }, answerWithinMs);
  try {
    await redis.ping();
    // ioredis goes on without the database of the address when the server has none of that number.
    await redis.select(new URL(redisUrl).pathname.slice(1) || "0");
  } catch (error) {
    throw new RedisUnavailable(
      // Without the error as its cause: that one holds the password.
      `Redis at ${withoutPassword(redisUrl)} does not answer: ${reason(cause ?? error)}. ${wayOut}`,
    );
  } finally {
    clearTimeout(outOfTime);
    redis.disconnect();
  }
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
  if (/NOAUTH|WRONGPASS/.test(text)) return "it wants another password";
  return text.replace(/\.$/, "");
}

function withoutPassword(redisUrl: string): string {
  const url = new URL(redisUrl);
  if (url.password) url.password = "***";
  // Options can carry a password as well.
  url.search = "";
  return url.href;
}
