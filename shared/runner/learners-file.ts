import { readFileSync } from "node:fs";
import type { StepEntry } from "./manifest.ts";
import { stepPaths } from "./paths.ts";
import { UserError } from "./user-error.ts";

/**
 * What the learner wrote in a step.
 *
 * @throws {UserError} when the file is missing, empty or cannot be read.
 */
export function readLearnersFile(step: StepEntry): string {
  const name = `steps/${step.slug}/app.ts`;
  const wayBack = `\`npm run reset ${step.number}\` brings the starter back.`;
  let source: string;
  try {
    source = readFileSync(stepPaths(step).app, "utf8");
  } catch (error) {
    const code = error instanceof Error && "code" in error ? String(error.code) : String(error);
    if (code === "ENOENT") {
      throw new UserError(`${name} is missing. Was it renamed or deleted? ${wayBack}`);
    }
    throw new UserError(`${name} cannot be read (${code}). ${wayBack}`);
  }
  if (source.trim() === "") throw new UserError(`${name} is empty. ${wayBack}`);
  return source;
}
