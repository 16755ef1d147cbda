import { randomBytes } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { createDatabase, seededUsers } from "../../app/database.ts";
import { start, type AppModule, type RunningServer } from "../../app/start.ts";
import { Relay } from "../../testing/relay.ts";
import type { Cleanup } from "../cleanup.ts";
import { Client } from "../client.ts";
import type { StoreCalls } from "./calls.ts";
import type { SessionDatabase } from "./databases.ts";

const { ada } = seededUsers;
const hour = 60 * 60;
const patienceMs = 10_000;

/** What becomes of a request while the store is away. */
export interface Outage {
  /** undefined: no answer within ten seconds. */
  status: number | undefined;
  ms: number;
  /** Whether somebody who was logged in is so again afterwards, without a restart. */
  comesBack: boolean;
}

/** How a store behaves, all of it tried out. */
export interface Behaviour {
  /** Whether another process of the same app knows a visitor. */
  isShared: boolean;
  /** What a request that only reads asks of the store. */
  callsOfReading: string;
  /** Whether a session that was in use after 12 h is there after 25 h. */
  isProlonged: boolean;
  /** Whether a session is refused that nobody has used for 25 h. */
  isRefusedAfterItsTime: boolean;
  /** Whether what it held is in the database still, when it is refused. */
  isLeftBehind: boolean;
  /** Whether a visit that is under way during a logout brings the session back. */
  comesBackAfterLogout: boolean;
  /** Of two visits at the same moment, how many count. */
  parallelVisits: number;
  /** Connections are refused; connections stay, and nothing moves. */
  outages: Record<"refuses" | "falls silent", Outage>;
}

export async function measureBehaviour(
  cleanup: Cleanup,
  module: AppModule,
  database: SessionDatabase,
  calls: StoreCalls,
  redisUrl: string,
): Promise<Behaviour> {
  const relay = await Relay.to(database.url);
  cleanup.add(() => relay.close());
  const url = throughRelay(relay, database);
  // The app connects to a Redis in any case, and asks it for nothing when its sessions are elsewhere.
  const itsRedis = database.variable === "REDIS_URL" ? url : redisUrl;
  const [app, other] = [await startApp(module, itsRedis), await startApp(module, itsRedis)];
  for (const each of [app, other]) cleanup.add(() => each.close());
  const logIn = () => new Client(app.url).logIn(ada);
  const me = (client: Client) => client.send("GET", "/me");

  const visitor = new Client(app.url);
  await visitor.send("GET", "/visits");
  const isShared = (await visitor.at(other.url).visits()) === 2;

  const reader = await logIn();
  const before = { ...calls.counts };
  await me(reader);
  const callsOfReading = Object.entries(calls.counts)
    .map(([name, count]) => [name, count - before[name as keyof typeof before]] as const)
    .flatMap(([name, count]) => Array.from({ length: count }, () => name))
    .join(", ");

  const active = await logIn();
  await database.age(12 * hour);
  await me(active);
  await database.age(13 * hour);
  const isProlonged = (await me(active)) === 200;

  await database.age(25 * hour);
  const empty = await database.count();
  const idle = await logIn();
  await database.age(25 * hour);
  const isLeftBehind = (await database.count()) > empty;
  const isRefusedAfterItsTime = (await me(idle)) === 401;

  return {
    isShared,
    callsOfReading,
    isProlonged,
    isRefusedAfterItsTime,
    isLeftBehind,
    comesBackAfterLogout: await visitDuringLogout(await logIn(), calls),
    parallelVisits: await twoVisits(await logIn(), calls),
    outages: {
      refuses: await outage(relay, () => relay.refuse(), await logIn()),
      "falls silent": await outage(relay, async () => relay.fallSilent(), await logIn()),
    },
  };
}

function throughRelay(relay: Relay, { url, variable }: SessionDatabase): string {
  const address = new URL(relay.through(url));
  // The members of a set would be asked for their addresses, and the relay be left out.
  if (variable === "MONGODB_URL") address.searchParams.set("directConnection", "true");
  process.env[variable] = address.href;
  return address.href;
}

const sessionSecret = randomBytes(32).toString("hex");

async function startApp(module: AppModule, redisUrl: string): Promise<RunningServer> {
  return start(
    module,
    {
      env: "development",
      host: "127.0.0.1",
      port: 0,
      redisUrl,
      sessionSecret,
      previousSessionSecrets: [],
    },
    await createDatabase({ bcryptCost: 4 }),
  );
}

/** A visit has read its session and is about to store it; meanwhile its owner logs out. */
async function visitDuringLogout(client: Client, calls: StoreCalls): Promise<boolean> {
  const copy = client.copy();
  const held = calls.holdWrites(1);
  const visit = client.copy().send("GET", "/visits");
  await held;
  const release = calls.letOthersPass();
  await client.send("POST", "/auth/logout");
  release();
  await visit;
  return (await copy.send("GET", "/me")) === 200;
}

/** Two visits have both read their session before either is stored. */
async function twoVisits(client: Client, calls: StoreCalls): Promise<number> {
  const before = await client.visits();
  const held = calls.holdWrites(2);
  const visits = [client.copy().visits(), client.copy().visits()];
  await held;
  calls.letOthersPass()();
  await Promise.all(visits);
  return (await client.visits()) - before - 1;
}

async function outage(relay: Relay, cut: () => Promise<void>, client: Client): Promise<Outage> {
  // What the app logs then is no news.
  const { error, warn } = console;
  console.error = console.warn = () => {};
  try {
    await cut();
    const begin = performance.now();
    const status = await client.send("GET", "/me", undefined, patienceMs).catch(() => undefined);
    const ms = performance.now() - begin;
    await relay.restore();
    return { status, ms, comesBack: await isBack(client) };
  } finally {
    console.error = error;
    console.warn = warn;
  }
}

async function isBack(client: Client): Promise<boolean> {
  for (const end = performance.now() + patienceMs; performance.now() < end; await sleep(100)) {
    if ((await client.send("GET", "/me", undefined, patienceMs).catch(() => 0)) === 200)
      return true;
  }
  return false;
}
