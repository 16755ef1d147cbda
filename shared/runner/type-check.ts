import { spawn } from "node:child_process";
import { join } from "node:path";
import type { StepEntry } from "./manifest.ts";
import { root } from "./paths.ts";

/**
 * The type checker's errors in a step's files, one line each, without the path of the project.
 * Resolves to none when the checker cannot be run: it advises, it does not judge.
 */
export function typeCheck({ slug }: StepEntry): Promise<string[]> {
  return new Promise((resolve) => {
    const tsc = spawn(
      process.execPath,
      [join(root, "node_modules/typescript/bin/tsc"), "--noEmit", "--pretty", "false"],
      { cwd: root, stdio: ["ignore", "pipe", "ignore"] },
    );
    let output = "";
    tsc.stdout.setEncoding("utf8").on("data", (text: string) => (output += text));
    tsc.on("error", () => resolve([]));
    tsc.on("close", () => {
      const lines = output.split("\n").map((line) => line.trimEnd().replaceAll("\\", "/"));
      resolve(
        lines
          .filter((line) => line.startsWith(`steps/${slug}/`))
          .map((line) =>
            line.replace(`steps/${slug}/`, "").replace(/\((\d+),\d+\): error TS\d+/, ":$1"),
          ),
      );
    });
  });
}
