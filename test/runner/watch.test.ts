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

test("what stopped short says why until the goals run again, whatever is asked meanwhile", () => {
  const reason = "Redis does not answer.";
  const { lost: _, ...untried } = judged("met");
  for (const before of [[], [{ type: "goals met", result: untried }]] as WatchEvent[][]) {
    const stopped = after(...before, { type: "stopped short", reason });
    const [asked, actions] = update(stopped, { type: "key", key: "h" });
    expect([asked.note?.text, actions]).toEqual([reason, []]);
    expect(update(asked, { type: "saved" })[0].note).toBeUndefined();
  }
});

test("trouble with the progress file goes with the next save that is kept, and hides no other notice", () => {
  const noticed: WatchEvent = { type: "noticed", text: "No watchers." };
  const full = after(noticed, { type: "progress kept", trouble: "The disk is full." });
  const screen = renderWatch({ ...full, redis: "embedded" }, { columns: 80, color: false });
  expect(screen).toContain("The disk is full.");
  expect(screen).toContain("No watchers.");
  const [kept] = update(full, { type: "progress kept", trouble: undefined });
  const later = renderWatch({ ...kept, redis: "embedded" }, { columns: 80, color: false });
  expect(later).not.toContain("The disk is full.");
  expect(later).toContain("No watchers.");
});
