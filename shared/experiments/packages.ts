import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { UserError } from "../runner/user-error.ts";
import type { Cleanup } from "./cleanup.ts";

/** Where the packages of the experiments are, apart from those of the workshop. */
export const packagesFolder = import.meta.dirname;

/** Whether the packages that the lockfile names are there; npm notes what it has installed, at the end. */
export function areInstalled(folder = packagesFolder): boolean {
  const note = join(folder, "node_modules/.package-lock.json");
  if (!existsSync(note)) return false;
  const [wanted, found] = [join(folder, "package-lock.json"), note].map(versionsIn);
  return Object.entries(wanted ?? {}).every(([name, version]) => found?.[name] === version);
}

/**
 * Installs them, unless they are there.
 *
 * @throws {UserError} when npm cannot.
 */
export async function install(
  { cleanup, say }: { cleanup: Cleanup; say(text: string): void },
  folder = packagesFolder,
): Promise<void> {
  if (areInstalled(folder)) return;
  say("Installing what the experiments need into shared/experiments/node_modules (50 MB, once) …");
  const npm = process.env.npm_execpath;
  const args = ["ci", "--no-fund", "--no-audit", "--loglevel=error"];
  const child = npm
    ? spawn(process.execPath, [npm, ...args], { cwd: folder })
    : spawn("npm", args, { cwd: folder, shell: process.platform === "win32" });
  cleanup.add(() => child.kill());
  let trouble = "";
  child.stdout.resume();
  child.stderr.setEncoding("utf8").on("data", (text: string) => (trouble += text));
  const exitCode: number | string = await once(child, "close").then(
    ([code]) => code,
    (error: Error) => error.message,
  );
  if (exitCode === 0) return;
  const reason = /^npm (?:error|ERR!) (?!code|errno|syscall)(.+)$/m.exec(trouble)?.[1] ?? exitCode;
  throw new UserError(
    `The packages of the experiments could not be installed (npm: ${reason}). They come from the npm registry, which takes a network. Once it is there, run the same command again.`,
  );
}

function versionsIn(lockfile: string): Record<string, string | undefined> {
  const { packages } = JSON.parse(readFileSync(lockfile, "utf8")) as {
    packages: Record<string, { version?: string; optional?: boolean }>;
  };
  return Object.fromEntries(
    Object.entries(packages)
      // What is optional may have been made for another system.
      .filter(([name, { optional }]) => name !== "" && !optional)
      .map(([name, { version }]) => [name, version]),
  );
}
