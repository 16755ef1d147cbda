import { workerData } from "node:worker_threads";

const { progress } = (workerData ?? {}) as { progress?: unknown };
const counter = progress instanceof SharedArrayBuffer ? new Int32Array(progress) : undefined;

/** Tells whoever watches this thread that it gets on: a request has come to an app, or is answered. */
export function noteProgress(): void {
  if (counter) Atomics.add(counter, 0, 1);
}
