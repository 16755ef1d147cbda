import { once } from "node:events";
import { createServer, type AddressInfo, type Server, type Socket } from "node:net";
import { inspect } from "node:util";
import { Redis } from "ioredis";
import { afterEach, expect, inject, onTestFinished, test, vi } from "vitest";
import { checkRedis, provideRedis, RedisUnavailable } from "../../shared/redis/server.ts";

const servers: Server[] = [];
const sockets: Socket[] = [];

afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllEnvs();
  for (const socket of sockets.splice(0)) socket.destroy();
  for (const server of servers.splice(0)) server.close();
});

test("the embedded server answers over a socket until it is closed", async () => {
  const server = await provideRedis("");
  expect(server.kind).toBe("embedded");
  expect(server.description).toContain(server.url);
  const redis = new Redis(server.url);
  await redis.set("a", "1", "EX", 60);
  expect(await redis.ttl("a")).toBeGreaterThan(0);
  redis.disconnect();
  await server.close();
  await refusal(server.url);
});

test("closing the embedded server ends the connections that are still open", async () => {
  const server = await provideRedis("");
  const redis = new Redis(server.url, { retryStrategy: () => null });
  await redis.ping();
  onTestFinished(() => redis.disconnect());
  const closed = server.close();
  expect(await answersOf(redis, 500)).toBe("it ended");
  await closed;
});

test("two embedded servers share nothing", async () => {
  const [one, other] = [await provideRedis(""), await provideRedis("")];
  const clients = [new Redis(one.url), new Redis(other.url)] as const;
  await clients[0].set("a", "1");
  expect(await clients[1].get("a")).toBeNull();
  for (const client of clients) client.disconnect();
  await Promise.all([one.close(), other.close()]);
});

test("REDIS_URL decides, and an empty one means the embedded server", async () => {
  vi.stubEnv("REDIS_URL", inject("redisUrl"));
  expect(await provideRedis()).toMatchObject({ kind: "external", url: inject("redisUrl") });
  vi.stubEnv("REDIS_URL", "");
  const server = await provideRedis();
  expect(server.kind).toBe("embedded");
  await server.close();
  vi.stubEnv("REDIS_URL", undefined);
  const another = await provideRedis();
  expect(another.kind).toBe("embedded");
  await another.close();
});

test("closing an external server leaves it as it is", async () => {
  const server = await provideRedis(inject("redisUrl"));
  await server.close();
  await expect(checkRedis(server.url)).resolves.toBeUndefined();
});

test("a look at a server leaves no connection behind, whatever comes of it", async () => {
  for (const reply of ["+PONG\r\n", "-NOAUTH Authentication required.\r\n"]) {
    const server = await listen((socket) => answerEach(socket, reply));
    await checkRedis(urlOf(server)).catch(() => {});
    for (const socket of sockets.splice(0)) if (!socket.closed) await once(socket, "close");
  }
});

test.for([
  "localhost",
  "localhost:6379",
  "redis//localhost",
  "http://localhost:6379",
  "redis://localhost:99999",
  "redis://local host",
  "unix:///tmp/redis.sock",
  " ",
])("REDIS_URL=%j is refused with an example", async (url) => {
  const { message } = await refusal(url);
  expect(message).toContain("REDIS_URL is not a Redis address");
  expect(message).toContain("redis://127.0.0.1:6379");
});

// What URL accepts and ioredis does not.
test.for([" redis://127.0.0.1:1 ", "redis://:100%@127.0.0.1:1"])(
  "REDIS_URL=%j is refused, not a crash",
  async (url) => {
    await refusal(url);
  },
);

test.for(["/99", "/abc", "?db=99"])(
  "a database that the server does not have is refused: %s",
  async (db) => {
    const server = await provideRedis("");
    try {
      await refusal(`${server.url}${db}`);
    } finally {
      await server.close();
    }
  },
);

test("where nothing listens, the refusal says so", async () => {
  const server = await listen(() => {});
  const url = urlOf(server);
  server.close();
  await once(server, "close");
  expect((await refusal(url)).message).toContain(`${url} does not answer: nothing listens there`);
});

test.for([
  { what: "answers nothing", talk: () => {} },
  { what: "begins an answer", talk: (socket: Socket) => socket.write("$100\r\nhal") },
])(
  "a server that accepts and $what is given up within 3 s",
  { timeout: 5_000 },
  async ({ talk }) => {
    const server = await listen(talk);
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    const refused = refusal(urlOf(server));
    await vi.advanceTimersByTimeAsync(3_000);
    expect((await refused).message).toMatch(/does not answer: no answer within \d s/);
  },
);

test(
  "a server that falls silent after its first answers is given up",
  { timeout: 5_000 },
  async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    let isSilent = false;
    const server = await listen((socket) => {
      socket.on("data", (bytes) => {
        if (isSilent) return void server.emit("silent");
        isSilent = bytes.includes("del");
        const commands = bytes.toString().match(/^\*\d+\r\n/gm) ?? [];
        socket.write("+PONG\r\n".repeat(commands.length));
      });
    });
    const refused = refusal(urlOf(server));
    await once(server, "silent");
    await vi.advanceTimersByTimeAsync(3_000);
    expect((await refused).message).toMatch(/does not answer: no answer within 3 s/);
  },
);

test("TLS with a server that has none is given up within 3 s", { timeout: 5_000 }, async () => {
  const server = await listen((socket) => answerEach(socket, "+PONG\r\n"));
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
  const refused = refusal(urlOf(server).replace("redis:", "rediss:"));
  await vi.advanceTimersByTimeAsync(3_000);
  await refused;
});

test.for([
  {
    what: "HTTP",
    talk: (socket: Socket) => {
      socket.once("data", () => socket.end("HTTP/1.1 400 Bad Request\r\n\r\n"));
    },
  },
  { what: "SMTP", talk: (socket: Socket) => socket.write("220 mail.example ESMTP\r\n") },
  { what: "MySQL", talk: (socket: Socket) => socket.write(Buffer.from([74, 0, 0, 0, 10, 56])) },
  { what: "nothing, and hangs up", talk: (socket: Socket) => socket.end() },
])("a server that speaks $what is refused in a clear sentence", async ({ talk }) => {
  const server = await listen(talk);
  const { message } = await refusal(urlOf(server));
  expect(message).toContain(urlOf(server));
  // A parser's request for a bug report, and bytes that a terminal would obey, tell nobody anything.
  expect(message).not.toMatch(/report|undefined|RESP type/);
  expect(message).not.toMatch(/\p{Cc}/u);
});

test.for(["WRONGPASS invalid username-password pair.", "NOAUTH Authentication required."])(
  "a wrong or missing password is refused as such: %s",
  async (error) => {
    const server = await listen((socket) => answerEach(socket, `-${error}\r\n`));
    const { message } = await refusal(urlOf(server, "ada:hunter2@"));
    expect(message).toContain("it wants another password");
  },
);

test.for([
  { where: "after the user", url: (server: Server) => urlOf(server, "ada:hunter2@") },
  { where: "without a user", url: (server: Server) => urlOf(server, ":hunter2@") },
  { where: "in the query", url: (server: Server) => `${urlOf(server)}?password=hunter2` },
])("a password $where is shown neither on success nor on refusal", async ({ url }) => {
  const friendly = await listen((socket) => answerEach(socket, "+PONG\r\n"));
  expect((await provideRedis(url(friendly))).description).not.toContain("hunter2");
  const hostile = await listen((socket) => answerEach(socket, "-WRONGPASS no\r\n"));
  expect((await refusal(url(hostile))).message).not.toContain("hunter2");
});

test.for([
  "ada:hunter2@localhost",
  "http://ada:hunter2@localhost",
  "redis://ada:hunter2@local host",
])("the password of an address that is none is not shown: %s", async (url) =>
  expect(inspect(await refusal(url), { depth: null })).not.toContain("hunter2"),
);

test("the password is not in the cause of a refusal either: some loggers print it", async () => {
  const server = await listen((socket) => answerEach(socket, "-WRONGPASS no\r\n"));
  const error = await refusal(urlOf(server, "ada:hunter2@"));
  expect(inspect(error, { depth: null })).not.toContain("hunter2");
});

test("every refusal says what to do next, on one line", async () => {
  const server = await listen((socket) => socket.end());
  for (const url of ["nonsense", urlOf(server)]) {
    const { message } = await refusal(url);
    expect(message).toMatch(/docker compose up -d.*unset REDIS_URL/);
    expect(message.split("\n")).toHaveLength(1);
  }
});

/** Why the address is refused; fails when it is not, or when it is something else than a refusal. */
async function refusal(url: string): Promise<RedisUnavailable> {
  const outcome = await provideRedis(url).catch((error: unknown) => error);
  expect(outcome).toBeInstanceOf(RedisUnavailable);
  expect(outcome).toHaveProperty("name", "RedisUnavailable");
  return outcome as RedisUnavailable;
}

/** Asks until the connection ends; that many answers say that nobody means to end it. */
async function answersOf(redis: Redis, count: number): Promise<string> {
  for (let i = 0; i < count; i++) {
    const answer = await redis.ping().catch(() => "none");
    if (answer !== "PONG") return "it ended";
  }
  return `it still answers after ${count} pings`;
}

async function listen(onSocket: (socket: Socket) => void): Promise<Server> {
  const server = createServer((socket) => {
    sockets.push(socket);
    socket.on("error", () => {});
    onSocket(socket);
  });
  servers.push(server);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return server;
}

function urlOf(server: Server, credentials = ""): string {
  return `redis://${credentials}127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** Answers every command alike. */
function answerEach(socket: Socket, reply: string): void {
  socket.on("data", (bytes) => {
    const commands = bytes.toString().match(/^\*\d+\r\n/gm) ?? [];
    socket.write(reply.repeat(commands.length));
  });
}
