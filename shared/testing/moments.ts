import timers from "node:timers/promises";
import { syncBuiltinESMExports } from "node:module";
import type { Hold } from "./commands.ts";
import type { Site } from "./site.ts";
import { hurried } from "./time.ts";

/** Holds every Redis command and every question to the database, each until it is released. */
export function holdEverything(site: Site): Hold {
  const { users } = site.db;
  const methods = ["findByEmail", "findById", "update"] as const;
  const originals = methods.map((name) => [name, users[name]] as const);
  let holding = true;
  const hold = site.commands.hold("any", () => {
    holding = false;
    for (const [name, method] of originals) Reflect.set(users, name, method);
  });
  for (const [name, method] of originals) {
    Reflect.set(users, name, async (...args: unknown[]) => {
      if (holding) await new Promise<void>((proceed) => hold.add(proceed));
      return Reflect.apply(method, users, args);
    });
  }
  return hold;
}

/** The patience of an app comes to its end at once: what it puts off with a timer happens soon. */
export async function impatiently<Result>(action: () => Promise<Result>): Promise<Result> {
  const { setTimeout: sleep } = timers;
  timers.setTimeout = ((ms, ...rest) => sleep((ms ?? 0) / hurry, ...rest)) as typeof sleep;
  syncBuiltinESMExports();
  try {
    return await hurried(hurry, action);
  } finally {
    timers.setTimeout = sleep;
    syncBuiltinESMExports();
  }
}

const hurry = 1_000;
