// `npm run experiment stores`: the app of step 6 with its sessions in Redis, PostgreSQL and MongoDB.
import { randomBytes } from "node:crypto";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import { pathToFileURL } from "node:url";
import { SessionStore } from "../../app/session-store.ts";
import type { AppModule } from "../../app/start.ts";
import { Engine } from "../../runner/engine/engine.ts";
import { root } from "../../runner/paths.ts";
import type { Cleanup } from "../cleanup.ts";
import type { Bench } from "../experiment.ts";
import { ratesInTurn, rounds } from "../rates.ts";
import { StoreCalls } from "./calls.ts";
import {
  provideMongo,
  providePostgres,
  provideRedisSessions,
  type SessionDatabase,
} from "./databases.ts";
import { judge } from "./goals.ts";
import { measureBehaviour } from "./measure.ts";
import { MongoStore } from "./mongo.ts";
import { PostgresStore } from "./postgres.ts";
import { report, type Measured } from "./report.ts";
import { variants, type Variant } from "./variants.ts";

export async function run({ cleanup, seconds, say, print }: Bench): Promise<void> {
  const mongoUrl = process.env.MONGODB_URL?.trim();
  const databases = new Map<Variant["name"], SessionDatabase>();
  databases.set("Redis", await provideRedisSessions(cleanup));
  databases.set("PostgreSQL", await providePostgres(cleanup));
  if (mongoUrl) databases.set("MongoDB", await provideMongo(cleanup, mongoUrl));
  const present = variants.flatMap((variant) => {
    const database = databases.get(variant.name);
    return database ? [{ ...variant, database }] : [];
  });
  const folder = ownFolder(cleanup);
  const stores = { Redis: SessionStore, PostgreSQL: PostgresStore, MongoDB: MongoStore };

  // Threads get a copy of the environment as it is when they start.
  for (const { database } of present) {
    if (database.variable !== "REDIS_URL") process.env[database.variable] = database.url;
  }
  const redisUrl = new URL(databases.get("Redis")?.url ?? "");
  redisUrl.search = "";
  const engine = await Engine.start(redisUrl.href);
  cleanup.add(() => engine.close());

  const found: Omit<Measured, "rate">[] = [];
  const apps = [];
  for (const { database, ...variant } of present) {
    const { name } = variant;
    say(`${name}: the goals of steps 2 to 6 that say nothing of Redis; time, races and outages …`);
    const goals = await judge(engine, variant);
    const file = join(folder, `${name.toLowerCase()}.ts`);
    writeFileSync(file, variant.source);
    const module: AppModule = await import(pathToFileURL(file).href);
    const calls = new StoreCalls(stores[name]);
    const behaviour = await measureBehaviour(cleanup, module, database, calls, redisUrl.href);
    found.push({ variant, database, goals, behaviour });
    apps.push({
      name,
      file: relative(root, file),
      env: { REDIS_URL: redisUrl.href, [database.variable]: database.url },
    });
  }
  say(`requests per second, ${rounds} rounds of ${seconds} s each, in turn …`);
  const rates = await ratesInTurn(cleanup, apps, seconds);
  const measured = found.flatMap((each) => {
    const rate = rates.get(each.variant.name);
    return rate ? [{ ...each, rate }] : [];
  });
  print(report(measured));
}

/** A folder from which the imports of a step's file lead where they should. */
function ownFolder(cleanup: Cleanup): string {
  const folder = join(root, ".workshop", `stores-${randomBytes(6).toString("hex")}`);
  mkdirSync(folder, { recursive: true });
  cleanup.add(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}
