// The main program around an app that keeps its sessions in a Redis Cluster.
import { pathToFileURL } from "node:url";
import { resolve } from "node:path";
import { Cluster } from "ioredis";
import { createDatabase } from "../../app/database.ts";
import { describeError } from "../../app/log.ts";
import { start, type AppModule } from "../../app/start.ts";
import { loadConfig } from "../../app/config.ts";
import { slotwise } from "./slotwise.ts";

const [, , file = ""] = process.argv;
const nodes = (process.env.REDIS_NODES ?? "").split(",").map((port) => ({
  host: "127.0.0.1",
  port: Number(port),
}));

const { createApp }: AppModule = await import(pathToFileURL(resolve(file)).href);
const server = await start(
  {
    createApp,
    connectRedis() {
      const cluster = new Cluster(nodes, {
        // A master that is gone is noticed when it does not answer, and asked for again soon.
        slotsRefreshInterval: 1_000,
        redisOptions: { connectTimeout: 1_000, commandTimeout: 2_000 },
      });
      cluster.on("error", (error: Error) => console.warn(`Redis: ${describeError(error)}`));
      return slotwise(cluster);
    },
  },
  loadConfig(process.env),
  await createDatabase({ bcryptCost: 4 }),
);
console.log(`Listening on ${server.url}`);
