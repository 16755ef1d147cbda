import { parseArgs } from "node:util";
import { pathToFileURL } from "node:url";
import { join } from "node:path";
import { UserError } from "../runner/user-error.ts";
import { cleaningUp, type Cleanup } from "./cleanup.ts";
import { install } from "./packages.ts";

/** What an experiment gets. */
export interface Bench {
  cleanup: Cleanup;
  /** How long each load lasts, in seconds. */
  seconds: number;
  /** Tells what is going on. */
  say(text: string): void;
  /** Writes the result. */
  print(text: string): void;
}

export type Experiment = (bench: Bench) => Promise<void>;

const experiments = new Map([
  ["jwt", "sessions beside JWT: what each can end, and what each costs"],
  ["stores", "the app of step 6 on Redis, PostgreSQL and MongoDB"],
  ["scale", "the app of step 7 on a Redis Cluster, with processes that die"],
]);
const usage = "npm run experiment jwt";

/** `npm run experiment jwt`: measures something, and prints it as a table. */
export async function experiment(
  args: readonly string[],
  write: (text: string) => void,
): Promise<number> {
  const { name, seconds } = parse(args);
  return cleaningUp(async (cleanup) => {
    const say = (text: string) => void process.stderr.write(`  ${text}\n`);
    await install({ cleanup, say });
    if (cleanup.ended) return 1;
    // Not by a literal: the compiler of the workshop would follow it to packages that are not there.
    const file = pathToFileURL(join(import.meta.dirname, name, "experiment.ts")).href;
    const { run } = (await import(file)) as { run: Experiment };
    await run({ cleanup, seconds, say, print: write });
    return 0;
  });
}

function parse(args: readonly string[]): { name: string; seconds: number } {
  const { values, positionals } = options(args);
  const [name, ...more] = positionals;
  const list = [...experiments].map(([each, what]) => `\n  ${each.padEnd(8)}${what}`).join("");
  if (name === undefined || !experiments.has(name)) {
    const wrong = name === undefined ? "Which experiment?" : `There is no experiment "${name}".`;
    throw new UserError(`${wrong} There are:${list}\nTry: ${usage}`);
  }
  if (more.length > 0) {
    throw new UserError(`It takes one experiment, and not ${more.join(" ")} too. Try: ${usage}`);
  }
  const { seconds } = values;
  if (!/^\d{1,3}$/.test(seconds) || Number(seconds) < 1) {
    throw new UserError(
      `--seconds takes a whole number from 1 on, and not ${JSON.stringify(seconds)}. Try: ${usage} -- --seconds 3`,
    );
  }
  return { name, seconds: Number(seconds) };
}

function options(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      allowPositionals: true,
      options: { seconds: { type: "string", default: "3" } },
    });
  } catch (error) {
    const [reason] = (error instanceof Error ? error.message : String(error)).split(/[.;\n] ?/);
    throw new UserError(`${reason}. Try: ${usage} -- --seconds 3`);
  }
}
