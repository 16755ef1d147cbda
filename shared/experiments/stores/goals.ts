import { readFileSync } from "node:fs";
import type { Engine } from "../../runner/engine/engine.ts";
import { steps, type StepEntry } from "../../runner/manifest.ts";
import { stepPaths } from "../../runner/paths.ts";
import { cookieFlags, type Variant } from "./variants.ts";

export interface JudgedGoal {
  step: StepEntry;
  goal: string;
  met: boolean;
  /** What was seen when it was not met. */
  note: string;
}

// What a goal takes to look into Redis, to hold its commands back, or to cut the wire to it.
const speaksOfRedis =
  /\{[^{}]*\b(redis|openRelay)\b[^{}]*\}\) =>|\.commands\.(hold|fail|sent)\b|\bsite\.redis\b|\{ redis \} = site|\bmember\(/;

/** The goals of a step that say nothing of Redis itself: by what their tests make use of. */
export function goalsOfAnyStore(step: StepEntry): string[] {
  const tests = readFileSync(stepPaths(step).test, "utf8").split(/^goal\(\s*/m);
  return step.goals
    .map(({ name }) => name)
    .filter((name) => {
      const test = tests.find((each) => each.startsWith(JSON.stringify(name)));
      if (!test) throw new Error(`No test of step ${step.number} is called "${name}".`);
      return !speaksOfRedis.test(test);
    });
}

/** Judges an app by these goals, of steps 2 to 6. */
export async function judge(engine: Engine, { name, source }: Variant): Promise<JudgedGoal[]> {
  const judged: JudgedGoal[] = [];
  for (const step of steps.filter(({ number }) => number >= 2 && number <= cookieFlags.number)) {
    const names = goalsOfAnyStore(step);
    if (names.length === 0) continue;
    const { goals, fault } = await engine.judgeGoals(step, source, {
      only: names,
      owner: cookieFlags,
    });
    if (fault) throw new Error(`The app on ${name} cannot be judged: ${fault}`);
    for (const { goal, verdict, message = "" } of goals) {
      if (!names.includes(goal.name)) continue;
      const [note = ""] = message.split("\n");
      judged.push({ step, goal: goal.name, met: verdict === "met", note });
    }
  }
  return judged;
}
