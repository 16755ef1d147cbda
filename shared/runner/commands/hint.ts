import { readHints } from "../hints.ts";
import type { Invocation } from "../invocation.ts";
import type { StepEntry } from "../manifest.ts";
import { loadProgress, saveStepProgress } from "../progress.ts";
import { renderNote } from "../render.ts";
import { firstOpen, isPassed, type StepResult } from "../result.ts";
import { trialsOf } from "../trials.ts";
import { UserError } from "../user-error.ts";

/**
 * `npm run hint [N]` judges the step, and shows the next hint for its first open goal;
 * `npm run hint 3.2` shows the next one for that TODO.
 */
export async function hint({ step, todo, paper, write }: Invocation): Promise<number> {
  if (todo !== undefined) {
    write(renderNote(hintFor(step, todo), paper));
    return 0;
  }
  const { withEngineUntilEnded } = await import("../with-engine-until-ended.ts");
  const result = await withEngineUntilEnded((engine, _redis, signal) =>
    engine.judge(step, { signal }),
  );
  write(renderNote(nextHint(step, result), paper));
  return 0;
}

/** The next of three hints for the first open goal's TODO. After the third it stays with it. */
export function nextHint(step: StepEntry, result: StepResult | undefined): string {
  if (!result) return "The goals are still running: a hint needs to know which one is open.";
  if (isPassed(result))
    return `Every goal of step ${step.number} is met: there is nothing to hint at.`;
  if (result.fault) return result.fault;
  const [lost] = result.lost ?? [];
  const open = lost ?? firstOpen(result);
  if (!open)
    return "The goals are met, and what no goal lists is still being tried: ask again in a moment.";
  const { name } = open.goal;
  if (trialsOf(step).some((trial) => trial.name === name)) return hintForTrial(step, name);
  // What was lost is taught where it was gained.
  if (lost) step = lost.step;
  // As long as nothing is met, a stub is begun at the beginning.
  const isStub = open.message?.includes("it is the stub");
  const begun = result.goals.some(({ verdict }) => verdict === "met");
  const todo = `${step.number}.${isStub && !begun ? 1 : open.goal.todo}`;
  return hintFor(step, todo, name);
}

/** A rule or a world is broken by a line of any TODO: its message is the hint. */
function hintForTrial(step: StepEntry, name: string): string {
  const [first] = readHints(step).keys();
  return `"${name}" belongs to no single TODO: the last lines of its message say why it matters, and what to do instead. Hints are for TODOs: npm run hint ${first}`;
}

function hintFor(step: StepEntry, todo: string, goal?: string): string {
  const all = readHints(step);
  const hints = all.get(todo);
  if (!hints) {
    throw new UserError(
      `Step ${step.number} has no TODO ${todo}. It has ${[...all.keys()].join(", ")}.`,
    );
  }
  const shown = loadProgress().progress.steps[step.slug]?.hints[todo] ?? 0;
  const level = Math.min(shown + 1, hints.length);
  const notSaved = saveStepProgress(step, (before) => ({
    ...before,
    hints: { ...before.hints, [todo]: level },
  }));
  const more = level < hints.length ? "Ask again for the next one." : "This is the last one.";
  return `Hint ${level} of ${hints.length} for TODO ${todo}${goal ? ` (${goal})` : ""}\n\n${hints[level - 1]}\n\n${notSaved ?? more}`;
}
