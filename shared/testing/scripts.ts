import { createHash } from "node:crypto";
import type { Redis } from "ioredis";

/** A script as ioredis keeps it, by the name that `defineCommand` was given. */
interface DefinedScript {
  lua: string;
  sha: string;
}

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

function note(text: string): string {
  sent.set(createHash("sha1").update(text).digest("hex"), text);
  return text;
}
