import { spawn } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { constants, setPriority } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { keepsakes } from "./keepsakes.ts";
import type { StepEntry } from "./manifest.ts";
import { root } from "./paths.ts";

// Who saves again at once wants the next verdict, and this answer no longer.
const beginsAfterMs = 200;

/** The type checker's errors, as `typeCheck` has them, for somebody whose next verdict must not wait. */
export async function typeCheckBehind(step: StepEntry, signal: AbortSignal): Promise<string[]> {
  await sleep(beginsAfterMs, undefined, { signal }).catch(() => {});
  return typeCheck(step, signal, constants.priority.PRIORITY_LOW);
}

/**
 * The type checker's errors in a step's app, one line each: `app.ts:41: Type 'number' is not …`.
 * Resolves to none when the checker cannot be run: it advises, it does not judge.
 *
 * @param signal Ends the check when its answer is no longer wanted.
 * @param priority For the operating system, when it is another one than usual.
 */
export async function typeCheck(
  { slug }: StepEntry,
  signal: AbortSignal,
  priority?: number,
): Promise<string[]> {
  if (signal.aborted) return [];
  let project: string;
  try {
    project = projectOf(slug);
  } catch {
    // Nothing can be written here.
    return [];
  }
  return new Promise((resolve) => {
    const folder = `steps/${slug}/`;
    const checker = spawn(
      process.execPath,
      [
        join(root, "node_modules/typescript/bin/tsc"),
        "--singleThreaded",
        "--pretty",
        "false",
        "--project",
        project,
      ],
      { cwd: root, stdio: ["ignore", "pipe", "ignore"], signal },
    );
    if (checker.pid && priority !== undefined) setPriority(checker.pid, priority);
    let output = "";
    checker.stdout.setEncoding("utf8").on("data", (text: string) => (output += text));
    checker.on("error", () => resolve([]));
    checker.on("close", () => {
      const lines = output.split("\n").map((line) => line.trimEnd().replaceAll("\\", "/"));
      resolve(
        lines
          .filter((line) => line.startsWith(folder))
          .map((line) => line.slice(folder.length).replace(/\((\d+),\d+\): error TS\d+/, ":$1")),
      );
    });
  });
}

/** A project of the step's app alone: the whole workshop takes many times as long. */
function projectOf(slug: string): string {
  mkdirSync(keepsakes, { recursive: true });
  const file = join(keepsakes, `tsconfig.${slug}.json`);
  const files = [`../steps/${slug}/app.ts`, "../shared/app/types.ts"];
  writeFileSync(file, JSON.stringify({ extends: "../tsconfig.json", files, include: [] }));
  return file;
}
