import { spawn, type ChildProcess } from "node:child_process";
import { cpSync, mkdtempSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { steps } from "../../shared/runner/manifest.ts";
import { root, stepPaths } from "../../shared/runner/paths.ts";

/**
 * A copy of the workshop to break things in. The packages are shared with the original; the files
 * of whoever runs the tests are never touched.
 */
export function copyWorkshop(): { folder: string; remove(): void } {
  const folder = mkdtempSync(join(tmpdir(), "workshop-"));
  const inCopy = (file: string) => join(folder, relative(root, file));
  for (const part of ["steps", "solutions", "shared", "package.json", "tsconfig.json"]) {
    cpSync(join(root, part), join(folder, part), { recursive: true });
  }
  // The steps of a clone may be solved.
  for (const step of steps) cpSync(inCopy(stepPaths(step).starter), inCopy(stepPaths(step).app));
  symlinkSync(join(root, "node_modules"), join(folder, "node_modules"), "junction");
  return { folder, remove: () => rmSync(folder, { recursive: true, force: true }) };
}

export interface Ended {
  exitCode: number | null;
  /** Both streams, without colours. */
  output: string;
}

const patienceMs = 30_000;

/** Runs a command of the workshop through pipes, until it ends. */
export async function runPiped(
  folder: string,
  args: readonly string[],
  env: Record<string, string | undefined> = {},
): Promise<Ended> {
  const child = spawn(process.execPath, [join(folder, "shared/runner/start.mjs"), ...args], {
    cwd: folder,
    env: environment(env),
    stdio: ["ignore", "pipe", "pipe"],
    timeout: patienceMs,
    killSignal: "SIGKILL",
  });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (text: string) => (output += text));
  }
  const exitCode = await new Promise<number | null>((resolve) => child.on("close", resolve));
  return { exitCode, output: plain(output) };
}

/** A command of the workshop in a pseudo-terminal, which `script` of util-linux provides. */
export class Terminal {
  readonly #child: ChildProcess;
  #output = "";
  #exitCode: number | null | undefined;

  constructor(
    folder: string,
    args: readonly string[],
    {
      columns = 100,
      rows = 50,
      env = {},
    }: { columns?: number; rows?: number; env?: Record<string, string> } = {},
  ) {
    const command = `stty cols ${columns} rows ${rows} && exec '${process.execPath}' shared/runner/start.mjs ${args.join(" ")}`;
    this.#child = spawn("script", ["-qefc", command, "/dev/null"], {
      cwd: folder,
      env: environment({ TERM: "xterm-256color", ...env }),
      stdio: ["pipe", "pipe", "inherit"],
    });
    this.#child.stdout?.setEncoding("utf8").on("data", (text: string) => (this.#output += text));
    this.#child.on("close", (code) => (this.#exitCode = code));
  }

  get pid(): number {
    return this.#child.pid ?? -1;
  }

  /** What was written since the screen was last cleared, without colours. */
  get screen(): string {
    const output = this.#output;
    return plain(output.slice(Math.max(0, output.lastIndexOf("\u001b[2J"))));
  }

  /** Everything that was written, with control sequences. */
  get transcript(): string {
    return this.#output;
  }

  press(keys: string): void {
    this.#child.stdin?.write(keys);
  }

  /** Waits until the screen shows it. */
  async shows(pattern: RegExp): Promise<string> {
    const deadline = Date.now() + patienceMs;
    while (!pattern.test(this.screen)) {
      if (Date.now() > deadline)
        throw new Error(`${pattern} never appeared. Last screen:\n${this.screen}`);
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    return this.screen;
  }

  async exits(): Promise<number | null> {
    const deadline = Date.now() + patienceMs;
    while (this.#exitCode === undefined) {
      if (Date.now() > deadline) throw new Error(`It never ended. Last screen:\n${this.screen}`);
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    return this.#exitCode;
  }

  close(): void {
    if (this.#exitCode === undefined) this.#child.kill("SIGKILL");
  }
}

/** Without control sequences and carriage returns. */
function plain(text: string): string {
  // oxlint-disable-next-line no-control-regex -- these are what is to be removed
  return text.replaceAll(/\u001b\[[0-9;?]*[A-Za-z]/g, "").replaceAll("\r", "");
}

function environment(env: Record<string, string | undefined>): NodeJS.ProcessEnv {
  const {
    NO_COLOR: _noColor,
    FORCE_COLOR: _forceColor,
    CI: _ci,
    VITEST: _vitest,
    NODE_ENV: _nodeEnv,
    ...inherited
  } = process.env;
  return { ...inherited, ...env };
}
