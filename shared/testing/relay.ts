import { once } from "node:events";
import { connect, createServer, type Server, type Socket } from "node:net";
import type { AddressInfo } from "node:net";
import { hostOf } from "./connections.ts";

/**
 * A wire between an app and Redis that can be cut. Refusing closes the port; falling silent keeps
 * every connection open and holds the bytes, as a network that swallows packets would.
 */
export class Relay {
  readonly #target: { host: string; port: number };
  #server: Server | undefined;
  #port = 0;
  #silent = false;
  /** What a packet takes, each way. */
  latencyMs = 0;
  readonly #sockets = new Set<Socket>();

  private constructor(target: { host: string; port: number }) {
    this.#target = target;
  }

  static async to(redisUrl: string): Promise<Relay> {
    const url = new URL(redisUrl);
    const relay = new Relay({ host: hostOf(url), port: Number(url.port || 6379) });
    await relay.#listen();
    return relay;
  }

  /** The address to use instead of `redisUrl`, with the same user, password and database. */
  through(redisUrl: string): string {
    const url = new URL(redisUrl);
    url.hostname = "127.0.0.1";
    url.port = String(this.#port);
    return url.href;
  }

  /** Connections end, new ones are refused. */
  async refuse(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    this.#server?.close();
    this.#server = undefined;
  }

  /** Connections stay, nothing moves. */
  fallSilent(): void {
    this.#silent = true;
    for (const socket of this.#sockets) socket.pause();
  }

  /** What was held moves on; what was refused is accepted again. */
  async restore(): Promise<void> {
    this.#silent = false;
    for (const socket of this.#sockets) socket.resume();
    if (!this.#server) await this.#listen();
  }

  async close(): Promise<void> {
    await this.refuse();
  }

  async #listen(): Promise<void> {
    const server = createServer((client) => {
      const redis = connect(this.#target);
      for (const [from, to] of [
        [client, redis],
        [redis, client],
      ] as const) {
        this.#sockets.add(from);
        from.setNoDelay(true);
        from.on("data", (bytes) => {
          if (this.latencyMs > 0) setTimeout(() => to.write(bytes), this.latencyMs);
          else to.write(bytes);
        });
        from.on("error", () => {});
        from.on("close", () => {
          this.#sockets.delete(from);
          to.destroy();
        });
        if (this.#silent) from.pause();
      }
    });
    server.listen(this.#port, "127.0.0.1");
    await once(server, "listening");
    this.#port = (server.address() as AddressInfo).port;
    this.#server = server;
  }
}
