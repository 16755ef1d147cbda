import { expect, test } from "vitest";
import { steps, type StepEntry, type Verdict } from "../../shared/runner/manifest.ts";
import {
  firstOpen,
  isPassed,
  type GoalResult,
  type StepResult,
} from "../../shared/runner/result.ts";

const step = steps[0] as StepEntry;

function resultOf(...goals: [name: string, verdict: Verdict, todo: number, hardening?: true][]) {
  return {
    step,
    goals: goals.map(([name, verdict, todo, hardening]): GoalResult => ({
      goal: { name, todo, starter: "unmet", ...(hardening && { hardening }) },
      verdict,
    })),
    untouched: false,
    printed: [],
    durationMs: 1,
  } satisfies StepResult;
}

test("what comes next is unmet before not judged, core before hardening, and by TODO", () => {
  const goals: Parameters<typeof resultOf> = [
    ["not judged", "not judged", 1],
    ["hardening", "unmet", 1, true],
    ["second", "unmet", 2],
    ["first", "unmet", 1],
    ["done", "met", 1],
  ];
  for (const next of ["first", "second", "hardening", "not judged"]) {
    expect(firstOpen(resultOf(...goals))?.goal.name).toBe(next);
    for (const goal of goals) if (goal[0] === next) goal[1] = "met";
  }
  expect(firstOpen(resultOf(...goals))).toBeUndefined();
});

test("a step is passed when its goals are met and nothing was lost", () => {
  const met = resultOf(["done", "met", 1]);
  const lost = { step, goal: met.goals[0]!.goal, message: "Step 1 no longer holds." };
  expect(isPassed({ ...met, lost: [] })).toBe(true);
  expect(isPassed({ ...met, lost: [lost] })).toBe(false);
  expect(isPassed(met)).toBe(false);
  expect(isPassed({ ...met, lost: [], fault: "It does not compile." })).toBe(false);
});
