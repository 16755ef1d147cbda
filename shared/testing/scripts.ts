import { createHash } from "node:crypto";
import type { Command, Redis } from "ioredis";

/** A script as ioredis keeps it, by the name that `defineCommand` was given. */
interface DefinedScript {
  lua: string;
  sha: string;
}

const asksForTime = /\bredis\.p?call\s*\(\s*(["'])TIME\1\s*\)/gi;

/** The texts of the scripts that were sent so far, by their digests. */
const sent = new Map<string, string>();

/**
 * The text of the script that a command runs, also when it names it by its digest alone. Undefined when
 * it runs none, or when the text was never seen.
 */
export function scriptOf(
  name: string,
  [first = "", second = ""]: readonly string[],
  redis: Redis,
): string | undefined {
  switch (name.toLowerCase()) {
    case "script":
      note(second);
      return undefined;
    case "eval":
      return note(first);
    case "evalsha": {
      const defined: Record<string, DefinedScript> = Reflect.get(redis, "scriptsSet");
      return sent.get(first) ?? Object.values(defined).find(({ sha }) => sha === first)?.lua;
    }
    default:
      return undefined;
  }
}

/**
 * Has Redis share the time of the app, for which hours may have passed at once: in what it answers to TIME
 * and to a script that asks for it, and where a key is to end at a moment.
 *
 * @param script The text of the script that the command runs, if it runs one.
 */
export function shareTime(
  command: Command,
  script: string | undefined,
  aheadSeconds: number,
): void {
  if (aheadSeconds === 0) return;
  const moment = momentIn(command);
  if (moment) {
    command.args[moment.at] = String(
      Number(command.args[moment.at]) - aheadSeconds * moment.perSecond,
    );
  }
  if (command.name === "time") {
    const { resolve } = command;
    command.resolve = ([seconds, rest]: [Buffer, Buffer]) =>
      resolve([Buffer.from(String(Number(seconds) + aheadSeconds)), rest]);
  } else if (script && script.search(asksForTime) >= 0) {
    // Under its digest, Redis knows the script as it was.
    command.name = "eval";
    command.args[0] = script.replaceAll(
      asksForTime,
      `(function() local time = redis.call("TIME") time[1] = tostring(tonumber(time[1]) + ${aheadSeconds}) return time end)()`,
    );
  }
}

/** Where a command says when a key ends, if it names the moment and not how long it takes. */
function momentIn({ name, args }: Command): { at: number; perSecond: number } | undefined {
  if (/^p?expireat$/.test(name)) return { at: 1, perSecond: name === "pexpireat" ? 1000 : 1 };
  if (name !== "set" && name !== "getex") return undefined;
  const option = args.findIndex((arg, i) => i > 0 && /^[ep]xat$/i.test(String(arg)));
  if (option < 0) return undefined;
  return { at: option + 1, perSecond: /^p/i.test(String(args[option])) ? 1000 : 1 };
}

function note(text: string): string {
  sent.set(createHash("sha1").update(text).digest("hex"), text);
  return text;
}
