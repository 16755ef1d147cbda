import { Redis } from "ioredis";
import { afterAll, expect, test } from "vitest";
import { Cleanup } from "../../shared/experiments/cleanup.ts";
import { hasRedisServer, startRedisServer } from "../../shared/experiments/own-redis.ts";
import { anyFreePort } from "../../shared/runner/ports.ts";

const cleanup = new Cleanup();
afterAll(() => cleanup.all());

test.skipIf(!hasRedisServer())(
  "a node of a cluster is ready before there is a cluster",
  async () => {
    const busPort = String(await anyFreePort("127.0.0.1"));
    const settings = ["--cluster-enabled", "yes", "--cluster-port", busPort];
    const { url } = await startRedisServer(cleanup, settings);
    const redis = new Redis(url);
    cleanup.add(() => redis.disconnect());
    expect(await redis.cluster("INFO")).toContain("cluster_state:fail");
  },
);
