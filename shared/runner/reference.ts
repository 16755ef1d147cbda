import { readFileSync } from "node:fs";
import { relative } from "node:path";
import { errorCode } from "./error-code.ts";
import type { StepEntry } from "./manifest.ts";
import { root, stepPaths } from "./paths.ts";
import { UserError } from "./user-error.ts";

/**
 * What the workshop brings along for a step: its starter, its solution or its hints.
 *
 * @throws {UserError} when it is missing or cannot be read.
 */
export function readReference(step: StepEntry, which: "starter" | "solution" | "hints"): string {
  const file = stepPaths(step)[which];
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    const code = errorCode(error);
    const name = relative(root, file);
    throw new UserError(`${name} cannot be read (${code}). Bring it back: git checkout ${name}`);
  }
}

/** Whether that is the step's starter still. No verdict needs to know. */
export function isStarter(step: StepEntry, code: string): boolean {
  try {
    return code === readReference(step, "starter");
  } catch {
    return false;
  }
}
