import { expect, test } from "vitest";
import { steps, type StepEntry } from "../../shared/runner/manifest.ts";
import { renderStep } from "../../shared/runner/render.ts";
import type { StepResult } from "../../shared/runner/result.ts";

const [step, second] = steps as [StepEntry, StepEntry];

test("equal lines that an app prints one after the other are shown once, with their number", () => {
  const text = renderStep(
    {
      result: {
        step,
        goals: step.goals.map((goal) => ({ goal, verdict: "unmet", message: "No." })),
        untouched: false,
        printed: [
          { goal: undefined, text: "again\nagain\nonce\n" },
          { goal: undefined, text: "again\n" },
        ],
        durationMs: 1,
      },
      redis: "embedded",
    },
    { columns: 80, color: false },
  );
  expect(text).toMatch(/Your app printed:\n +again \(2 times\)\n +once\n +again\n\n/);
});

test("advice that was not taken is explained, beside a step that is passed", () => {
  const text = renderStep(
    {
      result: {
        step: second,
        goals: second.goals.map((goal) =>
          goal.advised
            ? { goal, verdict: "unmet", message: "Advice: do." }
            : { goal, verdict: "met" },
        ),
        untouched: false,
        printed: [],
        durationMs: 1,
        lost: [],
      },
      redis: "embedded",
    },
    { columns: 80, color: false },
  );
  expect(text).toContain("! the cookie is prolonged with its session (advised, not counted)");
  expect(text).toMatch(/\n +Advice: do\.\n\n +9 of 9 goals met\. Step 2 is passed\./);
});

test("every line of a fault has the margin, and so has every line of what is not judged", () => {
  const result: StepResult = {
    step,
    goals: step.goals.map((goal) => ({ goal, verdict: "not judged", message: "One.\nTwo." })),
    untouched: false,
    printed: [],
    durationMs: 1,
  };
  for (const each of [result, { ...result, fault: "One.\nTwo." }]) {
    const text = renderStep({ result: each, redis: "embedded" }, { columns: 80, color: false });
    expect(text).toContain("\n  One.\n  Two.\n");
  }
});
