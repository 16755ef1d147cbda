import type { KeySpace } from "../redis/key-space.ts";
import { isOf, type SentCommand } from "./commands.ts";
import { sessionIdInHeader, signedValue } from "./cookies.ts";
import { keysUsedDuring } from "./signing-keys.ts";
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
  // A guard may end the session that it found.
  const there = await redis.keys();
  await request();
  const stored = new Set([...there, ...(await redis.keys())]);
  const sent = site.commands.sent.slice(before);
  return [...keysIn(lookups(sent), redis), ...keysIn(sent, redis)].find((key) => stored.has(key));
}

/**
 * What a process does with a cookie whose session it did not find, as a clause.
 *
 * @param stored The keys that were there.
 */
export async function whyForgotten(
  site: Site,
  redis: KeySpace,
  stored: readonly string[],
  cookieHeader: string,
): Promise<string> {
  const browser = site.browser();
  const before = site.commands.sent.length;
  const secrets = await keysUsedDuring(() =>
    browser.get("/visits", { headers: { Cookie: cookieHeader } }),
  );
  const asked = keysIn(lookups(site.commands.sent.slice(before)), redis);
  const [at] = asked;
  if (stored.some((key) => asked.includes(key))) return "it found the session in Redis";
  const id = sessionIdInHeader(cookieHeader);
  const shown = (key = "") => JSON.stringify(id ? key.replace(id, "(id)") : key);
  if (at !== undefined) {
    return `it looks for the session at ${shown(at)}, which is at ${shown(stored[0])}`;
  }
  return id !== undefined && !secrets.some((key) => cookieHeader.includes(signedValue(id, key)))
    ? "its secret is not the one that has signed the cookie"
    : "it asks Redis for nothing, as if there were no cookie";
}

function lookups(sent: readonly SentCommand[]): SentCommand[] {
  return sent.filter((command) => isOf(command, "read", "prolong"));
}

function keysIn(commands: readonly SentCommand[], { prefix }: KeySpace): string[] {
  return commands
    .flatMap(({ args }) => args)
    .filter((name) => name.startsWith(prefix))
    .map((name) => name.slice(prefix.length));
}

/**
 * Says of another login that it takes a session, while it lives, out of what the app keeps beside it in
 * Redis: an index. As the end of a sentence; an empty text when it does not.
 */
export async function lostAtLogin(
  redis: KeySpace,
  id: string,
  logIn: () => Promise<unknown>,
): Promise<string> {
  const isKept = async () =>
    [...(await redis.contents())].some(([name, value]) => !name.includes(id) && value.includes(id));
  const before = await isKept();
  await logIn();
  const isLost = before && !(await isKept());
  return isLost ? ": the next login has taken its session out of the index" : "";
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
