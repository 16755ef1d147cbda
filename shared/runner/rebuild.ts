import { relative } from "node:path";
import { withEngine } from "./engine/with-engine.ts";
import { readLearnersFile } from "./learners-file.ts";
import { steps, type StepEntry } from "./manifest.ts";
import { root } from "./paths.ts";
import { savePassed, setProgressAside } from "./progress.ts";
import { isStarter } from "./reference.ts";
import { isPassed } from "./result.ts";
import { UserError } from "./user-error.ts";

/**
 * Judges every step that is no longer the starter, and records those that pass, in a new progress file.
 *
 * @returns Where the one before is kept.
 * @throws {RedisUnavailable | UserError} when nothing can be judged or kept; then it stays in its place.
 */
export async function rebuildProgress(): Promise<string> {
  return withEngine(async (engine) => {
    const aside = setProgressAside();
    for (const step of steps) {
      if (isBegun(step) && isPassed(await engine.judge(step))) savePassed(step);
    }
    return relative(root, aside);
  });
}

function isBegun(step: StepEntry): boolean {
  try {
    return !isStarter(step, readLearnersFile(step));
  } catch (error) {
    // It is missing, say.
    if (error instanceof UserError) return false;
    throw error;
  }
}
