import { expect, test } from "vitest";
import { nextHint } from "../../shared/runner/commands/hint.ts";
import { findStep, type StepEntry } from "../../shared/runner/manifest.ts";
import type { StepResult } from "../../shared/runner/result.ts";
import { worlds } from "../../shared/runner/trials.ts";

const step = findStep("login") as StepEntry;
const met: StepResult = {
  step,
  goals: step.goals.map((goal) => ({ goal, verdict: "met" })),
  untouched: false,
  printed: [],
  durationMs: 0,
};

test("what fails in a world belongs to no TODO, and the hint says where to read", () => {
  const [goal] = worlds;
  const lost = [{ step, goal: goal!, message: "In the whole story, …" }];
  expect(nextHint(step, { ...met, lost })).toMatch(
    /^"In the whole story" belongs to no single TODO: .* npm run hint 3\.1$/,
  );
});

test("what is still being tried has no hint yet, and what is passed none", () => {
  expect(nextHint(step, met)).toMatch(/ask again in a moment/);
  expect(nextHint(step, { ...met, lost: [] })).toMatch(/nothing to hint at/);
});
