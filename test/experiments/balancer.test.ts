import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, beforeEach, expect, test } from "vitest";
import { startBalancer } from "../../shared/experiments/scale/balancer.ts";
import { Cleanup } from "../../shared/experiments/cleanup.ts";

let cleanup: Cleanup;

beforeEach(() => {
  cleanup = new Cleanup();
});

afterEach(() => cleanup.all());

async function appThatSays(text: string): Promise<{ url: string; server: Server }> {
  const server = createServer((_req, res) => res.setHeader("Connection", "close").end(text));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  cleanup.add(() => server.close());
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, server };
}

const ask = async (url: string) => (await fetch(url)).text();

test("each connection goes to the next process, and past one that is gone", async () => {
  const [first, second] = [await appThatSays("first"), await appThatSays("second")];
  const url = await startBalancer(cleanup, [first.url, second.url]);
  expect([await ask(url), await ask(url), await ask(url)]).toEqual(["first", "second", "first"]);
  first.server.close();
  await once(first.server, "close");
  expect([await ask(url), await ask(url), await ask(url)]).toEqual(["second", "second", "second"]);
});

test("with nobody behind it, a connection ends", async () => {
  const { url: gone, server } = await appThatSays("gone");
  const url = await startBalancer(cleanup, [gone]);
  server.close();
  await once(server, "close");
  await expect(fetch(url)).rejects.toThrow("fetch failed");
});
