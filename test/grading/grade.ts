import { readFileSync } from "node:fs";
import type { Engine } from "../../shared/runner/engine/engine.ts";
import { steps, type StepEntry } from "../../shared/runner/manifest.ts";
import { stepPaths } from "../../shared/runner/paths.ts";
import { isUntaken, meetsItsGoals, type StepResult } from "../../shared/runner/result.ts";
import { alternativesOf, mistakesOf, withMistake } from "./catalogue.ts";

/** Something to grade, and what is expected of it. */
export interface Candidate {
  step: StepEntry;
  kind: "solution" | "starter" | "mistake" | "alternative";
  name: string;
  source: string;
  /** The one goal that has to be judged for it, of its step or of one before. */
  goal?: { of: StepEntry; name: string };
  /** What is wrong with the verdicts, in a line; undefined when they are as they should be. */
  complaint(result: StepResult): string | undefined;
  /** Where the verdict shows, for the table: the goal that caught a mistake and what it said. */
  finding(result: StepResult): { goal: string; says: string };
}

/** Everything that the workshop claims to judge rightly. */
export async function candidatesOf(step: StepEntry): Promise<Candidate[]> {
  const { solution, starter } = stepPaths(step);
  const mistakes = await mistakesOf(step);
  return [
    right(step, "solution", "the reference", readFileSync(solution, "utf8")),
    {
      step,
      kind: "starter",
      name: "the starter",
      source: readFileSync(starter, "utf8"),
      complaint: (result) => result.fault ?? starterComplaint(result),
      finding: firstFinding,
    },
    ...alternativesOf(step).map(({ name, source }) => right(step, "alternative", name, source)),
    ...mistakes.map((mistake): Candidate => {
      const caught = (result: StepResult) =>
        result.goals.find(({ goal }) => goal.name === mistake.goal);
      return {
        step,
        kind: "mistake",
        name: mistake.name,
        source: withMistake(step, mistake),
        goal: {
          of: steps.find(({ number }) => number === mistake.step) ?? step,
          name: mistake.goal,
        },
        complaint(result) {
          const { verdict, message = "" } = caught(result) ?? {};
          if (verdict === undefined) return `There is no goal "${mistake.goal}".`;
          if (verdict !== "unmet") {
            return `Slipped through: "${mistake.goal}" is ${verdict}. ${message} ${result.fault ?? ""}`.trim();
          }
          if (firstLine(message).includes(mistake.says)) return undefined;
          return `The message of "${mistake.goal}" does not say "${mistake.says}", but: ${firstLine(message)}`;
        },
        finding: (result) => ({
          goal: mistake.goal,
          says: firstLine(caught(result)?.message ?? result.fault ?? ""),
        }),
      };
    }),
  ];
}

/**
 * Runs a candidate's goals, and adds what is wrong with the verdicts.
 *
 * @param lookBack Whether what is right has to meet the goals of the steps before as well.
 */
export async function grade(
  engine: Engine,
  candidate: Candidate,
  lookBack = candidate.kind === "solution",
): Promise<{ result: StepResult; complaint: string | undefined }> {
  const { step, source, goal } = candidate;
  const result = await (goal
    ? engine.judgeGoals(goal.of, source, { only: [goal.name] })
    : lookBack
      ? engine.judge(step, { source })
      : engine.judgeGoals(step, source));
  return { result, complaint: candidate.complaint(result) };
}

function right(
  step: StepEntry,
  kind: "solution" | "alternative",
  name: string,
  source: string,
): Candidate {
  return {
    step,
    kind,
    name,
    source,
    complaint(result) {
      const [advice] = kind === "solution" ? result.goals.filter(isUntaken) : [];
      if (advice) return `The reference does not take the advice: ${advice.message}`;
      if (meetsItsGoals(result) && !result.lost?.length) return undefined;
      const { goal, says } = firstFinding(result);
      return `Refused: "${goal}". ${says}`;
    },
    finding: firstFinding,
  };
}

function starterComplaint({ goals }: StepResult): string | undefined {
  const wrong = goals.filter(({ goal, verdict }) => goal.starter !== verdict);
  if (wrong.length === 0) return undefined;
  return wrong
    .map(({ goal, verdict }) => `"${goal.name}" is ${verdict}, declared ${goal.starter}`)
    .join("; ");
}

function firstFinding({ goals, fault, lost = [] }: StepResult): { goal: string; says: string } {
  const open =
    lost[0] ??
    goals.find(({ verdict }) => verdict === "unmet") ??
    goals.find(({ verdict }) => verdict !== "met");
  return { goal: open?.goal.name ?? "", says: firstLine(fault ?? open?.message ?? "") };
}

function firstLine(text: string): string {
  return text.split("\n")[0] ?? "";
}
