import type { TestProject } from "vitest/node";
import { openKeySpace } from "../redis/key-space.ts";
import { provideRedis } from "../redis/server.ts";
import { loadEnvFile } from "../runner/env-file.ts";

/** vitest's global setup: one Redis for all test files, with a key space of the run's own. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const passedOver = loadEnvFile();
  if (passedOver) console.error(passedOver);
  const redis = await provideRedis();
  const keySpace = openKeySpace(redis.url);
  project.provide("redisUrl", redis.url);
  project.provide("keyPrefix", keySpace.prefix);
  return async () => {
    await keySpace.clear();
    await redis.close();
  };
}
