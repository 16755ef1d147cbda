import type { GoalEntry, StepEntry, Verdict } from "./manifest.ts";

/** How one goal was judged. */
export interface GoalResult {
  goal: GoalEntry;
  verdict: Verdict;
  /** Unmet: the whole message. Not judged: why. */
  message?: string;
}

/** Something that the app printed. */
export interface Printed {
  /** The goal that was being judged; undefined while the file was loaded. */
  goal: string | undefined;
  text: string;
}

/** One run of a step's goals against one file. */
export interface StepResult {
  step: StepEntry;
  goals: GoalResult[];
  /** Why no goal could be judged, as a sentence or two. */
  fault?: string;
  /** Whether the file is still the starter. */
  untouched: boolean;
  printed: Printed[];
  durationMs: number;
}

/** Whether every counted goal is met. */
export function isPassed({ goals, fault }: StepResult): boolean {
  return !fault && counted(goals).every(({ verdict }) => verdict === "met");
}

/** The goals that count: not the ones that are only shown. */
export function counted(goals: readonly GoalResult[]): GoalResult[] {
  return goals.filter(({ goal }) => !goal.shown);
}
