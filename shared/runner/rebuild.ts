import { relative } from "node:path";
import { learnersFileIfReadable } from "./learners-file.ts";
import { steps } from "./manifest.ts";
import { root } from "./paths.ts";
import { savePassed, setProgressAside } from "./progress.ts";
import { isStarter } from "./reference.ts";
import { isPassed, type StepResult } from "./result.ts";
import { withEngineUntilEnded } from "./with-engine-until-ended.ts";

/**
 * Judges every step that is no longer the starter, and records those that pass, in a new progress file.
 *
 * @returns Where the one before is kept.
 * @throws {RedisUnavailable | UserError} when nothing can be judged or kept; then it stays in its place.
 */
export async function rebuildProgress(): Promise<string> {
  return withEngineUntilEnded(async (engine, _redis, signal) => {
    const passed: StepResult[] = [];
    for (const step of steps) {
      const source = learnersFileIfReadable(step);
      if (source === undefined || isStarter(step, source)) continue;
      const result = await engine.judge(step, { signal });
      signal.throwIfAborted();
      if (isPassed(result)) passed.push(result);
    }
    const aside = setProgressAside();
    passed.forEach(savePassed);
    return relative(root, aside);
  });
}
