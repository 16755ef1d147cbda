import { createRedisServer } from "js-redis-server";
import type { RedisServer } from "./server.ts";

/**
 * Starts a Redis inside this process, on a free port of the loopback interface, in milliseconds.
 * Clients speak to it over a real socket. Only this file knows which package it comes from.
 */
export async function startEmbeddedRedis(): Promise<RedisServer> {
  const server = await createRedisServer({ compatibility: "redis-7.0" });
  const url = `redis://127.0.0.1:${server.port}`;
  return {
    url,
    kind: "embedded",
    description: `embedded, at ${url} (set REDIS_URL to use your own)`,
    close: () => server.close(),
  };
}
