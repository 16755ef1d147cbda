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
export async function provideRedis(redisUrl = process.env.REDIS_URL): Promise<RedisServer> {
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
  if (!URL.canParse(redisUrl) || !/^rediss?:$/.test(new URL(redisUrl).protocol)) {
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
  } catch (error) {
    throw new RedisUnavailable(
      `Redis at ${withoutPassword(redisUrl)} does not answer: ${reason(cause ?? error)}. ${wayOut}`,
      { cause: error },
    );
  } finally {
    clearTimeout(outOfTime);
    redis.disconnect();
  }
}

const wayOut =
  "Start one with `docker compose up -d`, or unset REDIS_URL (see .env) to use the embedded Redis.";

function reason(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  if (text.includes("ECONNREFUSED")) return "nothing listens there (connection refused)";
  if (text.includes("ENOTFOUND") || text.includes("EAI_AGAIN")) return "that host is unknown";
  if (/NOAUTH|WRONGPASS/.test(text)) return "it wants another password";
  return text.replace(/\.$/, "");
}

function withoutPassword(redisUrl: string): string {
  const url = new URL(redisUrl);
  if (url.password) url.password = "***";
  return url.href;
}
