import { setFlagsFromString } from "node:v8";
import { Worker } from "node:worker_threads";

// A loop that V8 optimizes while it runs may lose the place where it can be interrupted: from Node.js 24
// on, one around `new Array(1000).fill(0)` can neither be paused nor ended. Interpreted loops can. What
// is judged takes no longer by that.
setFlagsFromString("--no-use-osr");

/** A run of all goals takes a fifth of it. */
export const threadMemoryBytes = 512 * 1024 * 1024;

/** @type {Worker | undefined} */
let prepared;
let forget = () => {};

/**
 * Starts a thread for the goals while its owner still loads vitest: they have a core each.
 *
 * @param {(error: unknown) => void} onError When it ends before anybody took it.
 */
export function prepareThread(onError) {
  prepared ??= startThread();
  prepared.once("error", onError);
  forget = () => prepared?.off("error", onError);
  // A command that ends without it ends at once.
  prepared.unref();
}

/** A thread that runs goals: the prepared one, once, or a new one. */
export function takeThread() {
  forget();
  const thread = prepared ?? startThread();
  prepared = undefined;
  thread.ref();
  return thread;
}

/**
 * What each thread counts up, by threads.
 *
 * @type {WeakMap<Worker, Int32Array>}
 */
const counters = new WeakMap();

/**
 * A number that changes as long as a thread gets on: requests come to its apps, and are answered.
 *
 * @param {Worker} thread
 */
export function progressOf(thread) {
  const counter = counters.get(thread);
  return counter ? Atomics.load(counter, 0) : 0;
}

function startThread() {
  const progress = new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT);
  const thread = new Worker(new URL("thread.mjs", import.meta.url), {
    env: {
      ...process.env,
      // What vitest tells its own workers.
      NODE_ENV: "test",
      TEST: "true",
      VITEST: "true",
      VITEST_MODE: "RUN",
      // express-session warns past the verdict, of a line that is not the learner's.
      NO_DEPRECATION: "express-session",
    },
    execArgv: [],
    workerData: { progress },
    resourceLimits: { maxOldGenerationSizeMb: threadMemoryBytes / 1024 / 1024 },
  });
  counters.set(thread, new Int32Array(progress));
  return thread;
}
