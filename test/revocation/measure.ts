import { randomBytes, randomUUID } from "node:crypto";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { Redis } from "ioredis";
import { createDatabase, seededUsers } from "../../shared/app/database.ts";
import type { AppModule } from "../../shared/app/start.ts";
import { openKeySpace } from "../../shared/redis/key-space.ts";
import { findStep, type StepEntry } from "../../shared/runner/manifest.ts";
import { CommandTap } from "../../shared/testing/commands.ts";
import { mistakesOf, withMistake } from "../grading/catalogue.ts";
import { median } from "../median.ts";
import { copyWorkshop } from "../runner/terminal.ts";

/** Two ways to find the sessions of a user: the solution's index, and what people write first. */
export const ways = ["index", "scan"] as const;
export type Way = (typeof ways)[number];

/** What `POST /auth/logout-all` took. */
export interface Cost {
  way: Way;
  /** Sessions of the user who logs out everywhere. */
  own: number;
  /** Sessions of everybody else. */
  foreign: number;
  /** Commands that Redis was sent; the same each time. */
  commands: number;
  /** From the request to its answer: the median. */
  ms: number;
}

const step = findStep("07-revocation") as StepEntry;
const batchSize = 1_000;
const sessionsPerUser = 10;
const { ada } = seededUsers;

/**
 * Measures both ways, beside ever more foreign sessions.
 *
 * @param options.repeats How often each is measured.
 */
export async function measureRevocation(
  redisUrl: string,
  options: { own: readonly number[]; foreign: readonly number[]; repeats: number },
): Promise<Cost[]> {
  const workshop = copyWorkshop();
  const keySpace = openKeySpace(redisUrl);
  const url = new URL(redisUrl);
  url.searchParams.set("keyPrefix", keySpace.prefix);
  const filler = new Filler(url.href);
  const costs: Cost[] = [];
  try {
    const apps: { way: Way; app: App }[] = [];
    for (const way of ways) {
      apps.push({ way, app: await App.start(await moduleOf(way, workshop.folder), url.href) });
    }
    for (const foreign of options.foreign.toSorted((a, b) => a - b)) {
      await filler.fillUpTo(foreign);
      for (const own of options.own) {
        for (const { way, app } of apps) {
          costs.push({ way, own, foreign, ...(await repeated(app, filler, own, options.repeats)) });
        }
      }
    }
    await Promise.all(apps.map(({ app }) => app.close()));
  } finally {
    await filler.empty();
    workshop.remove();
  }
  return costs;
}

async function repeated(app: App, filler: Filler, own: number, repeats: number) {
  const times: number[] = [];
  const counts: number[] = [];
  // The first one warms up, and does not count.
  for (let i = 0; i <= repeats; i++) {
    const cookie = await app.logIn();
    await filler.multiply(own);
    const { ms, commands } = await app.logOutEverywhere(cookie);
    if (i > 0) {
      times.push(ms);
      counts.push(commands);
    }
  }
  return { commands: median(counts), ms: median(times) };
}

/** The solution; for the scan, with the catalogued mistake in it. */
async function moduleOf(way: Way, workshop: string): Promise<AppModule> {
  const solution = join(workshop, "solutions", step.slug, "app.ts");
  if (way === "scan") {
    const mistake = (await mistakesOf(step)).find(({ name }) => name === "all keys are scanned");
    if (!mistake) throw new Error('The catalogue has no mistake "all keys are scanned".');
    const scanning = solution.replace("app.ts", "scan.ts");
    writeFileSync(scanning, withMistake(step, mistake));
    return import(pathToFileURL(scanning).href);
  }
  return import(pathToFileURL(solution).href);
}

/** A running app, with an eye on its commands. */
class App {
  readonly #url: string;
  readonly #tap: CommandTap;
  readonly close: () => Promise<void>;

  private constructor(url: string, tap: CommandTap, close: () => Promise<void>) {
    this.#url = url;
    this.#tap = tap;
    this.close = close;
  }

  static async start({ createApp, connectRedis }: AppModule, redisUrl: string): Promise<App> {
    if (!connectRedis) throw new Error("The app has no connectRedis.");
    const redis = connectRedis(redisUrl);
    // A scan of everybody's keys may take as long as it takes.
    redis.options.commandTimeout = undefined;
    const app = await createApp({
      redis,
      db: await createDatabase({ bcryptCost: 4 }),
      config: {
        env: "development",
        sessionSecret: randomBytes(32).toString("hex"),
        previousSessionSecrets: [],
      },
    });
    const server = app.listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address() as AddressInfo;
    return new App(`http://127.0.0.1:${port}`, new CommandTap(redis), async () => {
      server.close();
      server.closeAllConnections();
      await once(server, "close");
      redis.disconnect();
    });
  }

  async logIn(): Promise<string> {
    const answer = await fetch(`${this.#url}/auth/login`, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ email: ada.email, password: ada.password }),
    });
    await answer.text();
    const [cookie = ""] = answer.headers.getSetCookie();
    return cookie.split(";")[0] ?? "";
  }

  async logOutEverywhere(cookie: string): Promise<{ ms: number; commands: number }> {
    const before = this.#tap.sent.length;
    const start = performance.now();
    const answer = await fetch(`${this.#url}/auth/logout-all`, {
      method: "POST",
      headers: { Cookie: cookie },
    });
    const ms = performance.now() - start;
    if (answer.status !== 204) throw new Error(`It answers ${answer.status}.`);
    await this.#tap.quiet();
    return { ms, commands: this.#tap.sent.length - before };
  }
}

/** Writes sessions as the app does, and many at a time. */
class Filler {
  readonly #redis: Redis;
  readonly #keys: string[] = [];

  constructor(redisUrl: string) {
    this.#redis = new Redis(redisUrl);
  }

  /** Until that many sessions belong to other people, ten to each. */
  async fillUpTo(count: number): Promise<void> {
    let userId = "";
    while (this.#sessions < count) {
      const batch = this.#redis.pipeline();
      for (let i = 0; i < batchSize && this.#sessions < count; i++) {
        if (this.#sessions % sessionsPerUser === 0) userId = randomUUID();
        this.#keys.push(this.#add(batch, userId));
      }
      await batch.exec();
    }
  }

  /** Until Ada has that many sessions. */
  async multiply(count: number): Promise<void> {
    const batch = this.#redis.pipeline();
    for (let i = 1; i < count; i++) this.#add(batch, ada.id);
    await batch.exec();
  }

  /** Removes what was written, and the indexes with it. */
  async empty(): Promise<void> {
    for (let from = 0; from < this.#keys.length; from += batchSize) {
      await this.#redis.unlink(...this.#keys.slice(from, from + batchSize));
    }
    for (const index of this.#indexes) await this.#redis.unlink(index);
    this.#redis.disconnect();
  }

  readonly #indexes = new Set<string>();

  get #sessions(): number {
    return this.#keys.length;
  }

  #add(batch: ReturnType<Redis["pipeline"]>, userId: string): string {
    const ttlSeconds = 24 * 60 * 60;
    const key = `sess:${randomBytes(24).toString("base64url")}`;
    const index = `sessions:${userId}`;
    this.#indexes.add(index);
    const expires = new Date(Date.now() + ttlSeconds * 1000).toISOString();
    const cookie = { originalMaxAge: ttlSeconds * 1000, expires, httpOnly: true, path: "/" };
    batch
      .set(key, JSON.stringify({ cookie, userId }), "EX", ttlSeconds)
      .zadd(index, Date.parse(expires), key)
      .expire(index, ttlSeconds);
    return key;
  }
}
