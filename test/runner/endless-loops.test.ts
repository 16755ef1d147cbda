import { setTimeout as sleep } from "node:timers/promises";
import { Worker } from "node:worker_threads";
import { expect, onTestFinished, test } from "vitest";
import { watchForEndlessLoops, type Standing } from "../../shared/runner/engine/endless-loops.ts";

const busyMs = 100;

/** A thread that never rests, and counts. */
function busyThread(): { thread: Worker; count: () => number } {
  const counter = new Int32Array(new SharedArrayBuffer(4));
  const code = `const { workerData } = require("node:worker_threads");
    for (;;) Atomics.add(workerData, 0, 1);`;
  const thread = new Worker(code, { eval: true, workerData: counter });
  onTestFinished(async () => void (await thread.terminate()));
  return { thread, count: () => Atomics.load(counter, 0) };
}

test("a thread that neither rests nor gets on is in a loop", async () => {
  const { thread } = busyThread();
  const standings = await new Promise<Standing[]>((resolve) => {
    watchForEndlessLoops(thread, {
      busyMs,
      progress: () => 0,
      isLoop: (seen) => (resolve(seen), true),
    });
  });
  expect(standings).toHaveLength(2);
  expect(standings.map(({ frames }) => frames.length)).not.toContain(0);
});

test("a thread that gets on is in none, however busy it is", async () => {
  const { thread, count } = busyThread();
  let suspected = false;
  const watch = watchForEndlessLoops(thread, {
    busyMs,
    progress: count,
    isLoop: () => (suspected = true),
  });
  const enough = process.cpuUsage().user + 20 * busyMs * 1000;
  while (process.cpuUsage().user < enough) await sleep(50);
  watch.stop();
  expect(suspected).toBe(false);
});
