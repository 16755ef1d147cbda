import type { Server, Socket } from "node:net";
import { createRedisServer } from "js-redis-server";
import type { RedisServer } from "./server.ts";

/**
 * Starts a Redis inside this process, on a free port of the loopback interface, in milliseconds.
 * Clients speak to it over a real socket.
 */
export async function startEmbeddedRedis(): Promise<RedisServer> {
  const server = await createRedisServer({ compatibility: "redis-7.0" });
  const url = `redis://127.0.0.1:${server.port}`;
  // Closing it waits for its clients, and goes on serving them: a Redis that ends does neither.
  const sockets = new Set<Socket>();
  const listener: Server = Reflect.get(server.server, "server");
  listener.on("connection", (socket) => {
    // As Redis does. Without it, a small answer can wait 40 ms for the one before it.
    socket.setNoDelay(true);
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
  });
  return {
    url,
    kind: "embedded",
    description: `embedded, at ${url} (set REDIS_URL to use your own)`,
    async close() {
      const closed = server.close();
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}
