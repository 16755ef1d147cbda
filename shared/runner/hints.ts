import { existsSync, readFileSync } from "node:fs";
import type { StepEntry } from "./manifest.ts";
import { stepPaths } from "./paths.ts";

/** The hints of a step, by TODO: three each, from "where to look" to "almost the line". */
export function readHints(step: StepEntry): Map<string, string[]> {
  const { hints } = stepPaths(step);
  const byTodo = new Map<string, string[]>();
  if (!existsSync(hints)) return byTodo;
  let current: string[] = [];
  for (const line of readFileSync(hints, "utf8").split("\n")) {
    const heading = /^## TODO (\d\.\d)$/.exec(line.trim());
    if (heading?.[1]) byTodo.set(heading[1], (current = []));
    const item = /^\d\. (.*)$/.exec(line.trim());
    if (item?.[1]) current.push(item[1]);
  }
  return byTodo;
}
