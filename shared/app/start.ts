import { once } from "node:events";
import type { Server } from "node:http";
import type { AddressInfo } from "node:net";
import type { Express } from "express";
import { Redis } from "ioredis";
import type { ServerConfig } from "./config.ts";
import type { Database } from "./database.ts";
import type { Services } from "./services.ts";

/** What a step's `app.ts` exports. */
export interface AppModule {
  createApp(services: Services): Express | Promise<Express>;
  connectRedis?(url: string): Redis;
}

export interface RunningServer {
  url: string;
  /** Lets the requests under way end, then closes the connections, that to Redis last. */
  close(): Promise<void>;
}

/**
 * Whether an error says by itself why nothing starts. What nobody meant to throw, a TypeError, says nothing
 * without its place.
 */
export function isReason(error: unknown): error is Error {
  return error instanceof Error && error.constructor === Error;
}

/**
 * Connects to Redis and listens. Port 0 stands for any free one.
 *
 * @throws What `connectRedis` and `createApp` throw, or the error of the system when the port is taken;
 *   the connection is closed by then.
 */
export async function start(
  { createApp, connectRedis = (url) => new Redis(url) }: AppModule,
  config: ServerConfig,
  db: Database,
): Promise<RunningServer> {
  const redis = connectRedis(config.redisUrl);
  let server: Server;
  try {
    const app = await createApp({ redis, db, config });
    server = app.listen(config.port, config.host);
    await once(server, "listening");
  } catch (error) {
    redis.disconnect();
    throw error;
  }
  const { port } = server.address() as AddressInfo;

  return {
    url: `http://${config.host}:${port}`,
    async close() {
      server.close();
      // A connection that was busy is idle once its answer is sent, and would be kept open.
      const sweep = setInterval(() => server.closeIdleConnections(), 50);
      await once(server, "close");
      clearInterval(sweep);
      // Requests under way may still have needed Redis: it goes last.
      await redis.quit().catch(() => redis.disconnect());
    },
  };
}
