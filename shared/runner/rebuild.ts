import { readFileSync, statSync } from "node:fs";
import { withEngine } from "./engine/with-engine.ts";
import { steps } from "./manifest.ts";
import { stepPaths } from "./paths.ts";
import { loadProgress, savePassed, type Progress } from "./progress.ts";
import { readReference } from "./reference.ts";
import { isPassed } from "./result.ts";

/** Judges every step that is no longer the starter, and records those that pass. */
export async function rebuildProgress(): Promise<Progress> {
  await withEngine(async (engine) => {
    for (const step of steps) {
      const { app } = stepPaths(step);
      if (!statSync(app, { throwIfNoEntry: false })?.isFile()) continue;
      if (readFileSync(app, "utf8") === readReference(step, "starter")) continue;
      if (isPassed(await engine.judge(step))) savePassed(step);
    }
  });
  return loadProgress().progress;
}
