import crypto from "node:crypto";
import { createRequire } from "node:module";
import bcrypt, { compare, hashSync } from "bcrypt";
import * as everything from "bcrypt";
import { describe, expect, test } from "vitest";
import { containsHash, hashesDone, hashingDuring } from "../../shared/testing/hashes.ts";

const required: typeof bcrypt = createRequire(import.meta.url)("bcrypt");
const stored = hashSync("analytical engine", 5);

describe("the work is counted", () => {
  test.for<{ how: string; action: () => Promise<unknown>; iterations: number }>([
    { how: "compare", action: () => bcrypt.compare("x", stored), iterations: 32 },
    { how: "compare, by name", action: () => compare("x", stored), iterations: 32 },
    {
      how: "compare of a namespace",
      action: () => everything.compare("x", stored),
      iterations: 32,
    },
    { how: "compare of require", action: () => required.compare("x", stored), iterations: 32 },
    {
      how: "compare with a callback",
      action: () => new Promise((resolve) => bcrypt.compare("x", stored, resolve)),
      iterations: 32,
    },
    { how: "hash", action: () => bcrypt.hash("x", 6), iterations: 64 },
    {
      how: "hash with a salt of one's own",
      action: async () => bcrypt.hash("x", await bcrypt.genSalt(4)),
      iterations: 16,
    },
    {
      how: "several",
      action: async () => {
        await bcrypt.hash("x", 6);
        await Promise.all([bcrypt.compare("x", stored), bcrypt.compare("y", stored)]);
      },
      iterations: 128,
    },
    { how: "what is no hash", action: () => bcrypt.compare("x", "no hash"), iterations: 0 },
    { how: "half a hash", action: () => bcrypt.compare("x", "$2b$12$short"), iterations: 0 },
    { how: "nothing", action: async () => {}, iterations: 0 },
  ])("of $how", async ({ action, iterations }) => {
    expect(await hashingDuring(action)).toMatchObject({ iterations, synchronous: [] });
  });
});

test.for<[string, () => unknown]>([
  ["compareSync", () => bcrypt.compareSync("x", stored)],
  ["hashSync", () => hashSync("x", 5)],
  ["scryptSync", () => crypto.scryptSync("x", "salt", 16)],
  ["pbkdf2Sync", () => crypto.pbkdf2Sync("x", "salt", 1, 16, "sha256")],
])("%s keeps the thread", async ([name, action]) => {
  const { synchronous } = await hashingDuring(async () => action());
  expect(synchronous).toEqual([name]);
});

test("what is hashed anew is told, and what is compared is not", async () => {
  const { texts } = await hashingDuring(async () => {
    await bcrypt.hash("one", 4);
    hashSync("two", 4);
    await bcrypt.compare("three", stored);
  });
  expect(texts).toEqual(["one", "two"]);
});

test("afterwards nothing is watched, also when the action failed", async () => {
  const refused = hashingDuring(() => Promise.reject(new Error("halfway")));
  await expect(refused).rejects.toThrow("halfway");
  const work = await hashingDuring(async () => {});
  await bcrypt.compare("x", stored);
  expect(work.iterations).toBe(0);
});

test("a hash is found in any text", () => {
  expect(containsHash(JSON.stringify({ user: { passwordHash: stored } }))).toBe(true);
  expect(containsHash("$2 and 10$, $2b$")).toBe(false);
});

test("random bytes that are refused at once are not waited for", async () => {
  expect(() => crypto.randomBytes(-1, () => {})).toThrow(RangeError);
  await hashesDone();
});

test("a hash that nobody waits for is waited for", async () => {
  let done = false;
  void bcrypt.hash("a decoy", 8).then(() => (done = true));
  await hashesDone();
  expect(done).toBe(true);
});
