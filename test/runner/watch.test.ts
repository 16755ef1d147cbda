import { expect, test } from "vitest";
import { steps, type StepEntry } from "../../shared/runner/manifest.ts";
import { renderWatch } from "../../shared/runner/render.ts";
import type { StepResult } from "../../shared/runner/result.ts";
import { update, watching, type WatchEvent, type WatchState } from "../../shared/runner/watch.ts";

const step = steps[0] as StepEntry;

function after(...events: WatchEvent[]): WatchState {
  return events.reduce((state, event) => update(state, event)[0], watching(step)[0]);
}

function judged(verdict: "met" | "unmet"): StepResult {
  const goals = step.goals.map((goal) => ({ goal, verdict }));
  return { step, goals, lost: [], untouched: false, printed: [], durationMs: 1 };
}

test("the question whether to show the solution goes when the first verdict answers it", () => {
  const asked = after({ type: "key", key: "d" });
  expect(asked.note?.text).toMatch(/Press y to see it/);
  const passed = after({ type: "key", key: "d" }, { type: "ran", result: judged("met") });
  expect([passed.note, passed.askedForDiff]).toEqual([undefined, false]);
  const met = after({ type: "key", key: "d" }, { type: "goals met", result: judged("met") });
  expect(met.note).toBeUndefined();
});

test("it stays while the step is open, and y answers it", () => {
  const open = after({ type: "key", key: "d" }, { type: "ran", result: judged("unmet") });
  expect(open.note?.text).toMatch(/Press y to see it/);
  expect(update(open, { type: "key", key: "y" })[1]).toMatchObject([{ type: "diff" }]);
});

test("a peculiarity of the machine stays through runs", () => {
  const state = after(
    { type: "noticed", text: "No watchers." },
    { type: "saved" },
    { type: "ran", result: judged("met") },
  );
  expect(state.notice).toBe("No watchers.");
});

test("an unmet goal is shown at once, without a count, and the run goes on", () => {
  const [before] = watching(step);
  const soFar = { ...judged("unmet"), isSoFar: true };
  const [state, actions] = update(before, { type: "goal unmet", result: soFar });
  expect([state.running, actions]).toEqual([true, []]);
  const screen = renderWatch({ ...state, redis: "embedded" }, { columns: 80, color: false });
  expect(screen).toMatch(/✗ /);
  expect(screen).toMatch(/Running the goals/);
  expect(screen).not.toMatch(/goals met/);
});
