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
  /** The text that was judged; undefined when it could not be read. */
  source?: string | undefined;
  goals: GoalResult[];
  /** Why no goal could be judged, as a sentence or two. */
  fault?: string;
  /** The standing rules that were broken while the goals were judged, each as a message. */
  broken?: string[];
  /** Whether the file is still the starter. */
  untouched: boolean;
  printed: Printed[];
  durationMs: number;
  /** Whether goals are still being judged. */
  isSoFar?: boolean;
  /**
   * What failed after the goals were met: a rule or a trial of the step itself, or goals of the steps
   * before; undefined when nobody looked.
   */
  lost?: LostGoal[];
  /** The trials of a file that has lost nothing which could not be judged, each with the reason. */
  untried?: GoalResult[] | undefined;
}

/** A trial that failed, or a goal of an earlier step that a later file no longer meets. */
export interface LostGoal {
  step: StepEntry;
  goal: GoalEntry;
  message: string;
}

/** Whether every goal of the step that counts is met. */
export function meetsItsGoals({ goals, fault }: StepResult): boolean {
  return !fault && counted(goals).every(({ verdict }) => verdict === "met");
}

/** Whether the file meets the step's goals and has lost nothing of the steps before. */
export function isPassed(result: StepResult): boolean {
  return meetsItsGoals(result) && result.lost?.length === 0;
}

/** What to do next: the core before the hardening, and the TODOs in their order. */
export function firstOpen({ goals }: StepResult): GoalResult | undefined {
  const open = counted(goals)
    .filter(({ verdict }) => verdict !== "met")
    .toSorted(
      (a, b) =>
        Number(a.verdict === "not judged") - Number(b.verdict === "not judged") ||
        Number(a.goal.hardening ?? false) - Number(b.goal.hardening ?? false) ||
        a.goal.todo - b.goal.todo,
    );
  return open[0];
}

/** The goals that count: not the ones that are only shown or advised. */
export function counted(goals: readonly GoalResult[]): GoalResult[] {
  return goals.filter(({ goal }) => !goal.shown && !goal.advised);
}

/** Whether it is advice that was not taken. */
export function isUntaken({ goal, verdict }: GoalResult): boolean {
  return goal.advised === true && verdict === "unmet";
}
