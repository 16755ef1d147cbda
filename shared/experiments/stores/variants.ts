import { readFileSync } from "node:fs";
import { createTwoFilesPatch } from "diff";
import { findStep, type StepEntry } from "../../runner/manifest.ts";
import { stepPaths } from "../../runner/paths.ts";

/** Where the sessions of step 6's app are kept. */
export interface Variant {
  name: "Redis" | "PostgreSQL" | "MongoDB";
  /** The app. Its imports fit where the file of a step stands. */
  source: string;
}

export const cookieFlags = findStep("06-cookie-flags") as StepEntry;
const solution = readFileSync(stepPaths(cookieFlags).solution, "utf8");

const redisImport = `import { SessionStore } from "../../shared/app/session-store.ts";`;
const redisStore = `      store: new SessionStore({
        client: redis,
        // XX, only where a key is: a request under way must not bring an ended session back.
        rewrite: (key, value, ttlSeconds) => redis.set(key, value, "EX", ttlSeconds, "XX"),
      }),`;

export const variants: readonly Variant[] = [
  { name: "Redis", source: solution },
  {
    name: "PostgreSQL",
    source: exchanged(
      `import { connectPostgres, PostgresStore } from "../../shared/experiments/stores/postgres.ts";`,
      `      store: new PostgresStore({ pool: connectPostgres(), createTableIfMissing: true }),`,
    ),
  },
  {
    name: "MongoDB",
    source: exchanged(
      `import { connectMongo, MongoStore } from "../../shared/experiments/stores/mongo.ts";`,
      `      store: MongoStore.create({ client: connectMongo() }),`,
    ),
  },
];

/** What changes in the app, as a unified diff without a head. */
export function diffTo({ source }: Variant): string {
  const patch = createTwoFilesPatch("Redis", "", solution, source, "", "", { context: 0 });
  return patch
    .split("\n")
    .filter((line) => /^[+-](?![+-]{2})/.test(line))
    .join("\n");
}

function exchanged(importLine: string, storeLine: string): string {
  return [
    [redisImport, importLine],
    [redisStore, storeLine],
  ].reduce((source, [find = "", replace = ""]) => {
    const parts = source.split(find);
    if (parts.length !== 2) throw new Error(`The solution of step 6 no longer has:\n${find}`);
    return parts.join(replace);
  }, solution);
}
