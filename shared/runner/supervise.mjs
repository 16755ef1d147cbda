// Node.js itself can crash when a thread is ended that never came back, and another one starts:
// https://github.com/nodejs/node/issues/56312. What watches all day is started again then.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { constants } from "node:os";

const variable = "WORKSHOP_RUNNER";
const crashes = new Set(["SIGSEGV", "SIGBUS", "SIGILL", "SIGTRAP", "SIGABRT"]);
// A crash at every start is another fault.
const mostRestarts = 5;
const longLifeMs = 60_000;

/** Set by whoever started this process: the signal that ended the one before it, or nothing. */
const before = process.env[variable];
// The learner's app shall not find it.
delete process.env[variable];

/** Whether this process is started again when it crashes. */
export const isSupervised = before !== undefined;

/** The signal that ended the runner before this one, such as SIGSEGV. */
export const crashedWith = before || undefined;

/**
 * Runs a script in a process of its own, and once more whenever Node.js has crashed. Resolves to its exit
 * code.
 *
 * @param {string} script
 * @param {readonly string[]} args
 * @returns {Promise<number>}
 */
export async function supervise(script, args) {
  /** @type {import("node:child_process").ChildProcess | undefined} */
  let child;
  // What the keyboard sends reaches both.
  process.on("SIGINT", () => {});
  let isOver = false;
  for (const signal of ["SIGTERM", "SIGHUP"]) {
    process.on(signal, () => {
      isOver = true;
      child?.kill("SIGTERM");
    });
  }
  let ended = "";
  for (let restarts = 0; ; restarts++) {
    const start = performance.now();
    child = spawn(process.execPath, [...process.execArgv, script, ...args], {
      stdio: "inherit",
      env: { ...process.env, [variable]: ended },
    });
    const [code, signal] = await once(child, "exit");
    if (signal === null) return code;
    // Without its terminal, Node.js ends as in a crash.
    if (isOver) return 128 + constants.signals[/** @type {NodeJS.Signals} */ (signal)];
    if (performance.now() - start > longLifeMs) restarts = 0;
    if (!crashes.has(signal) || restarts === mostRestarts) {
      if (process.stdin.isTTY) process.stdin.setRawMode(false);
      const sentence = crashes.has(signal)
        ? `Node.js crashes again and again (${signal}). Another version of it may not: https://nodejs.org`
        : signal === "SIGKILL" &&
          "The runner was killed from outside, as a system does without memory.";
      if (sentence) process.stderr.write(`\n  ${sentence} Your file is as you saved it.\n\n`);
      return 128 + constants.signals[/** @type {NodeJS.Signals} */ (signal)];
    }
    ended = signal;
  }
}
