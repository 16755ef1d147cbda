import type { StepEntry } from "./manifest.ts";
import { readReference } from "./reference.ts";

/**
 * The hints of a step, by TODO: three each, from "where to look" to "almost the line".
 *
 * @throws {UserError} when they cannot be read.
 */
export function readHints(step: StepEntry): Map<string, string[]> {
  const byTodo = new Map<string, string[]>();
  let current: string[] = [];
  for (const line of readReference(step, "hints").split("\n")) {
    const heading = /^## TODO (\d\.\d)$/.exec(line.trim());
    if (heading?.[1]) byTodo.set(heading[1], (current = []));
    const item = /^\d\. (.*)$/.exec(line.trim());
    if (item?.[1]) current.push(item[1]);
  }
  return byTodo;
}
