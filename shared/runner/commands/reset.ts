import {
  constants,
  copyFileSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  writeFileSync,
} from "node:fs";
import { join, relative } from "node:path";
import { errorCode } from "../error-code.ts";
import type { Invocation } from "../invocation.ts";
import { keepsakes, timestamp, whyNoAccess } from "../keepsakes.ts";
import { root, stepPaths } from "../paths.ts";
import { saveStepProgress } from "../progress.ts";
import { readReference } from "../reference.ts";
import { renderNote } from "../render.ts";
import { UserError } from "../user-error.ts";

/** `npm run reset [N]`: the exact starter again. What it replaces is kept. */
export async function reset({ step, paper, write }: Invocation): Promise<number> {
  const { app } = stepPaths(step);
  const name = relative(root, app);
  const source = Buffer.from(readReference(step, "starter"));
  const present = existsSync(app);
  if (present && !lstatSync(app).isFile()) {
    throw new UserError(`${name} is no file. Move it away, then: npm run reset ${step.number}`);
  }
  let kept: string | undefined;
  try {
    if (present && readFileSync(app).equals(source)) {
      write(renderNote(`${name} is the starter already. Nothing to do.`, paper));
      return 0;
    }
    kept = present ? keep(app, step.slug) : undefined;
  } catch (error) {
    throw new UserError(
      `What you have in ${name} cannot be kept, so it stays: ${whyNoAccess(error)}`,
    );
  }
  try {
    mkdirSync(join(app, ".."), { recursive: true });
    writeFileSync(app, source);
  } catch (error) {
    const code = errorCode(error);
    throw new UserError(
      `${name} cannot be written (${code}). Is it read-only? Make it writable, then: npm run reset ${step.number}`,
    );
  }
  const notSaved = saveStepProgress(step, (before) => ({ ...before, hints: {} }));
  const where = kept
    ? ` What you had is kept. To have it back:\n\n  cp ${relative(root, kept)} ${name}`
    : "";
  write(renderNote(`${name} is the starter again.${where}`, paper));
  if (notSaved) write(renderNote(notSaved, paper));
  return 0;
}

/** Copies a file to where nothing is ever overwritten, and returns the place. */
function keep(file: string, slug: string): string {
  const folder = join(keepsakes, "kept");
  mkdirSync(folder, { recursive: true });
  const stem = join(folder, `${slug}-${timestamp()}`);
  for (let copy = 1; ; copy++) {
    const place = copy === 1 ? `${stem}.ts` : `${stem}-${copy}.ts`;
    try {
      copyFileSync(file, place, constants.COPYFILE_EXCL);
      return place;
    } catch (error) {
      if (errorCode(error) !== "EEXIST") throw error;
    }
  }
}
