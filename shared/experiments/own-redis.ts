import { spawn, spawnSync, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Redis } from "ioredis";
import { provideRedis } from "../redis/server.ts";
import type { Cleanup } from "./cleanup.ts";
import { anyFreePort } from "../runner/ports.ts";

/** A Redis to measure with, in a line for people. */
export interface MeasuredRedis {
  url: string;
  description: string;
}

/**
 * REDIS_URL when it is set, else a `redis-server` of this machine's in a process of its own. Where there
 * is none, the embedded one: it shares its processor with whatever measures it, which the description says.
 */
export async function redisToMeasure(cleanup: Cleanup): Promise<MeasuredRedis> {
  if (!process.env.REDIS_URL?.trim() && hasRedisServer()) {
    const server = await startRedisServer(cleanup);
    return { url: server.url, description: `redis-server ${server.version}` };
  }
  const redis = await provideRedis();
  cleanup.add(() => redis.close());
  const { url, kind, description } = redis;
  if (kind === "external") return { url, description };
  return {
    url,
    description:
      "the embedded one, in JavaScript and in the process that measures: install redis-server for figures that mean something",
  };
}

/** The version of `redis-server`; undefined where there is none. */
function redisServerVersion(): string | undefined {
  const { stdout, status } = spawnSync("redis-server", ["--version"], { encoding: "utf8" });
  return status === 0 ? /v=(\S+)/.exec(stdout)?.[1] : undefined;
}

export function hasRedisServer(): boolean {
  return redisServerVersion() !== undefined;
}

/** Starts a `redis-server` that keeps nothing, on a free port of the loopback interface. */
export async function startRedisServer(
  cleanup: Cleanup,
  options: readonly string[] = [],
): Promise<{ url: string; port: number; version: string; kill(): void }> {
  const folder = mkdtempSync(join(tmpdir(), "experiment-redis-"));
  cleanup.add(() => rmSync(folder, { recursive: true, force: true }));
  const settings = ["--bind", "127.0.0.1", "--dir", folder, "--save", "", "--appendonly", "no"];
  for (let attempt = 1; ; attempt++) {
    const port = await anyFreePort("127.0.0.1");
    const child = spawn("redis-server", ["--port", String(port), ...settings, ...options], {
      stdio: "ignore",
    });
    const exited = once(child, "exit").catch(() => {});
    cleanup.add(async () => {
      child.kill("SIGKILL");
      await exited;
    });
    const url = `redis://127.0.0.1:${port}`;
    try {
      await untilReady(url, child);
    } catch (error) {
      // Somebody else took the port first.
      if (child.exitCode !== null && attempt < 5) continue;
      throw error;
    }
    return {
      url,
      port,
      version: redisServerVersion() ?? "",
      kill: () => void child.kill("SIGKILL"),
    };
  }
}

/** Ready is who answers: a node of a cluster that is being made stores nothing yet. */
async function untilReady(url: string, child: ChildProcess): Promise<void> {
  const redis = new Redis(url, {
    maxRetriesPerRequest: null,
    retryStrategy: (attempt) => (attempt < 100 && child.exitCode === null ? 50 : null),
  });
  redis.on("error", () => {});
  try {
    await redis.ping();
  } finally {
    redis.disconnect();
  }
}
