import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { Agent, request } from "node:http";
import { openKeySpace } from "../../shared/redis/key-space.ts";
import { provideRedis } from "../../shared/redis/server.ts";
import { root } from "../../shared/runner/paths.ts";
import { anyFreePort } from "../../shared/runner/ports.ts";

/** Milliseconds of the same thing, with the recorder and without, in turn. */
export interface Cost {
  what: string;
  recorded: number[];
  bare: number[];
}

interface App {
  port: number;
  /** From its start to the first thing to see. */
  startMs: number;
  end(): Promise<unknown>;
}

const rounds = 8;
const requestsPerRound = 500;
const visitorsAtOnce = 10;

/**
 * What the recorder of `npm run demo 3` costs: a visit with a session, one after the other and ten at a
 * time, and the start. Both apps share a Redis, and take turns.
 */
export async function costOfTheRecorder(): Promise<Cost[]> {
  const redis = await provideRedis();
  const keySpace = openKeySpace(redis.url);
  const url = new URL(redis.url);
  url.searchParams.set("keyPrefix", keySpace.prefix);
  const starts: Cost = { what: "npm run demo 3 → its page, or /health", recorded: [], bare: [] };
  const single: Cost = { what: "GET /visits, one at a time", recorded: [], bare: [] };
  const many: Cost = {
    what: `GET /visits, ${visitorsAtOnce} at a time, per request`,
    recorded: [],
    bare: [],
  };
  try {
    for (let i = 0; i < 3; i++) {
      for (const [kind, start] of [
        ["recorded", startDemo],
        ["bare", startBare],
      ] as const) {
        const app = await start(url.href);
        starts[kind].push(app.startMs);
        await app.end();
      }
    }
    const apps = { recorded: await startDemo(url.href), bare: await startBare(url.href) };
    for (const { port } of Object.values(apps)) await visits(port, requestsPerRound, 1);
    for (let round = 0; round < rounds; round++) {
      for (const kind of ["recorded", "bare"] as const) {
        const { port } = apps[kind];
        single[kind].push(...(await visits(port, 100, 1)).each);
        many[kind].push((await visits(port, requestsPerRound, visitorsAtOnce)).all);
      }
    }
    await Promise.all([apps.recorded.end(), apps.bare.end()]);
  } finally {
    await keySpace.clear();
    await redis.close();
  }
  return [single, many, starts];
}

/** @returns How long each took, and all of them divided by their number. */
async function visits(port: number, count: number, atOnce: number) {
  const agent = new Agent({ keepAlive: true, maxSockets: atOnce });
  const each: number[] = [];
  const start = performance.now();
  let left = count;
  await Promise.all(
    Array.from({ length: atOnce }, async () => {
      let cookie = "";
      while (left-- > 0) {
        const begun = performance.now();
        cookie = (await get(port, "/visits", agent, cookie)) || cookie;
        each.push(performance.now() - begun);
      }
    }),
  );
  agent.destroy();
  return { each, all: (performance.now() - start) / count };
}

/** @returns The cookie that the answer sets. */
function get(port: number, path: string, agent?: Agent, cookie = ""): Promise<string> {
  return new Promise((resolve, reject) => {
    const sent = request({ host: "localhost", port, path, agent, headers: { Cookie: cookie } });
    sent.on("error", reject);
    sent.on("response", (response) => {
      response.resume();
      response.on("end", () => {
        resolve(response.headers["set-cookie"]?.[0]?.split(";")[0] ?? "");
      });
    });
    sent.end();
  });
}

async function startDemo(redisUrl: string): Promise<App> {
  const args = ["shared/runner/start.mjs", "demo", "3"];
  return running(args, { REDIS_URL: withoutOptions(redisUrl) }, "/__inspector/page.js");
}

function startBare(redisUrl: string): Promise<App> {
  const args = ["--import", "tsx", "shared/app/server.ts", "solutions/03-login/app.ts"];
  return running(args, { REDIS_URL: redisUrl, NODE_ENV: "development" }, "/health");
}

async function running(
  args: readonly string[],
  env: Record<string, string>,
  path: string,
): Promise<App> {
  const port = await anyFreePort();
  const begun = performance.now();
  const child = spawn(process.execPath, args, {
    cwd: root,
    env: { ...process.env, HOST: "localhost", PORT: String(port), ...env },
    stdio: "ignore",
  });
  await untilAnswered(child, port, path);
  const startMs = performance.now() - begun;
  return {
    port,
    startMs,
    end: () => {
      child.kill("SIGTERM");
      return once(child, "close");
    },
  };
}

async function untilAnswered(child: ChildProcess, port: number, path: string): Promise<void> {
  while (child.exitCode === null) {
    try {
      await get(port, path);
      return;
    } catch {
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  }
  throw new Error("The app ended before it answered.");
}

function withoutOptions(redisUrl: string): string {
  const url = new URL(redisUrl);
  url.search = "";
  return url.href;
}
