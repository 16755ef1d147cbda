import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { connect, createServer, type AddressInfo, type Server, type Socket } from "node:net";
import { networkInterfaces } from "node:os";
import { afterEach, beforeEach, expect, inject, test } from "vitest";
import { Redis } from "ioredis";
import { Relay } from "../../shared/testing/relay.ts";

const open: { destroy(): void }[] = [];
const servers: Server[] = [];

/** Answers with what it is sent. */
let echo: Server;
let relay: Relay;

beforeEach(async () => {
  echo = await serve((socket) => socket.pipe(socket));
  relay = await Relay.to(urlOf(echo));
});

afterEach(async () => {
  await relay.close();
  for (const socket of open.splice(0)) socket.destroy();
  for (const server of servers.splice(0)) server.close();
});

test("bytes pass both ways, unchanged", async () => {
  const bytes = randomBytes(1_000_000);
  const client = await dial(relay);
  client.socket.write(bytes);
  expect(bytes.equals(await client.received(bytes.length))).toBe(true);
});

test("clients do not hear each other", async () => {
  const [one, other] = [await dial(relay), await dial(relay)];
  one.socket.write("one");
  other.socket.write("two");
  expect(String(await one.received(3))).toBe("one");
  expect(String(await other.received(3))).toBe("two");
});

test("a silent relay keeps its connections and moves nothing", async () => {
  const client = await dial(relay);
  relay.fallSilent();
  client.socket.write("held");
  await roundTrip(echo);
  expect(client.bytes()).toHaveLength(0);
  expect(client.socket.readyState).toBe("open");
});

test("what a silent relay held arrives whole and in order when it is restored", async () => {
  const parts = Array.from({ length: 64 }, () => randomBytes(16_384));
  const client = await dial(relay);
  for (const [i, part] of parts.entries()) {
    if (i === 16) relay.fallSilent();
    client.socket.write(part);
    if (i === 48) await relay.restore();
    if (i % 8 === 0) await roundTrip(echo);
  }
  const sent = Buffer.concat(parts);
  expect(sent.equals(await client.received(sent.length))).toBe(true);
});

test("silence holds answers that are already on their way", async () => {
  let answer: () => void = () => {};
  const slow = await serve((socket) => {
    socket.once("data", () => (answer = () => socket.write("late")));
  });
  await relay.close();
  relay = await Relay.to(urlOf(slow));
  const client = await dial(relay);
  client.socket.write("question");
  const [atServer] = await connectionsOf(slow);
  await once(atServer as Socket, "data");
  relay.fallSilent();
  answer();
  await roundTrip(echo);
  expect(client.bytes()).toHaveLength(0);
  await relay.restore();
  expect(String(await client.received(4))).toBe("late");
});

test("a silent relay accepts connections, and serves them when it is restored", async () => {
  relay.fallSilent();
  const client = await dial(relay);
  client.socket.write("patience");
  await roundTrip(echo);
  expect(client.bytes()).toHaveLength(0);
  await relay.restore();
  expect(String(await client.received(8))).toBe("patience");
});

test("refusing ends the connections on both sides and refuses new ones", async () => {
  const client = await dial(relay);
  client.socket.write("hello");
  await client.received(5);
  const [atServer] = await connectionsOf(echo);
  const ends = [once(client.socket, "close"), once(atServer as Socket, "close")];
  await relay.refuse();
  await Promise.all(ends);
  await expect(dial(relay)).rejects.toThrow("ECONNREFUSED");
});

test.for(["listening", "silent"])(
  "after refusing, a relay that was %s serves again, at the same address",
  async (state) => {
    const address = relay.through(urlOf(echo));
    if (state === "silent") relay.fallSilent();
    await relay.refuse();
    await relay.refuse();
    await relay.restore();
    expect(relay.through(urlOf(echo))).toBe(address);
    const client = await dial(relay);
    client.socket.write("again");
    expect(String(await client.received(5))).toBe("again");
  },
);

test("restoring what was never cut changes nothing", async () => {
  const client = await dial(relay);
  await relay.restore();
  client.socket.write("still");
  expect(String(await client.received(5))).toBe("still");
});

test("when either side hangs up, the other is told", async () => {
  const leaving = await dial(relay);
  leaving.socket.write("hello");
  await leaving.received(5);
  const [atServer] = await connectionsOf(echo);
  leaving.socket.destroy();
  await once(atServer as Socket, "close");

  const left = await dial(relay);
  left.socket.write("hello");
  await left.received(5);
  (await connectionsOf(echo)).at(-1)?.destroy();
  await once(left.socket, "close");
});

test("what the other side said before it hung up arrives, even after a silence", async () => {
  const bytes = randomBytes(1_000_000);
  const farewell = await serve((socket) => socket.end(bytes));
  await relay.close();
  relay = await Relay.to(urlOf(farewell));
  relay.fallSilent();
  const client = await dial(relay, urlOf(farewell));
  await connectionsOf(farewell);
  await relay.restore();
  expect(bytes.equals(await client.received(bytes.length))).toBe(true);
});

test("with nothing behind it, a relay hangs up on its clients", async () => {
  const url = urlOf(echo);
  echo.close();
  await once(echo, "close");
  const client = await dial(relay, url);
  await once(client.socket, "close");
});

test("an address through the relay keeps user, password, database and options", () => {
  const through = new URL(
    relay.through("redis://ada:pass%20word@redis.example:6380/2?keyPrefix=a:"),
  );
  expect(through.host).toBe(new URL(relay.through("redis://x")).host);
  expect(through.href.replace(through.host, "HOST")).toBe(
    "redis://ada:pass%20word@HOST/2?keyPrefix=a:",
  );
});

const hasIpv6 = Object.values(networkInterfaces())
  .flat()
  .some((each) => each?.address === "::1");

test.runIf(hasIpv6)("a Redis at an IPv6 address is reached", async () => {
  const server = await serve((socket) => socket.pipe(socket), "::1");
  await relay.close();
  relay = await Relay.to(`redis://[::1]:${(server.address() as AddressInfo).port}`);
  const client = await dial(relay);
  client.socket.write("six");
  expect(String(await client.received(3))).toBe("six");
});

test("a client of Redis notices an outage of either kind only while it lasts", async () => {
  await relay.close();
  relay = await Relay.to(inject("redisUrl"));
  const redis = new Redis(relay.through(inject("redisUrl")), { retryStrategy: () => 1 });
  redis.on("error", () => {});
  open.push({ destroy: () => redis.disconnect() });
  expect(await redis.ping("before")).toBe("before");
  relay.fallSilent();
  const held = [redis.ping("one"), redis.ping("two")];
  await relay.restore();
  expect(await Promise.all(held)).toEqual(["one", "two"]);
  await relay.refuse();
  const waiting = redis.ping("three");
  await relay.restore();
  expect(await waiting).toBe("three");
});

interface Client {
  socket: Socket;
  bytes(): Buffer;
  /** Resolves to everything received, once it is that long or the connection has ended. */
  received(length: number): Promise<Buffer>;
}

async function dial(through: Relay, target = urlOf(echo)): Promise<Client> {
  const socket = connect(Number(new URL(through.through(target)).port), "127.0.0.1");
  open.push(socket);
  const chunks: Buffer[] = [];
  const bytes = () => Buffer.concat(chunks);
  let noticed: () => void = () => {};
  await once(socket, "connect");
  socket.on("error", () => {});
  socket.on("close", () => noticed());
  socket.on("data", (chunk) => {
    chunks.push(chunk);
    noticed();
  });
  return {
    socket,
    bytes,
    async received(length) {
      while (bytes().length < length && !socket.closed) {
        await new Promise<void>((resolve) => (noticed = resolve));
      }
      return bytes();
    },
  };
}

/** Goes to the target and back past the relay: whatever was to move has had its chance. */
async function roundTrip(server: Server): Promise<void> {
  const socket = connect((server.address() as AddressInfo).port, "127.0.0.1");
  open.push(socket);
  for (let i = 0; i < 3; i++) {
    socket.write("?");
    await once(socket, "data");
  }
}

const accepted = new WeakMap<Server, Socket[]>();

async function serve(onSocket: (socket: Socket) => void, host = "127.0.0.1"): Promise<Server> {
  const sockets: Socket[] = [];
  const server = createServer((socket) => {
    open.push(socket);
    sockets.push(socket);
    socket.on("error", () => {});
    onSocket(socket);
  });
  accepted.set(server, sockets);
  servers.push(server);
  server.listen(0, host);
  await once(server, "listening");
  return server;
}

/** The server's ends of its connections; waits for the first. */
async function connectionsOf(server: Server): Promise<Socket[]> {
  const sockets = accepted.get(server) ?? [];
  if (sockets.length === 0) await once(server, "connection");
  return sockets;
}

function urlOf(server: Server): string {
  return `redis://127.0.0.1:${(server.address() as AddressInfo).port}`;
}
