import session from "express-session";
import type { Cause } from "./crashes.ts";

let inMemory = 0;
let inRedis = 0;

// This module is evaluated anew for every run, and express-session is not.
const original = Symbol.for("workshop.memory-store");

/** Counts from now on what is written to express-session's MemoryStore. */
export function watchMemoryStore(): void {
  const { prototype } = session.MemoryStore;
  const set: typeof prototype.set = Reflect.get(prototype.set, original) ?? prototype.set;
  prototype.set = Object.assign(
    function watchedSet(this: session.MemoryStore, ...args: Parameters<typeof set>) {
      inMemory++;
      Reflect.apply(set, this, args);
    },
    { [original]: set },
  );
}

/** Something was written to Redis. */
export function noteRedisWrite(): void {
  inRedis++;
}

/** Another goal begins, and nothing has been written. */
export function forgetWrites(): void {
  inMemory = 0;
  inRedis = 0;
}

/** Why nothing is found where a step looks for it, from the third on: undefined when Redis is used. */
export function keptInMemory(step: number | undefined): Cause | undefined {
  if (!step || step < 3 || inMemory === 0 || inRedis > 0) return undefined;
  return {
    claim:
      "The sessions are in the memory of the process, not in Redis: `session()` has no `store`.",
    reason:
      "Since step 2 it has one. express-session says nothing of an option that it does not know: is it spelled `store`?",
  };
}
