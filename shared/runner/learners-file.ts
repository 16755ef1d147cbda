import { readFileSync } from "node:fs";
import { errorCode } from "./error-code.ts";
import type { StepEntry } from "./manifest.ts";
import { stepPaths } from "./paths.ts";
import { decoded, encodingOf } from "./text.ts";
import { UserError } from "./user-error.ts";

/**
 * What the learner wrote in a step.
 *
 * @throws {UserError} when the file is missing, empty or cannot be read.
 */
export function readLearnersFile(step: StepEntry): string {
  const name = `steps/${step.slug}/app.ts`;
  const wayBack = `\`npm run reset ${step.number}\` brings the starter back.`;
  let bytes: Buffer;
  try {
    bytes = readFileSync(stepPaths(step).app);
  } catch (error) {
    const code = errorCode(error);
    if (code === "ENOENT") {
      throw new UserError(`${name} is missing. Was it renamed or deleted? ${wayBack}`);
    }
    if (code === "EISDIR") {
      throw new UserError(`${name} is a folder. Move it away; then ${wayBack}`);
    }
    throw new UserError(
      `${name} cannot be read (${code}). Does it belong to somebody else? ${wayBack}`,
    );
  }
  const encoding = encodingOf(bytes);
  if (encoding !== "utf-8") {
    throw new UserError(
      `${name} is saved as ${encoding.slice(0, 6).toUpperCase()}, and Node reads UTF-8. Save it in that encoding: editors show it below the text, or ask for it in "Save as".`,
    );
  }
  const source = decoded(bytes);
  if (source.trim() === "") throw new UserError(`${name} is empty. ${wayBack}`);
  return source;
}

/** The same; undefined when it cannot be read, which a run explains. */
export function learnersFileIfReadable(step: StepEntry): string | undefined {
  try {
    return readLearnersFile(step);
  } catch (error) {
    if (error instanceof UserError) return undefined;
    throw error;
  }
}
