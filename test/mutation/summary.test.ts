import { expect, test } from "vitest";
import { findStep } from "../../shared/runner/manifest.ts";
import type { Equivalent } from "./equivalent.ts";
import { mutantsIn, type MutationReport } from "./mutants.ts";
import { summaryOf } from "./summary.ts";

const source = 'const a = 1 + 2;\nconst b = f(\n  "x",\n);\n';
const sum = {
  mutatorName: "ArithmeticOperator",
  replacement: "1 - 2",
  location: { start: { line: 1, column: 11 }, end: { line: 1, column: 16 } },
};
const call = {
  mutatorName: "CallExpression",
  replacement: "undefined",
  location: { start: { line: 2, column: 11 }, end: { line: 4, column: 2 } },
};
const entry: Equivalent = {
  steps: [1],
  line: "const b = f(",
  original: 'f( "x", )',
  replacement: "undefined",
  reason: "b is never read.",
};

function report(sumStatus: string, callStatus: string): MutationReport {
  const mutants = [
    { ...call, status: callStatus, killedBy: callStatus === "Killed" ? ["0"] : [] },
    { ...sum, status: sumStatus, killedBy: sumStatus === "Killed" ? ["0"] : [] },
  ];
  return {
    files: { "solutions/01-memory-store/app.ts": { source, mutants } },
    testFiles: { "": { tests: [{ id: "0", name: "step 1: a second visit counts 2" }] } },
  };
}

test("a mutant knows its place, its text and what killed it", () => {
  const mutants = mutantsIn(report("Killed", "Survived"));
  expect(mutants).toMatchObject([
    {
      step: findStep("1"),
      place: "solutions/01-memory-store/app.ts:1",
      original: "1 + 2",
      outcome: "killed",
      because: "step 1: a second visit counts 2",
    },
    { line: "const b = f(", original: 'f(\n  "x",\n)', outcome: "survived" },
  ]);
});

test("all killed is clean; a survivor is not, and is shown", () => {
  expect(summaryOf(mutantsIn(report("Killed", "Killed")), []).isClean).toBe(true);
  const { text, isClean } = summaryOf(mutantsIn(report("Killed", "Survived")), []);
  expect(isClean).toBe(false);
  expect(text).toContain(
    'app.ts:2  CallExpression\n    const b = f(\n    - f( "x", )\n    + undefined',
  );
  expect(text).toMatch(/Mutation score: 50\.0 %: 1 of 2 killed, 1 survived, 0 equivalent$/);
});

test("an equivalent mutant counts neither way", () => {
  const { text, isClean } = summaryOf(mutantsIn(report("Killed", "Survived")), [entry]);
  expect(isClean).toBe(true);
  expect(text).toMatch(/100\.0 %: 1 of 1 killed, 0 survived, 1 equivalent$/);
});

test("an entry that fits nothing, or a mutant that is killed, is an error", () => {
  const stale = { ...entry, line: "const c = f(" };
  const survived = summaryOf(mutantsIn(report("Killed", "Survived")), [entry, stale]);
  expect(survived.isClean).toBe(false);
  expect(survived.text).toContain('in "const c = f(": of such mutants, step 1 has 0, not one.');
  const killed = summaryOf(mutantsIn(report("Killed", "Killed")), [entry]);
  expect(killed.isClean).toBe(false);
  expect(killed.text).toContain("a goal tells it apart (step 1: a second visit counts 2)");
});

test("an entry of a step that was not asked for is left alone", () => {
  const other = { ...entry, steps: [2] };
  expect(summaryOf(mutantsIn(report("Killed", "Killed")), [other]).isClean).toBe(true);
});

test("nothing judged is not clean", () => {
  expect(summaryOf([], []).isClean).toBe(false);
  expect(summaryOf(mutantsIn(report("Killed", "RuntimeError")), []).isClean).toBe(false);
});
