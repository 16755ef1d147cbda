import { readFileSync } from "node:fs";
import { join } from "node:path";
import { provideRedis, type RedisServer } from "../../shared/redis/server.ts";
import { Engine } from "../../shared/runner/engine/engine.ts";
import { steps, type StepEntry } from "../../shared/runner/manifest.ts";
import { counted, isPassed, type StepResult } from "../../shared/runner/result.ts";
import { stepOfSolution } from "./mutants.ts";

// https://stryker-mutator.io/docs/stryker-js/api/ has the whole contract; this is what it asks of us.
interface MutantRun {
  activeMutant: { id: string; fileName: string };
  /** The copy that holds all mutants of the file, each behind a switch. */
  sandboxFileName: string;
}

type MutantVerdict =
  | { status: "killed"; killedBy: string[]; failureMessage: string; nrOfTests: number }
  | { status: "survived"; nrOfTests: number };

interface ReferenceVerdict {
  status: "complete";
  tests: (
    | { id: string; name: string; timeSpentMs: number; status: typeof success }
    | {
        id: string;
        name: string;
        timeSpentMs: number;
        status: typeof failed;
        failureMessage: string;
      }
  )[];
}

const success = 0;
const failed = 1;

/**
 * A Stryker test runner whose tests are the goals of the steps. It keeps one warm engine, and has it
 * judge a mutated solution in place of the step's `app.ts`.
 */
export class GoalRunner {
  #redis!: RedisServer;
  #engine!: Engine;

  /** The engine evaluates a file anew for each run, so mutants of what runs at load are judged too. */
  capabilities() {
    return { reloadEnvironment: true };
  }

  async init(): Promise<void> {
    this.#redis = await provideRedis();
    this.#engine = await Engine.start(this.#redis.url);
  }

  /** All steps with no mutant switched on: Stryker goes on only when every goal is met. */
  async dryRun({ files = [] }: { files?: string[] }): Promise<ReferenceVerdict> {
    const tests: ReferenceVerdict["tests"] = [];
    for (const step of steps) {
      // With `--mutate`, the other steps have no mutants and need no reference.
      const file = files.find((each) => stepOfSolution(each) === step);
      if (!file) continue;
      const result = await this.#judge(step, join("solutions", step.slug, "app.ts"));
      for (const { goal, verdict, message = "" } of counted(result.goals)) {
        const id = idOf(step, goal.name);
        const test = { id, name: id, timeSpentMs: result.durationMs / result.goals.length };
        tests.push(
          verdict === "met" && !result.fault
            ? { ...test, status: success }
            : { ...test, status: failed, failureMessage: result.fault ?? message },
        );
      }
    }
    return { status: "complete", tests };
  }

  async mutantRun({ activeMutant, sandboxFileName }: MutantRun): Promise<MutantVerdict> {
    const step = stepOfSolution(activeMutant.fileName);
    if (!step) throw new Error(`${activeMutant.fileName} is the solution of no step.`);
    const result = await this.#judge(step, sandboxFileName, activeMutant.id);
    const nrOfTests = counted(result.goals).length;
    if (isPassed(result)) return { status: "survived", nrOfTests };
    const { goals, fault, lost = [] } = result;
    const open = [
      // A goal that was judged says more than those which could not be, and one that is only shown
      // stops nobody, so it kills nothing.
      ...counted(goals)
        .filter(({ verdict }) => verdict !== "met")
        .toSorted((a, b) => Number(b.verdict === "unmet") - Number(a.verdict === "unmet"))
        .map((each) => ({ ...each, step })),
      ...lost,
    ];
    return {
      status: "killed",
      killedBy: open.map((each) => idOf(each.step, each.goal.name)),
      failureMessage: fault ?? open[0]?.message ?? "",
      nrOfTests,
    };
  }

  async dispose(): Promise<void> {
    await this.#engine?.close();
    await this.#redis?.close();
  }

  #judge(step: StepEntry, file: string, mutant?: string): Promise<StepResult> {
    const switchOn = `globalThis.__stryker__ = ${JSON.stringify({ activeMutant: mutant })};`;
    return this.#engine.judge(step, { source: `${switchOn}\n${readFileSync(file, "utf8")}` });
  }
}

function idOf(step: StepEntry, goal: string): string {
  return `step ${step.number}: ${goal}`;
}
