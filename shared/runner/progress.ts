import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { z } from "zod";
import { keepsakes, timestamp, whyNoAccess } from "./keepsakes.ts";
import { learnersFileIfReadable } from "./learners-file.ts";
import { steps, type StepEntry } from "./manifest.ts";
import type { StepResult } from "./result.ts";
import { UserError } from "./user-error.ts";

const StepProgress = z.object({
  /** The text that passed, as a fingerprint. */
  passed: z.string().optional(),
  /** How many hints were shown, by TODO: `{ "3.2": 1 }`. */
  hints: z.record(z.string(), z.int().min(1).max(3)).default({}),
});

const Progress = z.object({
  version: z.literal(1),
  steps: z.record(z.string(), StepProgress),
});

export type StepProgress = z.infer<typeof StepProgress>;
export type Progress = z.infer<typeof Progress>;

export interface LoadedProgress {
  progress: Progress;
  /** Why it cannot be read, and stays where it is. */
  trouble?: string;
  /** It can be read, and says nothing: it was cut off, or is of another version. */
  isDamaged?: boolean;
}

const file = join(keepsakes, "progress.json");

/** Reads the progress file. */
export function loadProgress(): LoadedProgress {
  const empty: Progress = { version: 1, steps: {} };
  if (!existsSync(file)) return { progress: empty };
  try {
    const parsed = Progress.safeParse(parseJson(readFileSync(file, "utf8")));
    if (parsed.success) return { progress: parsed.data };
    const trouble = "Your progress file is damaged. The next command judges what you wrote anew.";
    return { progress: empty, trouble, isDamaged: true };
  } catch (error) {
    return { progress: empty, trouble: `Your progress cannot be read: ${whyNoAccess(error)}` };
  }
}

/**
 * Puts the progress file aside, where it is not lost, and returns the place.
 *
 * @throws {UserError} when it cannot be moved.
 */
export function setProgressAside(): string {
  const aside = join(keepsakes, `progress.damaged-${timestamp()}.json`);
  try {
    renameSync(file, aside);
  } catch (error) {
    throw new UserError(`It cannot be put aside: ${whyNoAccess(error)}`);
  }
  return aside;
}

/**
 * Changes one step's progress. The file is read anew first, so that two runners on two steps do not
 * undo each other, and replaced as a whole, so that nobody reads half of it.
 *
 * @returns Why it could not be saved, if so. Whatever was asked for is answered all the same.
 */
export function saveStepProgress(
  { slug }: StepEntry,
  change: (step: StepProgress) => StepProgress,
): string | undefined {
  const { progress, trouble } = loadProgress();
  // What cannot be read is not replaced either.
  if (trouble) return trouble;
  const changed: Progress = {
    ...progress,
    steps: { ...progress.steps, [slug]: change(progress.steps[slug] ?? { hints: {} }) },
  };
  const draft = `${file}.${process.pid}`;
  try {
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(draft, `${JSON.stringify(changed, null, 2)}\n`);
    renameSync(draft, file);
    return undefined;
  } catch (error) {
    if (existsSync(draft)) rmSync(draft);
    return `Your progress is not saved: ${whyNoAccess(error)}`;
  }
}

export type StepState = "passed" | "changed since it passed" | "open";

/** Where a step stands, by what is in its file now. */
export function stateOf(step: StepEntry, progress: Progress): StepState {
  const passed = progress.steps[step.slug]?.passed;
  if (!passed) return "open";
  return passed === fingerprint(learnersFileIfReadable(step))
    ? "passed"
    : "changed since it passed";
}

/** The first step that was never passed; the last one when all were. */
export function firstUnfinished(progress: Progress): StepEntry {
  return (
    steps.find(({ slug }) => !progress.steps[slug]?.passed) ??
    (steps[steps.length - 1] as StepEntry)
  );
}

/**
 * Records that what was judged has passed. The file may have been saved once more since.
 *
 * @returns Why that could not be saved, if so.
 */
export function savePassed({ step, source }: StepResult): string | undefined {
  return saveStepProgress(step, (before) => ({ ...before, passed: fingerprint(source) }));
}

function fingerprint(source: string | undefined): string | undefined {
  return source === undefined ? undefined : createHash("sha256").update(source).digest("hex");
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
