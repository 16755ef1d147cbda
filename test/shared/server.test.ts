import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { connect, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { Redis } from "ioredis";
import { afterAll, describe, expect, inject, test } from "vitest";
import { loadConfig } from "../../shared/app/config.ts";
import { createDatabase, seededUsers } from "../../shared/app/database.ts";
import { start as startApp } from "../../shared/app/start.ts";
import { KeySpace } from "../../shared/redis/key-space.ts";
import { root } from "../../shared/runner/paths.ts";
import { Relay } from "../../shared/testing/relay.ts";
import { anyFreePort } from "../../shared/runner/ports.ts";

const app = "solutions/06-cookie-flags/app.ts";
const observer = new Redis(inject("redisUrl"));
const keySpace = new KeySpace(observer, `${inject("keyPrefix")}server:`);

// What is left over when a test fails; these run side by side, so nothing is cleared in between.
const leftovers: (() => unknown)[] = [];

afterAll(async () => {
  for (const end of leftovers) await end();
  await keySpace.clear();
  observer.disconnect();
});

describe.concurrent("the main program", () => {
  test("listens, answers, stores in its Redis, and ends on SIGTERM with exit code 0", async ({
    expect,
  }) => {
    const server = await start();
    await server.listening;
    expect(await server.listening).toBe(`Listening on ${server.url} (development)`);
    const answer = await fetch(`${server.url}/visits`);
    expect(await answer.json()).toEqual({ data: { visits: 1 } });
    expect(await keySpace.keys()).toEqual([expect.stringMatching(/^sess:/)]);
    server.process.kill("SIGTERM");
    // The connection of that fetch is idle and still open.
    expect(await server.ended).toEqual({ code: 0, signal: null });
    expect(server.errors()).toBe("");
  });

  test("answers a request that is under way at SIGINT and SIGTERM, then ends", async ({
    expect,
  }) => {
    const server = await start();
    await server.listening;
    const client = await dial(server.port);
    const body = JSON.stringify({ email: "ada@example.com", password: "wrong" });
    client.write(
      [
        "POST /auth/login HTTP/1.1",
        "Host: localhost",
        "Content-Type: application/json",
        `Content-Length: ${body.length}`,
        "Expect: 100-continue",
        "\r\n",
      ].join("\r\n"),
    );
    expect(String((await once(client, "data"))[0])).toContain("100 Continue");
    server.process.kill("SIGINT");
    server.process.kill("SIGTERM");
    await refused(server.port);
    client.write(body);
    expect(String((await once(client, "data"))[0])).toContain("401 Unauthorized");
    // An answered connection is no reason to wait: its client may keep it open for ever.
    expect(await Promise.race([server.ended, sleep(3_000, "still running after 3 s")])).toEqual({
      code: 0,
      signal: null,
    });
  });

  test("ends cleanly when Redis has gone away", async ({ expect }) => {
    const relay = await Relay.to(inject("redisUrl"));
    leftovers.push(() => relay.close());
    const server = await start({ REDIS_URL: relay.through(inject("redisUrl")) });
    await server.listening;
    expect((await fetch(`${server.url}/health`)).status).toBe(200);
    await relay.refuse();
    server.process.kill("SIGTERM");
    expect(await server.ended).toEqual({ code: 0, signal: null });
  });

  test("is production without NODE_ENV, where nobody knows the seeded people", async ({
    expect,
  }) => {
    const server = await start({ NODE_ENV: "" });
    expect(await server.listening).toContain("(production)");
    const { email, password } = seededUsers.grace;
    const login = await fetch(`${server.url}/auth/login`, {
      method: "POST",
      headers: { "Content-Type": "application/json", "X-Forwarded-Proto": "https" },
      body: JSON.stringify({ email, password }),
    });
    expect(login.status).toBe(401);
    server.process.kill("SIGTERM");
    expect(await server.ended).toEqual({ code: 0, signal: null });
  });

  test("listens where HOST says", async ({ expect }) => {
    const server = await start({ HOST: "127.0.0.2" });
    await server.listening;
    expect((await fetch(`http://127.0.0.2:${server.port}/health`)).status).toBe(200);
    server.process.kill("SIGTERM");
    await server.ended;
  });

  test("refuses a bad environment in one line", async ({ expect }) => {
    const server = await start({ PORT: "http" });
    expect(await server.ended).toEqual({ code: 1, signal: null });
    expect(server.errors()).toContain("PORT: ");
    expect(server.errors().trim().split("\n")).toHaveLength(1);
  });
});

test.for(["shared/app/server.ts", "shared/runner/dev-server.ts"])(
  "%s tells where an app fails that does not start",
  async (program) => {
    const folder = mkdtempSync(join(tmpdir(), "app-"));
    leftovers.push(() => rmSync(folder, { recursive: true }));
    const file = join(folder, "app.mjs");
    writeFileSync(file, "export function createApp({ nothing }) {\n  return nothing.here;\n}\n");
    const server = await start({}, program, file);
    expect(await server.ended).toEqual({ code: 1, signal: null });
    expect(server.errors()).toMatch(/TypeError:? Cannot read .*\n {4}at createApp .*app\.mjs:2/);
  },
);

test("an app that does not start leaves no connection behind", async () => {
  const redis = new Redis(inject("redisUrl"));
  const module = {
    createApp: () => {
      throw new Error("not today");
    },
    connectRedis: () => redis,
  };
  const starting = startApp(module, loadConfig({}), await createDatabase({ people: [] }));
  await expect(starting).rejects.toThrow("not today");
  if (redis.status !== "end") await once(redis, "end");
});

interface Started {
  process: ChildProcess;
  port: number;
  url: string;
  /** What it says when it listens. */
  listening: Promise<string>;
  ended: Promise<{ code: number | null; signal: string | null }>;
  /** What it wrote to stderr so far. */
  errors(): string;
}

async function start(
  env: Record<string, string> = {},
  program = "shared/app/server.ts",
  file = app,
): Promise<Started> {
  const port = await anyFreePort();
  const redisUrl = new URL(inject("redisUrl"));
  redisUrl.searchParams.set("keyPrefix", keySpace.prefix);
  const child = spawn(process.execPath, ["--import", "tsx", program, file], {
    cwd: root,
    env: {
      ...process.env,
      NODE_ENV: "development",
      PORT: String(port),
      REDIS_URL: redisUrl.href,
      SESSION_SECRET: "a secret for tests, which signs the cookies",
      ...env,
    },
    stdio: ["ignore", "pipe", "pipe"],
  });
  leftovers.push(() => child.kill("SIGKILL"));
  let errors = "";
  child.stderr?.on("data", (chunk) => (errors += chunk));
  const ended = once(child, "close").then(([code, signal]) => ({ code, signal }));
  const listening = Promise.race([
    once(child.stdout, "data").then(([line]) => String(line).trim()),
    ended.then((): never => {
      throw new Error(`The server ended: ${errors}`);
    }),
  ]);
  // Only those who wait for it want to know.
  listening.catch(() => {});
  return {
    process: child,
    port,
    url: `http://localhost:${port}`,
    listening,
    ended,
    errors: () => errors,
  };
}

async function dial(port: number): Promise<Socket> {
  const socket = connect(port, "localhost");
  leftovers.push(() => socket.destroy());
  await once(socket, "connect");
  return socket;
}

/** Waits until nothing listens on the port any more. */
async function refused(port: number): Promise<void> {
  for (;;) {
    const socket = connect(port, "localhost");
    const accepted = await once(socket, "connect").then(
      () => true,
      () => false,
    );
    socket.destroy();
    if (!accepted) return;
  }
}
