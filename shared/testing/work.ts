import type { KeySpace } from "../redis/key-space.ts";
import type { SentCommand } from "./commands.ts";
import type { Site } from "./site.ts";

/** What a request costs Redis, whatever the machine. */
export interface Work {
  commands: readonly SentCommand[];
  /** The commands with their arguments, and the characters that the keys they name hold. */
  size: number;
}

/** Counts what the app asks Redis for while it answers a request. */
export async function workOf(
  site: Site,
  redis: KeySpace,
  request: () => Promise<unknown>,
): Promise<Work> {
  const contents = await redis.contents();
  const before = site.commands.sent.length;
  await request();
  await site.commands.quiet();
  const commands = site.commands.sent.slice(before);
  const words = commands.flatMap(({ name, args }) => [name, ...args]);
  const keys = new Set(words.map((word) => word.replace(redis.prefix, "")));
  const held = [...keys].map((key) => contents.get(key)?.length ?? 0);
  return { commands, size: words.length + held.reduce((sum, length) => sum + length, 0) };
}

/** The first key that holds at least that many characters more than it did before. */
export function grownKey(
  before: ReadonlyMap<string, string>,
  after: ReadonlyMap<string, string>,
  by: number,
): { name: string; value: string } | undefined {
  for (const [name, value] of after) {
    const earlier = before.get(name);
    if (earlier !== undefined && value.length >= earlier.length + by) return { name, value };
  }
  return undefined;
}

const drops = /^(ltrim|xtrim|zremrangebyrank|zpopmin|lpop|rpop|spop)$/i;

/** Whether the app itself keeps a key short: of a list, a set or a stream, it drops what is too much. */
export function isKeptShort(
  name: string,
  { prefix }: KeySpace,
  commands: readonly SentCommand[],
): boolean {
  return commands.some(
    ({ name: command, args, script = "" }) =>
      args.includes(prefix + name) &&
      (drops.test(command) ||
        (/^xadd$/i.test(command) && args.some((arg) => /^(maxlen|minid)$/i.test(arg))) ||
        /["'](ltrim|xtrim|zremrangebyrank|maxlen|minid)["']/i.test(script)),
  );
}
