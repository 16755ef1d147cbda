import { once } from "node:events";
import { connect, type Socket } from "node:net";
import type { Site } from "../site.ts";

/** Sends the head of a request, as `GET /visits`, over a connection of its own, and leaves the rest to the caller. */
export async function sendHead(
  site: Site,
  route: string,
  headers: Record<string, string>,
): Promise<Socket> {
  const { hostname, port } = new URL(site.address);
  const socket = connect(Number(port), hostname);
  await once(socket, "connect");
  const lines = Object.entries({ ...site.proxyHeaders, ...headers }).map(
    ([name, value]) => `${name}: ${value}\r\n`,
  );
  socket.write(`${route} HTTP/1.1\r\n${lines.join("")}\r\n`);
  return socket;
}
