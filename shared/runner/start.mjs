// Where `npm run step` and its sisters begin. tsx lets Node read TypeScript, but its hooks look at
// every module that is loaded after them; the large packages, which need none of that, come first.
import module from "node:module";
import { isatty } from "node:tty";
import { fileURLToPath } from "node:url";
import v8 from "node:v8";
import { prepareThread } from "./engine/warm-thread.mjs";
import { brokenPackages, obstacle } from "./requirements.mjs";
import { isSupervised, supervise } from "./supervise.mjs";

// From Node 22 on, compiled code is kept between runs.
/** @type {{ enableCompileCache?: () => void }} */ (module).enableCompileCache?.();

const [command = "step", argument = ""] = process.argv.slice(2);
// The hints of a TODO, as in `hint 3.2`, need no verdict.
const judges = command === "step" || (command === "hint" && !argument.includes("."));
const serves = command === "dev" || command === "demo";

const watches = command === "step" && isatty(0) && isatty(1);
if (watches && !isSupervised && !process.argv.includes("--once")) {
  process.exit(await supervise(fileURLToPath(import.meta.url), process.argv.slice(2)));
}
const why = obstacle();
if (why) refuse(why);
try {
  if (judges) {
    // Each save leaves garbage in the threads that stay, and V8 would let a heap grow to a multiple of
    // what it holds before it collects: now to half as much again.
    v8.setFlagsFromString("--heap-growing-percent=50");
    prepareThread(refuseError);
    await Promise.all([import("vitest/node"), import("js-redis-server")]);
  }
  // Its binary is missing more often than anything else.
  if (serves) await import("bcrypt");
  const { register } = await import("tsx/esm/api");
  register();
  await import("./main.ts");
} catch (error) {
  refuseError(error);
}

/** @param {unknown} error */
function refuseError(error) {
  const sentence = brokenPackages(error);
  if (!sentence) throw error;
  refuse(sentence);
}

/**
 * @param {string} sentence
 * @returns {never}
 */
function refuse(sentence) {
  process.stderr.write(`\n  ${sentence}\n\n`);
  process.exit(1);
}
