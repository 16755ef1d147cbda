import { parseArgs, type ParseArgsConfig } from "node:util";
import { RedisUnavailable } from "../shared/redis/server.ts";
import { loadEnvFile } from "../shared/runner/env-file.ts";
import { brokenPackages } from "../shared/runner/requirements.mjs";
import { UserError } from "../shared/runner/user-error.ts";

/**
 * Runs a command for contributors. Whatever it cannot work with, arguments, files or a Redis, is said
 * in a sentence, and the exit code is honest.
 *
 * @param run Gets what the command line holds, and returns the exit code.
 */
export async function command<Options extends NonNullable<ParseArgsConfig["options"]>>(
  usage: string,
  options: Options,
  run: (
    values: ReturnType<typeof parseArgs<{ options: Options; allowPositionals: true }>>["values"],
    positionals: readonly string[],
  ) => Promise<number>,
): Promise<void> {
  try {
    const passedOver = loadEnvFile();
    if (passedOver) console.error(passedOver);
    const { values, positionals } = parse(usage, options);
    process.exitCode = await run(values, positionals);
  } catch (error) {
    const sentence =
      error instanceof UserError || error instanceof RedisUnavailable
        ? error.message
        : brokenPackages(error);
    console.error(sentence ?? error);
    // Whatever was started would keep the process alive.
    process.exit(1);
  }
}

function parse<Options extends NonNullable<ParseArgsConfig["options"]>>(
  usage: string,
  options: Options,
) {
  try {
    return parseArgs({ options, allowPositionals: true });
  } catch (error) {
    const [reason] = (error instanceof Error ? error.message : String(error)).split(/[.;\n] ?/);
    throw new UserError(`${reason}. Try: ${usage}`);
  }
}

/**
 * A number that counts something.
 *
 * @throws {UserError} when it is none, or less than the least.
 */
export function countOf(option: string, text: string, least = 1): number {
  if (/^\d{1,6}$/.test(text) && Number(text) >= least) return Number(text);
  throw new UserError(
    `${option} takes a whole number from ${least} on, and not ${JSON.stringify(text)}.`,
  );
}
