import { expect, test } from "vitest";
import { grownKey } from "../../shared/testing/work.ts";

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
