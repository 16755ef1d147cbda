import { randomBytes } from "node:crypto";
import { relative } from "node:path";
import { openKeySpace } from "../redis/key-space.ts";
import { provideRedis } from "../redis/server.ts";
import type { StepEntry } from "../runner/manifest.ts";
import { root } from "../runner/paths.ts";
import { Inspector, type InspectorOptions } from "./inspector.ts";

export interface Opened {
  inspector: Inspector;
  /** Which Redis it is, in a line for people. */
  redis: string;
  /** Ends the app, removes its keys, and lets go of Redis. */
  close(): Promise<void>;
}

/** An inspector with a Redis under it, in a key space of its own. */
export async function openInspector(
  options: { step: StepEntry; file: string } & Partial<
    Pick<InspectorOptions, "port" | "production" | "output">
  >,
): Promise<Opened> {
  const redis = await provideRedis();
  const keySpace = openKeySpace(redis.url);
  const redisUrl = new URL(redis.url);
  redisUrl.searchParams.set("keyPrefix", keySpace.prefix);
  const inspector = await Inspector.open({
    port: 0,
    production: false,
    output: "ignore",
    ...options,
    name: relative(root, options.file),
    redis: { url: redis.url, prefix: keySpace.prefix },
    env: {
      ...process.env,
      REDIS_URL: redisUrl.href,
      // The same for all restarts, so that they forget nobody.
      SESSION_SECRET: process.env.SESSION_SECRET || randomBytes(32).toString("base64url"),
    },
  });
  return {
    inspector,
    redis: redis.description,
    async close() {
      await inspector.close();
      await keySpace.clear().catch(() => {});
      await redis.close();
    },
  };
}
