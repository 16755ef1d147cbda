// The thread that runs the goals. It speaks vitest's protocol for workers, and has loaded what never
// changes before the first goal asks for it.
import { parentPort } from "node:worker_threads";
import { init, runBaseTests, setupEnvironment } from "vitest/worker";

const port = parentPort;
if (!port) throw new Error("thread.mjs is the entry point of a worker thread.");

init({
  post: (response) => port.postMessage(response),
  on: (callback) => port.on("message", callback),
  off: (callback) => port.off("message", callback),
  runTests: (state, traces) => runBaseTests("run", state, traces),
  collectTests: (state, traces) => runBaseTests("collect", state, traces),
  setup: setupEnvironment,
});

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
