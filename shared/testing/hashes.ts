import crypto from "node:crypto";
import { createRequire, syncBuiltinESMExports } from "node:module";
import { dirname } from "node:path";
import { pause } from "./time.ts";

/** Whether a bcrypt hash stands anywhere in a text. */
export function containsHash(text: string): boolean {
  return /\$2[aby]\$\d\d\$/.test(text);
}

/** What was hashed while something happened. */
interface HashingWork {
  /** The work of bcrypt, in iterations of its key schedule: 2 to the power of the cost, per hash. */
  iterations: number;
  /** The calls that kept the thread, by bcrypt's name or node:crypto's: `compareSync`. */
  synchronous: string[];
  /** The texts that were hashed anew, and not compared. */
  texts: string[];
  /** Each comparison that has ended. */
  comparisons: { text: string; hash: string; matches: boolean }[];
}

interface NativeBcrypt {
  gen_salt(...args: unknown[]): unknown;
  encrypt(...args: unknown[]): unknown;
  encrypt_sync(...args: unknown[]): unknown;
  compare(...args: unknown[]): unknown;
  compare_sync(...args: unknown[]): unknown;
}

// What bcrypt's JavaScript calls, however an app imports it and whichever of its functions it uses.
const require = createRequire(createRequire(import.meta.url).resolve("bcrypt"));
const native: NativeBcrypt = require("node-gyp-build")(
  dirname(require.resolve("bcrypt/package.json")),
);

// This module is evaluated anew for every run, and bcrypt is not.
const counted = Symbol.for("workshop.hashes");
const underWay: { hashes: number; salts: number } = Reflect.get(native, counted) ?? countHashes();

function countHashes(): { hashes: number; salts: number } {
  const underWay = { hashes: 0, salts: 0 };
  // Each hands its result to a callback, in a thread that has to be there by then.
  const countCallsOf = <Name extends string>(
    owner: Record<Name, (...args: never[]) => unknown>,
    name: Name,
    what: keyof typeof underWay,
  ) => {
    const original = owner[name];
    owner[name] = ((...args: unknown[]) => {
      const done = args.at(-1);
      if (typeof done !== "function") return Reflect.apply(original, owner, args);
      underWay[what]++;
      const count = (...results: unknown[]) => {
        underWay[what]--;
        done(...results);
      };
      try {
        return Reflect.apply(original, owner, [...args.slice(0, -1), count]);
      } catch (error) {
        // An argument was refused at once: nobody calls back.
        underWay[what]--;
        throw error;
      }
    }) as typeof original;
  };
  for (const name of ["gen_salt", "encrypt", "compare"] as const) {
    countCallsOf(native, name, "hashes");
  }
  // A salt begins with random bytes, which wait for a thread of the pool as well.
  countCallsOf(crypto, "randomBytes", "salts");
  Reflect.set(native, counted, underWay);
  return underWay;
}

/** Whether something is being hashed in a thread of libuv's pool. */
export function isHashing(): boolean {
  return underWay.hashes > 0;
}

/** Waits for hashes that nobody waits for: a thread that ends in the middle of one takes the process with it. */
export async function hashesDone(): Promise<void> {
  while (underWay.hashes + underWay.salts > 0) await pause(1);
}

/** Counts the work of hashing that `action` causes: no clock is asked. */
export async function hashingDuring(action: () => Promise<unknown>): Promise<HashingWork> {
  const work: HashingWork = { iterations: 0, synchronous: [], texts: [], comparisons: [] };
  const restore: (() => void)[] = [];
  const watch = <Name extends string>(
    owner: Record<Name, (...args: never[]) => unknown>,
    name: Name,
    seen: (args: unknown[]) => void,
    returned = (_args: unknown[], _result: unknown) => {},
  ) => {
    const original = owner[name];
    owner[name] = function watched(this: unknown, ...args: unknown[]) {
      seen(args);
      const result: unknown = Reflect.apply(original, this, args);
      returned(args, result);
      return result;
    } as typeof original;
    restore.push(() => (owner[name] = original));
  };

  // Both take the text first, and then a salt or a hash: each names the cost.
  const count = ([, salt]: unknown[]) => (work.iterations += iterationsOf(salt));
  for (const name of ["encrypt", "compare"] as const) {
    const note = (args: unknown[]) => {
      count(args);
      if (name === "encrypt") work.texts.push(String(args[0]));
    };
    const compared = ([text, hash]: unknown[], matches: unknown) => {
      if (name !== "compare" || typeof matches !== "boolean") return;
      work.comparisons.push({ text: String(text), hash: String(hash), matches });
    };
    watch(native, name, (args) => {
      note(args);
      const done = args.pop() as (...results: unknown[]) => void;
      args.push((...results: unknown[]) => {
        compared(args, results[1]);
        done(...results);
      });
    });
    watch(
      native,
      `${name}_sync`,
      (args) => {
        note(args);
        work.synchronous.push(name === "encrypt" ? "hashSync" : "compareSync");
      },
      compared,
    );
  }
  for (const name of ["scryptSync", "pbkdf2Sync"] as const) {
    watch(crypto, name, () => work.synchronous.push(name));
  }
  // For those who import a function of node:crypto by its name.
  syncBuiltinESMExports();
  try {
    await action();
  } finally {
    for (const undo of restore) undo();
    syncBuiltinESMExports();
  }
  return work;
}

/** None for what is no hash or salt of its kind, such as $2y$ of PHP: bcrypt gives up at once. */
function iterationsOf(salt: unknown): number {
  const [, cost] = /^\$2[ab]\$(\d\d)\$[./A-Za-z0-9]{22}/.exec(String(salt)) ?? [];
  return cost === undefined ? 0 : 2 ** Number(cost);
}
