import { spawn, type ChildProcess } from "node:child_process";
import { EventEmitter, once } from "node:events";
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join, relative } from "node:path";
import { steps } from "../../shared/runner/manifest.ts";
import { root, stepPaths } from "../../shared/runner/paths.ts";

/**
 * A copy of the workshop to break things in. The packages are shared with the original; the files
 * of whoever runs the tests are never touched.
 *
 * @param name What its folder is called.
 */
export function copyWorkshop(name = "workshop"): { folder: string; remove(): void } {
  const place = mkdtempSync(join(tmpdir(), "workshop-"));
  const folder = join(place, name);
  const inCopy = (file: string) => join(folder, relative(root, file));
  const files = ["package.json", "package-lock.json", "tsconfig.json"];
  for (const part of ["steps", "solutions", "shared", ...files]) {
    // The experiments have packages of their own, if anybody has run one.
    const filter = (file: string) => basename(file) !== "node_modules";
    cpSync(join(root, part), join(folder, part), { recursive: true, filter });
  }
  // The steps of a clone may be solved.
  for (const step of steps) cpSync(inCopy(stepPaths(step).starter), inCopy(stepPaths(step).app));
  symlinkSync(join(root, "node_modules"), join(folder, "node_modules"), "junction");
  return {
    folder,
    remove: () => rmSync(place, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 }),
  };
}

export interface Ended {
  exitCode: number | null;
  /** Both streams, without colours. */
  output: string;
}

const patienceMs = 120_000;

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

export interface TerminalOptions {
  columns?: number;
  rows?: number;
  env?: Record<string, string>;
}

/** A command of the workshop in a pseudo-terminal, which `script` of util-linux provides. */
export class Terminal {
  readonly #child: ChildProcess;
  #output = "";
  #exitCode: number | null | undefined;
  readonly #changed = new EventEmitter();

  /** A command of the workshop's runner. */
  constructor(
    folder: string,
    args: readonly string[],
    options: TerminalOptions = {},
    command = `'${process.execPath}' shared/runner/start.mjs ${args.join(" ")}`,
  ) {
    const { columns = 100, rows = 50, env = {} } = options;
    this.#child = spawn(
      "script",
      ["-qefc", `stty cols ${columns} rows ${rows} && exec ${command}`, "/dev/null"],
      {
        cwd: folder,
        env: environment({ TERM: "xterm-256color", ...env }),
        stdio: ["pipe", "pipe", "inherit"],
      },
    );
    this.#child.stdout?.setEncoding("utf8").on("data", (text: string) => {
      this.#output += text;
      this.#changed.emit("change");
    });
    this.#child.on("error", (error) => {
      this.#output += `The pseudo-terminal does not start: ${error.message}`;
    });
    this.#child.on("close", (code) => {
      this.#exitCode = code;
      this.#changed.emit("change");
    });
  }

  /** Any other command. */
  static of(folder: string, command: string): Terminal {
    return new Terminal(folder, [], {}, command);
  }

  /** The process that judges: the one that the terminal runs starts it, and starts it again. */
  runnerPid(): number {
    return firstChildOf(firstChildOf(this.#child.pid));
  }

  /** The resident memory of the process that judges in megabytes, as Linux counts it. */
  memoryMb(): number {
    const status = readFileSync(`/proc/${this.runnerPid()}/status`, "utf8");
    const [, kb = "0"] = /VmRSS:\s+(\d+)/.exec(status) ?? [];
    return Math.round(Number(kb) / 1024);
  }

  /** A place in the output, for `showsAfter`. */
  mark(): number {
    return this.#output.length;
  }

  /** Waits until something appears that was not there at the mark. */
  async showsAfter(mark: number, pattern: RegExp): Promise<void> {
    await this.#until(
      () => pattern.test(plain(this.#output.slice(mark))),
      () => `${pattern} never appeared. Last screen:\n${this.screen}`,
    );
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

  /** Waits until the screen shows it: a text as it is, or what matches a pattern. */
  async shows(wanted: string | RegExp): Promise<string> {
    await this.#until(
      () => (typeof wanted === "string" ? this.screen.includes(wanted) : wanted.test(this.screen)),
      () => `${wanted} never appeared. Last screen:\n${this.screen}`,
    );
    return this.screen;
  }

  async exits(): Promise<number | null> {
    await this.#until(
      () => this.#exitCode !== undefined,
      () => `It never ended. Last screen:\n${this.screen}`,
    );
    return this.#exitCode ?? null;
  }

  async #until(holds: () => boolean, complaint: () => string): Promise<void> {
    const enough = AbortSignal.timeout(patienceMs);
    while (!holds()) {
      if (this.#exitCode !== undefined)
        throw new Error(`It ended with ${this.#exitCode}. ${complaint()}`);
      await once(this.#changed, "change", { signal: enough }).catch(() => {
        throw new Error(complaint());
      });
    }
  }

  close(): void {
    if (this.#exitCode === undefined) this.#child.kill("SIGKILL");
  }
}

function firstChildOf(pid: number | undefined): number {
  return parseInt(readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8"), 10);
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
