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

async function main(appFile = "app.ts"): Promise<void> {
  const config = loadConfig(process.env);
  const app: AppModule = await import(pathToFileURL(resolve(appFile)).href);
  const { createApp, connectRedis = (url: string) => new Redis(url) } = app;

  const redis = connectRedis(config.redisUrl);
  const db = await createDatabase();
  const server = createApp({ redis, db, config }).listen(config.port, "localhost");
  await once(server, "listening");
  process.send?.("listening");

  const shutDown = async () => {
    // A connection that never ends must not keep the process alive.
    setTimeout(() => process.exit(1), shutdownDeadlineMs).unref();
    server.close();
    // A connection that was busy is idle once its answer is sent, and would be kept open.
    const sweep = setInterval(() => server.closeIdleConnections(), 50);
    await once(server, "close");
    clearInterval(sweep);
    // Requests under way may still have needed Redis: it goes last.
    await redis.quit().catch(() => redis.disconnect());
    process.exit(0);
  };
  process.once("SIGINT", shutDown);
  process.once("SIGTERM", shutDown);
  // `npm run dev` started this, and is gone.
  process.once("disconnect", shutDown);
}

try {
  await main(process.argv[2]);
} catch (error) {
  // Whoever deploys needs the reason, and a stack trace only for what is no configuration.
  console.error(error instanceof Error ? `The server did not start: ${error.message}` : error);
  process.exit(1);
}
