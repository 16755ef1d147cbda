import { parseArgs } from "node:util";
import { RedisUnavailable } from "../redis/server.ts";
import { commands, helpFor, options, type Command, type Option } from "./commands/list.ts";
import { loadEnvFile } from "./env-file.ts";
import { findStep } from "./manifest.ts";
import type { Paper } from "./paper.ts";
import { firstUnfinished, loadProgress, stateOf, type Progress } from "./progress.ts";
import { listSteps, renderError, renderNote } from "./render.ts";
import { brokenPackages } from "./requirements.mjs";
import { UserError } from "./user-error.ts";

async function main(argv: readonly string[]): Promise<number> {
  const [name = "step", ...rest] = argv;
  const command = commands.get(name);
  if (!command && name !== "experiment") {
    throw new UserError(
      `There is no command "${name}". There are: ${[...commands.keys(), "experiment"].join(", ")}.`,
    );
  }
  const passedOver = loadEnvFile();
  if (passedOver) write(renderNote(passedOver, paper));
  // It is about no step.
  if (!command) return (await import("../experiments/experiment.ts")).experiment(rest, write);
  const { argument, help, ...given } = parse(name, command, rest);
  if (help) {
    write(renderNote(helpFor(name, command), paper));
    return 0;
  }
  const { progress: kept, trouble, isDamaged } = loadProgress();
  const progress = isDamaged ? await judgedAnew() : kept;
  if (trouble && !isDamaged) write(renderNote(trouble, paper));
  const todo = name === "hint" && /^\d\.\d$/.test(argument ?? "") ? argument : undefined;
  const wanted = todo?.split(".")[0] ?? argument;
  const step = wanted === undefined ? firstUnfinished(progress) : findStep(wanted);
  if (!step) {
    throw new UserError(
      `There is no step "${argument}". The steps are:\n\n${listSteps((each) => stateOf(each, progress))}\n\nTry: npm run ${name} 1`,
    );
  }
  const run = await command.load();
  return run({ step, todo, paper, ...given, write });
}

/** The progress that a damaged file no longer tells. */
async function judgedAnew(): Promise<Progress> {
  write(renderNote("Your progress file is damaged. Judging what you wrote anew …", paper));
  const { rebuildProgress } = await import("./rebuild.ts");
  try {
    const aside = await rebuildProgress();
    write(renderNote(`What it held is kept as ${aside}.`, paper));
  } catch (error) {
    if (!(error instanceof RedisUnavailable || error instanceof UserError)) throw error;
    const later = "The file stays as it is, and the next command tries again.";
    write(renderNote(`${error.message}\n${later}`, paper));
  }
  return loadProgress().progress;
}

function parse(name: string, { takes }: Command, args: readonly string[]) {
  try {
    const { values, positionals } = parseArgs({
      args: [...args],
      allowPositionals: true,
      options: { ...options, help: { type: "boolean", short: "h" } },
    });
    // npm keeps an option for itself when the `--` before it is forgotten.
    const isSet = (option: Option) =>
      values[option] ?? (takes.includes(option) && process.env[`npm_config_${option}`] === "true");
    const known = new Set<string>([...takes, "help"]);
    const unknown = Object.keys(values).find((option) => !known.has(option));
    if (unknown) throw new Error(`npm run ${name} does not take --${unknown}`);
    if (positionals.length > 1) {
      throw new UserError(
        `npm run ${name} takes one step, not ${positionals.length}: ${positionals.join(" ")}. Try: npm run ${name} ${positionals[0]}`,
      );
    }
    return {
      argument: positionals[0],
      help: values.help ?? false,
      once: isSet("once"),
      production: isSet("production"),
      trace: isSet("trace"),
      solution: isSet("solution"),
      yes: isSet("yes"),
    };
  } catch (error) {
    if (error instanceof UserError) throw error;
    const reason = error instanceof Error ? error.message.split(/[.;] /)[0] : String(error);
    throw new UserError(`${reason}. What it takes: npm run ${name} -- --help`);
  }
}

function write(text: string): void {
  process.stdout.write(`${text}\n`);
}

function paperOf(stream: NodeJS.WriteStream): Paper {
  const { NO_COLOR, FORCE_COLOR, TERM } = process.env;
  const color = NO_COLOR
    ? false
    : FORCE_COLOR
      ? FORCE_COLOR !== "0"
      : stream.isTTY && TERM !== "dumb";
  return { columns: stream.columns ?? 100, color };
}

const paper = paperOf(process.stdout);

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  process.exitCode = 1;
  const sentence =
    error instanceof UserError || error instanceof RedisUnavailable
      ? error.message
      : brokenPackages(error);
  if (sentence) {
    process.stderr.write(`${renderError(sentence, paper)}\n`);
  } else {
    console.error(error);
    process.stderr.write(
      `${renderError("This is a bug in the workshop, not in your code. Please open an issue with the lines above.", paper)}\n`,
    );
  }
}
// Whatever is still open was closed, and has not noticed yet.
setTimeout(() => process.exit(), 300).unref();
