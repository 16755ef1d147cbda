import { spawnSync } from "node:child_process";
import { setTimeout as sleep } from "node:timers/promises";
import { Redis } from "ioredis";
import type { Cleanup } from "../cleanup.ts";
import { anyFreePort } from "../../runner/ports.ts";
import { startRedisServer } from "../own-redis.ts";

interface Node {
  port: number;
  kill(): void;
}

export interface RedisCluster {
  version: string;
  ports: readonly number[];
  /** Ends a master, as a crash would; its replica has to take over. */
  killMaster(): Promise<void>;
}

const nodeTimeoutMs = 2_000;

/** Starts a Redis Cluster of three masters with a replica each, on free ports of the loopback interface. */
export async function startCluster(cleanup: Cleanup): Promise<RedisCluster> {
  const nodes: Node[] = [];
  let version = "";
  for (let i = 0; i < 6; i++) {
    const node = await startRedisServer(cleanup, [
      "--cluster-enabled",
      "yes",
      "--cluster-port",
      String(await anyFreePort("127.0.0.1")),
      "--cluster-node-timeout",
      String(nodeTimeoutMs),
      "--repl-diskless-sync-delay",
      "0",
    ]);
    nodes.push(node);
    ({ version } = node);
  }
  const addresses = nodes.map(({ port }) => `127.0.0.1:${port}`);
  const { status, stdout } = spawnSync(
    "redis-cli",
    ["--cluster", "create", ...addresses, "--cluster-replicas", "1", "--cluster-yes"],
    { encoding: "utf8" },
  );
  if (status !== 0) throw new Error(`redis-cli made no cluster: ${stdout.slice(-500)}`);
  await replicated(nodes);
  return {
    version,
    ports: nodes.map(({ port }) => port),
    async killMaster() {
      for (const node of nodes) {
        if ((await roleOf(node)) !== "master") continue;
        node.kill();
        return;
      }
    },
  };
}

/** Waits until each replica has what its master has: one that has not cannot take over. */
async function replicated(nodes: readonly Node[]): Promise<void> {
  for (let look = 0; look < 300; look++) {
    const states = await Promise.all(
      nodes.map((node) =>
        ask(node, async (redis) => {
          const replication = await redis.info("replication");
          const cluster = await redis.cluster("INFO");
          const isReady = /role:master/.test(replication)
            ? /connected_slaves:1/.test(replication)
            : /master_link_status:up/.test(replication);
          return isReady && cluster.includes("cluster_state:ok");
        }),
      ),
    );
    if (states.every(Boolean)) return;
    await sleep(100);
  }
  throw new Error("The replicas of the cluster do not follow their masters.");
}

function roleOf(node: Node): Promise<string | undefined> {
  return ask(node, async (redis) => /role:(\w+)/.exec(await redis.info("replication"))?.[1]);
}

async function ask<Result>(
  { port }: Node,
  question: (redis: Redis) => Promise<Result>,
): Promise<Result> {
  const redis = new Redis(port, "127.0.0.1");
  redis.on("error", () => {});
  try {
    return await question(redis);
  } finally {
    redis.disconnect();
  }
}
