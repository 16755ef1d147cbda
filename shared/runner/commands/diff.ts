import { createInterface } from "node:readline/promises";
import { createTwoFilesPatch } from "diff";
import type { Invocation } from "../invocation.ts";
import type { StepEntry } from "../manifest.ts";
import { loadProgress, stateOf } from "../progress.ts";
import { renderDiff, renderNote } from "../render.ts";
import { readLearnersFile } from "../learners-file.ts";
import { readReference } from "../reference.ts";
import { UserError } from "../user-error.ts";

/** `npm run diff [N]`: the learner's file against the solution; asks before it gives it away. */
export async function diff({ step, paper, yes, write }: Invocation): Promise<number> {
  const passed = stateOf(step, loadProgress().progress) !== "open";
  if (!passed && !yes) {
    const question = `Step ${step.number} is not passed yet, and this shows its solution.`;
    if (!process.stdin.isTTY || !process.stdout.isTTY) {
      throw new UserError(
        `${question} To see it all the same: npm run diff ${step.number} -- --yes`,
      );
    }
    const terminal = createInterface({ input: process.stdin, output: process.stdout });
    // Ctrl-C and Ctrl-D mean no.
    const answer = await terminal
      .question(`\n  ${question} Show it? [y/N] `)
      .catch(() => "")
      .finally(() => terminal.close());
    if (!/^y(es)?$/i.test(answer.trim())) {
      write(renderNote(`Not shown. For a hint: npm run hint ${step.number}`, paper));
      return 0;
    }
  }
  write(renderDiff(solutionDiff(step), paper));
  return 0;
}

/** What would turn the learner's file into the solution, as a unified diff. */
export function solutionDiff(step: StepEntry): string {
  const mine = readLearnersFile(step);
  const reference = readReference(step, "solution");
  if (mine === reference) return "Your file and the solution are the same, byte for byte.";
  // Git and editors on Windows end lines in their own way; that is no difference.
  const [ours, theirs] = [withPlainLines(mine), withPlainLines(reference)];
  if (ours === theirs) return "Your file and the solution are the same, but for the line endings.";
  return createTwoFilesPatch(
    `steps/${step.slug}/app.ts`,
    `solutions/${step.slug}/app.ts`,
    ours,
    theirs,
    "yours",
    "the solution",
  );
}

function withPlainLines(text: string): string {
  return text.replaceAll("\r\n", "\n");
}
