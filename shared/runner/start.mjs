// Where `npm run step` and its sisters begin. tsx lets Node read TypeScript, but its hooks look at
// every module that is loaded after them; the large packages, which need none of that, come first.
import module from "node:module";
import v8 from "node:v8";
import { prepareThread } from "./engine/warm-thread.mjs";

// From Node 22 on, compiled code is kept between runs.
/** @type {{ enableCompileCache?: () => void }} */ (module).enableCompileCache?.();

const [command = "step", argument = ""] = process.argv.slice(2);
// The hints of a TODO, as in `hint 3.2`, need no verdict.
if (command === "step" || (command === "hint" && !argument.includes("."))) {
  // Each save leaves garbage in the threads that stay, and V8 would let a heap grow to a multiple of
  // what it holds before it collects: now to half as much again.
  v8.setFlagsFromString("--heap-growing-percent=50");
  prepareThread();
  await Promise.all([import("vitest/node"), import("js-redis-server")]);
}
const { register } = await import("tsx/esm/api");
register();
await import("./main.ts");
