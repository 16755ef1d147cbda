import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { Redis } from "ioredis";
import { inject, test as base } from "vitest";
import { KeySpace, openKeySpace } from "../../shared/redis/key-space.ts";
import { root } from "../../shared/runner/paths.ts";
import { CommandRelay } from "./command-relay.ts";
import { ada } from "./people.ts";

/** How often each attack is played: `npm run attacks` plays it 200 times. */
export const tries = Number(process.env.ATTACK_TRIES ?? 3);

export interface Answer {
  status: number;
  headers: Headers;
  body: any;
  /** `name=value` of the cookie that it sets; undefined when it sets none. */
  cookie: string | undefined;
}

export interface Sent {
  cookie?: string | undefined;
  body?: unknown;
  headers?: Record<string, string>;
}

/** The reference as a production process, spoken to as its TLS proxy would. */
export class Production {
  readonly process: ChildProcess;
  readonly url: string;
  readonly ended: Promise<{ code: number | null; signal: string | null }>;
  readonly #log: string[];

  private constructor(
    process: ChildProcess,
    url: string,
    log: string[],
    ended: Production["ended"],
  ) {
    this.process = process;
    this.url = url;
    this.ended = ended;
    this.#log = log;
  }

  /** Rejects with what the process said, when it ends before it listens. */
  static async start(redisUrl: string, env: Record<string, string> = {}): Promise<Production> {
    const child = spawn(
      process.execPath,
      ["--import", "tsx", "shared/app/server.ts", "test/attacks/app.ts"],
      {
        cwd: root,
        env: {
          ...process.env,
          NODE_ENV: "production",
          HOST: "127.0.0.1",
          PORT: "0",
          REDIS_URL: redisUrl,
          SESSION_SECRET: "a secret for attacks, which signs the cookies",
          SESSION_SECRETS_PREVIOUS: "",
          ADAS_COST: "4",
          ...env,
        },
        stdio: ["ignore", "pipe", "pipe"],
      },
    );
    const log: string[] = [];
    child.stderr.on("data", (chunk) => log.push(String(chunk)));
    const ended = once(child, "close").then(([code, signal]) => ({ code, signal }));
    const url = await new Promise<string>((resolve, reject) => {
      child.stdout.on("data", (chunk) => {
        log.push(String(chunk));
        const [address] = /http:\S+/.exec(String(chunk)) ?? [];
        if (address) resolve(address);
      });
      void ended.then(() => reject(new Error(log.join(""))));
    });
    return new Production(child, url, log, ended);
  }

  /** All that it wrote to the terminal so far. */
  get log(): string {
    return this.#log.join("");
  }

  async send(method: string, path: string, { cookie, body, headers }: Sent = {}): Promise<Answer> {
    const response = await fetch(this.url + path, {
      method,
      redirect: "manual",
      headers: {
        "X-Forwarded-Proto": "https",
        ...(cookie ? { Cookie: cookie } : {}),
        ...(body === undefined ? {} : { "Content-Type": "application/json" }),
        ...headers,
      },
      ...(body === undefined
        ? {}
        : { body: typeof body === "string" ? body : JSON.stringify(body) }),
    });
    const text = await response.text();
    return {
      status: response.status,
      headers: response.headers,
      body: /^[{[]/.test(text) ? JSON.parse(text) : text,
      cookie: response.headers.getSetCookie()[0]?.split(";")[0],
    };
  }

  get(path: string, cookie?: string): Promise<Answer> {
    return this.send("GET", path, { cookie });
  }

  /** Logs Ada in and gives back her cookie. */
  async logIn(cookie?: string): Promise<string> {
    const answer = await this.send("POST", "/auth/login", {
      cookie,
      body: { email: ada.email, password: ada.password },
    });
    if (answer.status !== 200 || !answer.cookie) throw new Error(`No login: ${answer.status}`);
    return answer.cookie;
  }
}

interface Ground {
  /** Looks into Redis from outside. */
  observer: Redis;
  /** The corner of Redis that belongs to the file; empty when a test begins. */
  keys: KeySpace;
  /** The address that leads there. */
  redisUrl: string;
  /** The wire that `server` uses; at the beginning of a test everything passes. */
  relay: CommandRelay;
  /** Starts a process that ends with the file. */
  start(redisUrl: string, env?: Record<string, string>): Promise<Production>;
  /** One process for the whole file, without NODE_ENV: production is the default. */
  server: Production;
}

/** vitest's `test`, with a place to attack. */
export const attack = base.extend<Ground & { corner: string; wire: CommandRelay }>({
  observer: [
    // oxlint-disable-next-line no-empty-pattern -- vitest reads the fixtures from the pattern
    async ({}, use) => {
      const observer = new Redis(inject("redisUrl"));
      await use(observer);
      observer.disconnect();
    },
    { scope: "file" },
  ],
  corner: [
    // oxlint-disable-next-line no-empty-pattern -- as above
    async ({}, use) => {
      const corner = openKeySpace(inject("redisUrl"));
      await use(corner.prefix);
      await corner.clear();
    },
    { scope: "file" },
  ],
  keys: async ({ observer, corner }, use) => {
    const keys = new KeySpace(observer, corner);
    await keys.clear();
    await use(keys);
  },
  redisUrl: [
    async ({ corner }, use) => {
      const url = new URL(inject("redisUrl"));
      url.searchParams.set("keyPrefix", corner);
      await use(url.href);
    },
    { scope: "file" },
  ],
  relay: async ({ wire }, use) => {
    wire.reset();
    await use(wire);
    wire.reset();
  },
  wire: [
    // oxlint-disable-next-line no-empty-pattern -- as above
    async ({}, use) => {
      const relay = await CommandRelay.to(inject("redisUrl"));
      await use(relay);
      relay.close();
    },
    { scope: "file" },
  ],
  start: [
    // oxlint-disable-next-line no-empty-pattern -- as above
    async ({}, use) => {
      const started: Promise<Production>[] = [];
      await use((redisUrl, env) => {
        const server = Production.start(redisUrl, env);
        started.push(server);
        return server;
      });
      for (const each of await Promise.allSettled(started)) {
        if (each.status === "fulfilled") each.value.process.kill("SIGKILL");
      }
    },
    { scope: "file" },
  ],
  server: [
    async ({ start, wire, redisUrl }, use) => {
      await use(await start(wire.through(redisUrl), { NODE_ENV: "", ADAS_COST: "10" }));
    },
    { scope: "file" },
  ],
});
