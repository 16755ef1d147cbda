import { once } from "node:events";
import { createServer, type AddressInfo, type Server, type Socket } from "node:net";

/** Who gets a connection now: the app, nobody yet, or whoever stands in for an app that is down. */
export type Receiver = ((socket: Socket) => void) | undefined;

/**
 * The one address. It accepts connections, reads nothing of them, and hands each over whole: what then
 * travels, travels between the client and the app. While the app starts, connections wait.
 */
export class Front {
  readonly #server: Server;
  readonly #waiting = new Set<Socket>();
  #receiver: Receiver;

  private constructor() {
    // Without delay, as an HTTP server sets it for the connections that it accepts by itself.
    this.#server = createServer({ pauseOnConnect: true, noDelay: true }, (socket) => {
      socket.on("error", () => socket.destroy());
      if (this.#receiver) return this.#receiver(socket);
      this.#waiting.add(socket);
      socket.once("close", () => this.#waiting.delete(socket));
    });
  }

  static async listen(port: number, host = "localhost"): Promise<Front> {
    const front = new Front();
    front.#server.listen(port, host);
    await once(front.#server, "listening");
    return front;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** From now on connections go there; undefined: they wait. */
  set receiver(receiver: Receiver) {
    this.#receiver = receiver;
    if (!receiver) return;
    for (const socket of this.#waiting) receiver(socket);
    this.#waiting.clear();
  }

  /** Gives the port back. Connections that were handed over are no longer ours to wait for. */
  close(): void {
    for (const socket of this.#waiting) socket.destroy();
    this.#server.close();
  }
}
