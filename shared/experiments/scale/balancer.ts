import { once } from "node:events";
import { connect, createServer, type AddressInfo, type Socket } from "node:net";
import type { Cleanup } from "../cleanup.ts";

/**
 * A proxy in front of several processes: each connection goes to the next one, and on to the one after that
 * when nobody answers there.
 */
export async function startBalancer(cleanup: Cleanup, urls: readonly string[]): Promise<string> {
  const ports = urls.map((url) => Number(new URL(url).port));
  const sockets = new Set<Socket>();
  let turn = 0;
  const forward = (client: Socket, attempts: number) => {
    const port = ports[turn++ % ports.length] ?? 0;
    const app = connect({ port, host: "127.0.0.1", noDelay: true });
    sockets.add(app);
    let connected = false;
    app.once("connect", () => {
      connected = true;
      client.pipe(app).pipe(client);
    });
    app.on("error", () => {
      if (!connected && attempts > 1) forward(client, attempts - 1);
      else client.destroy();
    });
    app.on("close", () => {
      sockets.delete(app);
      if (connected) client.destroy();
    });
    client.on("close", () => app.destroy());
  };
  // What arrives goes on at once: gathered by TCP, each answer would wait 40 ms for an acknowledgement.
  const server = createServer({ noDelay: true }, (client) => {
    sockets.add(client);
    client.on("error", () => {});
    client.on("close", () => sockets.delete(client));
    forward(client, ports.length);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  cleanup.add(async () => {
    server.close();
    for (const socket of sockets) socket.destroy();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}
