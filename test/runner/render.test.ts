import { expect, test } from "vitest";
import { steps, type StepEntry } from "../../shared/runner/manifest.ts";
import { renderStep } from "../../shared/runner/render.ts";

const step = steps[0] as StepEntry;

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
