// Strangers keep the server busy, or fill Redis.
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { vi } from "vitest";
import { ada } from "./people.ts";
import { attack, type Production } from "./production.ts";

const strangers = 300;
const mostAtATime = 16;

attack(
  "logins whose clients hang up cost no more than sixteen hashes at a time",
  async ({ server, expect }) => {
    await hangUp(server, strangers);
    const answer = await server.send("POST", "/auth/login", {
      body: { email: ada.email, password: ada.password },
    });
    expect([200, 503]).toContain(answer.status);
    if (answer.status === 503) {
      expect(answer.headers.get("Retry-After")).toBe("1");
      expect(answer.body).toEqual({ error: { code: "busy" } });
    }
    await vi.waitUntil(async () => (await hashes(server)).hashing === 0, { timeout: 50_000 });
    expect((await hashes(server)).most).toBeLessThanOrEqual(mostAtATime);
    await server.logIn();
  },
);

attack(
  "logins at once: sixteen are looked at, the others are told to come back",
  async ({ server, expect }) => {
    const answers = await Promise.all(
      Array.from({ length: 60 }, () =>
        server.send("POST", "/auth/login", { body: { email: ada.email, password: "guessed" } }),
      ),
    );
    const statuses = answers.map(({ status }) => status);
    expect(new Set(statuses)).toEqual(new Set([401, 503]));
    expect((await hashes(server)).most).toBeLessThanOrEqual(mostAtATime);
  },
);

attack("what is too long to be a login is not even read", async ({ server, expect }) => {
  // To bring 50,000 marks into the order of NFC takes a second, and nobody else is served meanwhile.
  const password = "\u0300".repeat(25_000) + "\u0334".repeat(25_000);
  const answer = await server.send("POST", "/auth/login", { body: { email: ada.email, password } });
  expect(answer.status).toBe(413);
  await server.logIn();
});

attack(
  "a password that is far too long is not brought into the order of NFC",
  async ({ server, expect }) => {
    // A hundred of these at a time, each short enough to be read, and everybody waits for a second.
    const password = "\u0300".repeat(2_000) + "\u0334".repeat(2_000);
    const answer = await server.send("POST", "/auth/login", {
      body: { email: ada.email, password },
    });
    expect(answer.status).toBe(400);
    const { longestNormalized } = (await server.get("/arranged/normalized")).body;
    expect(longestNormalized).toBeLessThanOrEqual(256);
    // What belongs together may come apart, and is welcome.
    await server.logIn();
  },
);

attack("requests that never end keep nobody from the login", async ({ server }) => {
  const sockets: Socket[] = [];
  for (const route of ["GET /auth/login/x", "GET /auth/login", "POST /auth/login"]) {
    for (let count = 0; count < mostAtATime; count++) {
      sockets.push(await begin(server, route, ["Content-Length: 10", "", ""]));
    }
  }
  // They were sent before: by the time of this answer, they have been seen.
  await server.get("/health");
  await server.logIn();
  for (const socket of sockets) socket.destroy();
});

attack(
  "visitors without a name are forgotten within the hour, users within a day",
  async ({ server, keys, expect }) => {
    await server.get("/visits");
    const [visitor = ""] = await keys.keys();
    expect(await keys.ttlSeconds(visitor)).toBeLessThanOrEqual(60 * 60);
    await keys.clear();
    await server.logIn();
    const [user = ""] = await keys.keys();
    expect(await keys.ttlSeconds(user)).toBeGreaterThan(60 * 60);
    expect(await keys.ttlSeconds(user)).toBeLessThanOrEqual(24 * 60 * 60);
  },
);

attack(
  "a server that is told to end does so in the middle of a flood",
  async ({ server, expect }) => {
    await hangUp(server, strangers);
    server.process.kill("SIGTERM");
    expect(await server.ended).toEqual({ code: 0, signal: null });
  },
);

/** So many clients send a login and hang up without waiting. */
async function hangUp(server: Production, count: number): Promise<void> {
  const body = JSON.stringify({ email: ada.email, password: "guessed" });
  const rest = [`Content-Length: ${Buffer.byteLength(body)}`, "", body];
  await Promise.all(
    Array.from({ length: count }, async () => {
      (await begin(server, "POST /auth/login", rest)).destroy();
    }),
  );
}

/** Sends a request, or a part of one, and leaves the connection as it is. */
async function begin({ url }: Production, route: string, rest: readonly string[]): Promise<Socket> {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname);
  socket.on("error", () => {});
  await once(socket, "connect");
  const head = [
    "Host: attacked.example",
    "X-Forwarded-Proto: https",
    "Content-Type: application/json",
  ];
  const request = [`${route} HTTP/1.1`, ...head, ...rest].join("\r\n");
  await new Promise<void>((resolve) => socket.write(request, () => resolve()));
  return socket;
}

async function hashes(server: Production): Promise<{ hashing: number; most: number }> {
  return (await server.get("/arranged/hashes")).body;
}
