import { expect, test } from "vitest";
import { steps } from "../../shared/runner/manifest.ts";
import { firstUnfinished, type Progress } from "../../shared/runner/progress.ts";
import { listSteps, renderProgress, renderWatch } from "../../shared/runner/render.ts";
import type { StepEntry } from "../../shared/runner/manifest.ts";
import type { StepResult } from "../../shared/runner/result.ts";

const paper = { columns: 200, color: false };
const core = steps.filter(({ bonus }) => !bonus);
const [bonus] = steps.filter((step) => step.bonus) as [StepEntry];
const passedCore: Progress = {
  version: 1,
  steps: Object.fromEntries(core.map(({ slug }) => [slug, { passed: "a file", hints: {} }])),
};

test("a bonus comes after the core", () => {
  expect(steps.slice(0, core.length)).toEqual(core);
  expect(firstUnfinished({ version: 1, steps: {} })).toBe(core[0]);
  expect(firstUnfinished(passedCore)).toBe(bonus);
});

test("progress names the bonus, and counts the core", () => {
  const rows = steps.map((step) => ({
    step,
    state: step.bonus ? ("open" as const) : ("passed" as const),
    hints: 0,
    current: step === bonus,
  }));
  const text = renderProgress(rows, paper);
  expect(text).toContain(`${core.length} of ${core.length} steps passed.`);
  expect(text).toMatch(new RegExp(`${bonus.number} {2}${bonus.title} \\(bonus\\) +current`));
  expect(listSteps(() => "open")).toContain(`(${bonus.slug}, a bonus)`);
});

test("whoever has passed the core is offered the bonus, and nothing after it", () => {
  const last = core.at(-1) as StepEntry;
  expect(shownWhenPassed(last)).toContain(
    `Press n for a bonus, step ${bonus.number}: ${bonus.title}.`,
  );
  expect(shownWhenPassed(bonus)).toContain("That was the last step.");
  expect(shownWhenPassed(core[0] as StepEntry)).toContain("Then press n for step 2.");
});

function shownWhenPassed(step: StepEntry): string {
  const goals = step.goals.map((goal) => ({ goal, verdict: "met" as const }));
  const result: StepResult = {
    step,
    goals,
    untouched: false,
    printed: [],
    durationMs: 1,
    lost: [],
  };
  const idle = { running: false, savedMeanwhile: false, askedForDiff: false };
  return renderWatch({ step, result, ...idle, redis: "embedded" }, paper);
}
