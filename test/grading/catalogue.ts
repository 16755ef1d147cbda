import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type { StepEntry } from "../../shared/runner/manifest.ts";
import { root, stepPaths } from "../../shared/runner/paths.ts";

/** A wrong answer: the smallest edit of a step's solution that makes the mistake. */
export interface Mistake {
  name: string;
  /** What to find, exactly once, and what to put there. */
  edits: readonly (readonly [find: string, replace: string])[];
  /** The number of the step whose goal sees it, when that is an earlier one. */
  step?: number;
  /** The goal that must be unmet. */
  goal: string;
  /** What the first line of its message must contain. */
  says: string;
}

/** A right answer, written differently. */
export interface Alternative {
  name: string;
  source: string;
}

/** The catalogued mistakes of a step, in the order in which they are listed. */
export async function mistakesOf({ slug }: StepEntry): Promise<readonly Mistake[]> {
  const file = join(root, "test/mistakes", `${slug}.ts`);
  const module: { mistakes: readonly Mistake[] } = await import(pathToFileURL(file).href);
  return module.mistakes;
}

/** The files in `test/alternatives` that begin with the step's slug. */
export function alternativesOf({ slug }: StepEntry): Alternative[] {
  const folder = join(root, "test/alternatives");
  return readdirSync(folder)
    .filter((file) => file.startsWith(`${slug}-`))
    .toSorted()
    .map((file) => ({
      name: file.slice(slug.length + 1, -".ts".length).replaceAll("-", " "),
      source: readFileSync(join(folder, file), "utf8"),
    }));
}

/**
 * The solution with the mistake in it.
 *
 * @throws {Error} when an edit finds its text not at all or more than once, or changes nothing.
 */
export function withMistake(step: StepEntry, { name, edits }: Mistake): string {
  let source = readFileSync(stepPaths(step).solution, "utf8");
  for (const [find, replace] of edits) {
    const found = source.split(find).length - 1;
    if (found !== 1) {
      throw new Error(
        `${step.slug}, "${name}": the text of an edit stands ${found} times, not once:\n${find}`,
      );
    }
    if (find === replace) throw new Error(`${step.slug}, "${name}" changes nothing:\n${find}`);
    source = source.replace(find, () => replace);
  }
  return source;
}
