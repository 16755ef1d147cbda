import { expect, test } from "vitest";
import type { CommandTap, SentCommand } from "../../shared/testing/commands.ts";
import type { KeySpace } from "../../shared/redis/key-space.ts";
import { grownKey, keptShortBy } from "../../shared/testing/work.ts";

const before = new Map([
  ["index", "a".repeat(10)],
  ["session", "b".repeat(50)],
]);

test("the first key that holds as much more is named, with what it holds", () => {
  const after = new Map([...before, ["index", "a".repeat(30)]]);
  expect(grownKey(before, after, 20)).toEqual({ name: "index", value: "a".repeat(30) });
  expect(grownKey(before, after, 21)).toBeUndefined();
});

test("what is new has not grown, and what shrinks neither", () => {
  const after = new Map([
    ["index", "a"],
    ["another session", "c".repeat(500)],
  ]);
  expect(grownKey(before, after, 1)).toBeUndefined();
});

test("a key is kept short by who drops the oldest of it", () => {
  const redis = { prefix: "run:" } as KeySpace;
  const sent = (name: string, ...args: string[]): SentCommand =>
    ({ name, args, during: "", shared: true, script: undefined }) as SentCommand;
  const isShort = (...commands: SentCommand[]) =>
    keptShortBy({ commands: { sent: commands } as unknown as CommandTap }, redis)("log");
  expect(isShort(sent("lpush", "run:log", "a"), sent("ltrim", "run:log", "0", "99"))).toBe(true);
  expect(isShort(sent("xadd", "run:log", "MAXLEN", "~", "1000", "*", "a", "b"))).toBe(true);
  expect(isShort(sent("xadd", "run:log", "*", "a", "b"))).toBe(false);
  expect(isShort(sent("lpush", "run:log", "a"), sent("ltrim", "run:other", "0", "99"))).toBe(false);
  const script = 'redis.call("LPUSH", KEYS[1], ARGV[1]) redis.call("LTRIM", KEYS[1], 0, 99)';
  expect(isShort({ ...sent("eval", script, "1", "run:log", "a"), script })).toBe(true);
});
