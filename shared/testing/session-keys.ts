import type { KeySpace } from "../redis/key-space.ts";
import { isOf } from "./commands.ts";
import type { Site } from "./site.ts";

/**
 * The key of the session that a request came with: the first one that the app looked up and found.
 * Its name is the app's own affair, as is what else the app keeps in Redis: a store may well make
 * the key from a hash of the id.
 *
 * @returns Without the prefix of the run; undefined when the app looked up none that exists.
 */
export async function sessionKeyOf(
  site: Site,
  redis: KeySpace,
  request: () => Promise<unknown>,
): Promise<string | undefined> {
  const before = site.commands.sent.length;
  await request();
  const stored = new Set(await redis.keys());
  const sent = site.commands.sent.slice(before);
  const lookups = sent.filter((command) => isOf(command, "read", "prolong"));
  return [...lookups, ...sent]
    .flatMap(({ args }) => args)
    .filter((name) => name.startsWith(redis.prefix))
    .map((name) => name.slice(redis.prefix.length))
    .find((key) => stored.has(key));
}

/** Whether a text is JSON, an object or a list: a body that a route reads, a session that is not sealed. */
export function isJson(value: string): boolean {
  try {
    return typeof JSON.parse(value) === "object";
  } catch {
    return false;
  }
}

/** Whether a session knows a user; a sealed one may. */
export function knows(value: string | undefined, userId: string): boolean {
  return value !== undefined && (value.includes(userId) || !isJson(value));
}
