// The main program around an app: connect, listen, shut down cleanly.
//
//   node --import tsx shared/app/server.ts solutions/06-cookie-flags/app.ts
import { once } from "node:events";
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import type { Express } from "express";
import { Redis } from "ioredis";
import { loadConfig } from "./config.ts";
import { createDatabase } from "./database.ts";
import type { Services } from "./services.ts";

const shutdownDeadlineMs = 5_000;

interface AppModule {
  createApp(services: Services): Express;
  connectRedis?(url: string): Redis;
}

const config = loadConfig(process.env);
const { createApp, connectRedis = (url: string) => new Redis(url) }: AppModule = await import(
  pathToFileURL(resolve(process.argv[2] ?? "app.ts")).href
);

const redis = connectRedis(config.redisUrl);
const db = await createDatabase();
const server = createApp({ redis, db, config }).listen(config.port, "localhost");
await once(server, "listening");
process.send?.("listening");

async function shutDown(): Promise<void> {
  // A connection that never ends must not keep the process alive.
  setTimeout(() => process.exit(1), shutdownDeadlineMs).unref();
  server.close();
  server.closeIdleConnections();
  // Requests under way may still need Redis: it goes last.
  await once(server, "close");
  await redis.quit().catch(() => redis.disconnect());
  process.exit(0);
}

process.once("SIGINT", shutDown);
process.once("SIGTERM", shutDown);
