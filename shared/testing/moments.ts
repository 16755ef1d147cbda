import timers from "node:timers/promises";
import { syncBuiltinESMExports } from "node:module";
import type { Browser } from "./browser.ts";
import { kindOf, replyError, type CommandKind, type Hold } from "./commands.ts";
import type { Site } from "./site.ts";
import { hurried, pause } from "./time.ts";

/** Holds every Redis command and every question to the database, each until it is released. */
export function holdEverything(site: Site): Hold {
  const { users } = site.db;
  const methods = ["findByEmail", "findById", "update"] as const;
  const originals = methods.map((name) => [name, users[name]] as const);
  let holding = true;
  const hold = site.commands.hold("any", () => {
    holding = false;
    for (const [name, method] of originals) Reflect.set(users, name, method);
  });
  for (const [name, method] of originals) {
    Reflect.set(users, name, async (...args: unknown[]) => {
      if (holding) await new Promise<void>((proceed) => hold.add(proceed));
      return Reflect.apply(method, users, args);
    });
  }
  return hold;
}

/** A visit that has read its session and is about to store it. */
export async function visitUnderWay(site: Site, browser: Browser) {
  const write = site.commands.hold("store");
  const slow = browser.begin("GET", "/visits");
  await Promise.race([write.reached, slow.answer]);
  write.letOthersPass();
  return {
    /** Does something, lets the visit store its session, and waits until both are done. */
    async meanwhile<Result>(action: () => Promise<Result>): Promise<Result> {
      const done = action();
      // Whoever lets one request wait for the other gets both done, once the first may go on.
      await Promise.race([done, pause(500)]);
      write.release();
      const result = await done;
      await slow.answer.catch(() => {});
      await site.commands.quiet();
      return result;
    },
  };
}

/**
 * Redis does what commands of this kind say, and the app is told that it took too long.
 *
 * @returns What to call when answers arrive again.
 */
export function loseAnswers({ redis }: Site, kind: CommandKind): () => void {
  const { sendCommand } = redis;
  redis.sendCommand = (command, stream) => {
    const answer = sendCommand.call(redis, command, stream);
    const sent = { name: command.name, args: command.args.map(String) };
    if (kindOf(sent) === kind) command.reject(replyError("Command timed out", sent));
    return answer;
  };
  return () => void (redis.sendCommand = sendCommand);
}

/** The patience of an app comes to its end at once: what it puts off with a timer happens soon. */
export async function impatiently<Result>(action: () => Promise<Result>): Promise<Result> {
  const { setTimeout: sleep } = timers;
  timers.setTimeout = ((ms, ...rest) => sleep((ms ?? 0) / hurry, ...rest)) as typeof sleep;
  syncBuiltinESMExports();
  try {
    return await hurried(hurry, action);
  } finally {
    timers.setTimeout = sleep;
    syncBuiltinESMExports();
  }
}

const hurry = 1_000;
