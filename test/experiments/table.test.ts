import { expect, test } from "vitest";
import { renderTable } from "../../shared/experiments/table.ts";

test("columns are as wide as their widest cell, and numbers stand at the right", () => {
  const table = renderTable([
    ["", "sessions", "JWT"],
    ["cookie bytes", "84", "1,342"],
    ["asked again", "no", "15 min"],
  ]);
  expect(table).toBe(
    [
      "|              | sessions | JWT    |",
      "|--------------|----------|--------|",
      "| cookie bytes |       84 |  1,342 |",
      "| asked again  | no       | 15 min |",
    ].join("\n"),
  );
});

test("a row of one cell is a heading, and does not widen its column", () => {
  const [, , heading = ""] = renderTable([["what", "a"], ["A"], ["b", "c"]]).split("\n");
  expect(heading).toBe("| **A** |     |");
});
