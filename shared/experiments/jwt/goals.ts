import type { Engine } from "../../runner/engine/engine.ts";
import { findStep, type StepEntry } from "../../runner/manifest.ts";
import { revocation, type Variant } from "./variants.ts";

export type Mark = "met" | "unmet" | "n/a";

export interface JudgedGoal {
  step: StepEntry;
  goal: string;
  mark: Mark;
  /** Why a goal is not applicable, or what was seen when it was not met. */
  note: string;
}

/** What a login that can be ended has to do. */
export const judgedSteps = ["4", "5", "7"].map((number) => findStep(number) as StepEntry);

/** Judges an app by the goals of the steps, as if a learner had written it. */
export async function judge(engine: Engine, variant: Variant): Promise<JudgedGoal[]> {
  const judged: JudgedGoal[] = [];
  for (const step of judgedSteps) {
    const { goals, fault } = await engine.judgeGoals(step, variant.source, { owner: revocation });
    if (fault) throw new Error(`${variant.file} cannot be judged: ${fault}`);
    for (const { goal, verdict, message = "" } of goals) {
      const why = variant.notApplicable[goal.name];
      const [note = ""] = (why ?? message).split("\n");
      const mark = why !== undefined || verdict === "not judged" ? "n/a" : verdict;
      judged.push({ step, goal: goal.name, mark, note });
    }
  }
  return judged;
}
