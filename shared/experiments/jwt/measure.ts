import { randomBytes } from "node:crypto";
import { pathToFileURL } from "node:url";
import { join } from "node:path";
import { Redis } from "ioredis";
import { createDatabase, seededUsers, type Database } from "../../app/database.ts";
import { start, type AppModule } from "../../app/start.ts";
import { KeySpace, openKeySpace } from "../../redis/key-space.ts";
import { root } from "../../runner/paths.ts";
import { Relay } from "../../testing/relay.ts";
import type { Cleanup } from "../cleanup.ts";
import { Client } from "../client.ts";
import { withClock } from "../clock.ts";
import { RoundTrips } from "../round-trips.ts";
import type { Variant } from "./variants.ts";

const { ada, grace } = seededUsers;
const newPassword = "difference engine";

/** What ends sessions, by the name that it has in the table. */
export const endings = [
  "a logout",
  "logging out everywhere",
  "a new password",
  "a ban",
  "the end of the account",
] as const;
export type Ending = (typeof endings)[number];

/** What a login is like, all of it measured. */
export interface Login {
  /** What a browser sends with each request. */
  cookieBytes: number;
  /** Of a `GET /me`. */
  roundTrips: number;
  /** The same, six minutes after the one before. */
  roundTripsAfterPause: number;
  /** How long a copy of the cookies opens `/me` after an ending, in seconds, when it is used all the time. */
  staysInSeconds: Record<Ending, number>;
  /** How long somebody who is at work may go on without the password, in seconds; undefined: more than a day. */
  lastsSeconds: number | undefined;
  /** What `GET /me` answers to somebody who is logged in while Redis is away. */
  statusWithoutRedis: number;
}

const lookSeconds = 30;
const daySeconds = 24 * 60 * 60;

export async function measureLogin(
  cleanup: Cleanup,
  variant: Pick<Variant, "file">,
  redisUrl: string,
): Promise<Login> {
  const app = await MeasuredApp.start(cleanup, variant.file, redisUrl);
  try {
    const client = await new Client(app.url).logIn(ada);
    const me = () => client.send("GET", "/me");
    await me();
    const cookieBytes = Buffer.byteLength(await client.cookieHeader());
    const roundTrips = await app.trips.during(10, me);
    let roundTripsAfterPause = 0;
    await app.withClock(async (pass) => {
      await pass(6 * 60);
      roundTripsAfterPause = await app.trips.during(1, me);
    });
    const staysInSeconds = {} as Login["staysInSeconds"];
    for (const ending of endings) staysInSeconds[ending] = await staysIn(app, ending);
    return {
      cookieBytes,
      roundTrips,
      roundTripsAfterPause,
      staysInSeconds,
      lastsSeconds: await lasts(app),
      statusWithoutRedis: await app.withoutRedis(async (client) => client.send("GET", "/me")),
    };
  } finally {
    await app.close();
  }
}

/** How long a copy goes on after the ending, asking every half minute, and renewing what can be renewed. */
async function staysIn(app: MeasuredApp, ending: Ending): Promise<number> {
  const laptop = await new Client(app.url).logIn(ada);
  const phone = await new Client(app.url).logIn(ada);
  // A logout ends the session of the one who asks.
  const copy = (ending === "a logout" ? laptop : phone).copy();
  let seconds = 0;
  await app.withClock(async (pass) => {
    await app.end(ending, laptop);
    for (; seconds < 2 * daySeconds; seconds += lookSeconds) {
      if ((await copy.send("GET", "/me")) === 401) break;
      await pass(lookSeconds);
    }
  });
  await app.comeBack();
  return seconds;
}

/** How long somebody who asks every five minutes is let in. */
async function lasts(app: MeasuredApp): Promise<number | undefined> {
  const client = await new Client(app.url).logIn(ada);
  let seconds = 0;
  await app.withClock(async (pass) => {
    for (; seconds <= daySeconds + 60 * 60; seconds += 5 * 60) {
      if ((await client.send("GET", "/me")) === 401) return;
      await pass(5 * 60);
    }
  });
  return seconds > daySeconds ? undefined : seconds;
}

/** Lets so many seconds pass at once: for the app, for its cookies, and for what Redis keeps. */
type Pass = (seconds: number) => Promise<void>;

/** An app in this process, in which time can be made to pass, and a hand on its Redis. */
class MeasuredApp {
  readonly url: string;
  readonly trips: RoundTrips;
  readonly close: () => Promise<void>;
  readonly #db: Database;
  readonly #keySpace: KeySpace;
  readonly #relay: Relay;

  private constructor(
    url: string,
    trips: RoundTrips,
    db: Database,
    keySpace: KeySpace,
    relay: Relay,
    close: () => Promise<void>,
  ) {
    this.url = url;
    this.trips = trips;
    this.#db = db;
    this.#keySpace = keySpace;
    this.#relay = relay;
    this.close = close;
  }

  static async start(cleanup: Cleanup, file: string, redisUrl: string): Promise<MeasuredApp> {
    const module: AppModule = await import(pathToFileURL(join(root, file)).href);
    const { prefix, clear } = openKeySpace(redisUrl);
    const relay = await Relay.to(redisUrl);
    const address = new URL(relay.through(redisUrl));
    address.searchParams.set("keyPrefix", prefix);
    const observer = new Redis(redisUrl);
    let trips!: RoundTrips;
    const db = await createDatabase({ bcryptCost: 4 });
    const server = await start(
      {
        createApp: (services) => module.createApp(services),
        connectRedis(url) {
          const redis = module.connectRedis?.(url) ?? new Redis(url);
          // It is cut off on purpose.
          redis.removeAllListeners("error").on("error", () => {});
          trips = new RoundTrips(redis);
          return redis;
        },
      },
      {
        env: "development",
        host: "127.0.0.1",
        port: 0,
        redisUrl: address.href,
        sessionSecret: randomBytes(32).toString("hex"),
        previousSessionSecrets: [],
      },
      db,
    );
    let closed: Promise<void> | undefined;
    const close = async () => {
      await relay.restore();
      await server.close();
      observer.disconnect();
      await relay.close();
      await clear();
    };
    const closeOnce = () => (closed ??= close());
    cleanup.add(closeOnce);
    return new MeasuredApp(server.url, trips, db, new KeySpace(observer, prefix), relay, closeOnce);
  }

  withClock(action: (pass: Pass) => Promise<void>): Promise<void> {
    return withClock((passHere) =>
      action(async (seconds) => {
        passHere(seconds);
        await this.#keySpace.age(seconds);
      }),
    );
  }

  /** Asks for an ending on behalf of a device. */
  async end(ending: Ending, device: Client): Promise<void> {
    const status = await this.#ask(ending, device);
    if (status !== 204) throw new Error(`The app answers ${status} to ${ending}.`);
  }

  async #ask(ending: Ending, device: Client): Promise<number> {
    switch (ending) {
      case "a logout":
        return device.send("POST", "/auth/logout");
      case "logging out everywhere":
        return device.send("POST", "/auth/logout-all");
      case "a new password":
        return device.send("POST", "/me/password", { currentPassword: ada.password, newPassword });
      case "a ban": {
        const admin = await new Client(this.url).logIn(grace);
        return admin.send("POST", `/admin/users/${ada.id}/ban`);
      }
      case "the end of the account":
        await this.#db.users.remove(ada.id);
        return 204;
    }
  }

  /** Ada is back as she was before an ending. */
  async comeBack(): Promise<void> {
    await this.#db.users.remove(ada.id);
    await this.#db.users.add(ada);
  }

  /** Does something as somebody who is logged in, while Redis cannot be reached. */
  async withoutRedis<Result>(action: (client: Client) => Promise<Result>): Promise<Result> {
    const client = await new Client(this.url).logIn(ada);
    // What the app logs then is no news.
    const { error } = console;
    console.error = () => {};
    await this.#relay.refuse();
    try {
      return await action(client);
    } finally {
      await this.#relay.restore();
      console.error = error;
    }
  }
}
