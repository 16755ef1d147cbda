import type { KeySpace } from "../redis/key-space.ts";
import type { SentCommand } from "./commands.ts";
import type { Site } from "./site.ts";

/** What a request costs Redis, whatever the machine. */
interface Work {
  commands: readonly SentCommand[];
  /** The commands with their arguments, and the characters that the keys they name hold. */
  size: number;
}

/** What adds to a key at an end, or says when it ends, and reads nothing of what there is. */
const adds = /^(lpush|rpush|ltrim|xadd|p?expire)$/i;
const drops = /^(ltrim|xtrim|zremrangebyrank|zpopmin|lpop|rpop|spop)$/i;

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
  const looked = commands.filter(({ name }) => !adds.test(name)).flatMap(({ args }) => args);
  const keys = new Set(looked.map((word) => word.replace(redis.prefix, "")));
  const held = [...keys].map((key) => contents.get(key)?.length ?? 0);
  return { commands, size: words.length + held.reduce((sum, length) => sum + length, 0) };
}

/** The first key that holds at least that many characters more than it did before, and has no bound. */
export function grownKey(
  before: ReadonlyMap<string, string>,
  after: ReadonlyMap<string, string>,
  by: number,
  isKeptShort = (_name: string) => false,
): { name: string; value: string } | undefined {
  for (const [name, value] of after) {
    if (isKeptShort(name)) continue;
    const earlier = before.get(name);
    if (earlier !== undefined && value.length >= earlier.length + by) return { name, value };
  }
  return undefined;
}

/** Tells whether an app itself keeps a key short: of a list, a set or a stream, it drops what is too much. */
export function keptShortBy(
  { commands }: Pick<Site, "commands">,
  { prefix }: KeySpace,
): (name: string) => boolean {
  return (name) =>
    commands.sent.some(
      ({ name: command, args, script = "" }) =>
        args.includes(prefix + name) &&
        (drops.test(command) ||
          (/^xadd$/i.test(command) && args.some((arg) => /^(maxlen|minid)$/i.test(arg))) ||
          /["'](ltrim|xtrim|zremrangebyrank|maxlen|minid)["']/i.test(script)),
    );
}
