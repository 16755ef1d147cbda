// The thread that runs the goals. It speaks vitest's protocol for workers, and has loaded what never
// changes before the first goal asks for it.
import { Server } from "node:net";
import { join, sep } from "node:path";
import { pathToFileURL } from "node:url";
import { parentPort } from "node:worker_threads";
import { init, runBaseTests, setupEnvironment } from "vitest/worker";

const port = parentPort;
if (!port) throw new Error("thread.mjs is the entry point of a worker thread.");

init({
  post: (response) => port.postMessage(response),
  on: (callback) => port.on("message", callback),
  off: (callback) => port.off("message", callback),
  runTests: (state, traces) => runAndCleanUp("run", state, traces),
  collectTests: (state, traces) => runAndCleanUp("collect", state, traces),
  setup: setupEnvironment,
});

// A thread cannot be ended by a signal: the runner would be, and npm with it. What vitest does for
// process.exit.
const { kill } = process;
process.kill = (pid, signal) => {
  if (signal !== 0 && (pid === process.pid || pid === process.ppid || pid <= 0)) {
    throw new Error("process.kill unexpectedly called");
  }
  return kill.call(process, pid, signal);
};

// What app.ts opens when it is loaded, no goal could close. The servers of the goals are opened by others.
const { listen } = Server.prototype;
const steps = join(import.meta.dirname, "../../../steps");
const learners = [steps + sep, `${pathToFileURL(steps).href}/`];
Server.prototype.listen = function (...args) {
  const frames = (new Error().stack ?? "").split("\n").filter((line) => !/\.test\.ts\b/.test(line));
  if (frames.some((line) => learners.some((folder) => line.includes(folder)))) {
    throw new Error("app.listen unexpectedly called");
  }
  return listen.apply(this, /** @type {Parameters<typeof listen>} */ (args));
};

/** @typedef {Parameters<typeof runBaseTests>[1]} State */
/** @typedef {Parameters<Parameters<State["onCancel"]>[0]>[0]} Reason */

/** Whether vitest calls `cancelRun` by now. */
let hearsCancels = false;
/** Cancels the run that is under way. @type {((reason: Reason) => unknown) | undefined} */
let cancelRun;

/**
 * vitest keeps the fixtures of a run, and with them the file that was judged, until its worker ends,
 * and what it calls when the run is cancelled. This one does not end: each run cleans up after itself.
 *
 * @param {"run" | "collect"} method
 * @param {State} state
 * @param {Parameters<typeof runBaseTests>[2]} traces
 */
async function runAndCleanUp(method, state, traces) {
  /** @type {(() => unknown)[]} */
  const cleanUps = [];
  state.onCleanup = (cleanUp) => void cleanUps.push(cleanUp);
  if (!hearsCancels) state.onCancel((reason) => cancelRun?.(reason));
  hearsCancels = true;
  /** @type {Reason | undefined} */
  let early;
  cancelRun = (reason) => (early = reason);
  state.onCancel = (cancel) => {
    cancelRun = cancel;
    if (early !== undefined) cancel(early);
  };
  try {
    await runBaseTests(method, state, traces);
  } finally {
    cancelRun = undefined;
    for (const cleanUp of cleanUps) await cleanUp();
  }
}

await Promise.all([
  import("vitest"),
  import("supertest"),
  import("express"),
  import("express-session"),
  import("connect-redis"),
  import("ioredis"),
  import("bcrypt"),
  import("zod"),
  import("tough-cookie"),
]);
