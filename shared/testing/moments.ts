import timers from "node:timers/promises";
import { syncBuiltinESMExports } from "node:module";
import type { Answer } from "./answer.ts";
import type { Browser, Exchange } from "./browser.ts";
import { Hold, isOf, replyError, type CommandKind } from "./commands.ts";
import { hashesDone } from "./hashes.ts";
import type { Site } from "./site.ts";
import { atMost, endsBefore, hurried, pause } from "./time.ts";

const questions = ["findByEmail", "findById", "update", "changePassword", "ban", "unban"] as const;

/** What an app asks the repository of users. */
type Question = (typeof questions)[number];

/**
 * Holds every question to the database and every Redis command, each until it is released.
 *
 * @param kind Holds of the commands those of this kind alone.
 */
export function holdEverything(site: Site, kind: CommandKind | "any" = "any"): Hold {
  let holding = true;
  const hold = site.commands.hold(kind, () => {
    holding = false;
    restore();
  });
  const restore = comeBetween(site, questions, async (ask) => {
    if (holding) await turnAt(hold);
    return ask();
  });
  return hold;
}

/** The database has looked, and its answers to a question are on their way until they are released. */
export function holdAnswers(site: Site, question: Question): Hold {
  let holding = true;
  const hold = new Hold("any", () => {
    holding = false;
    restore();
  });
  const restore = comeBetween(site, [question], async (ask) => {
    const answer = await ask();
    if (holding) await turnAt(hold);
    return answer;
  });
  return hold;
}

/** @returns What to call when the app is to ask the database itself again. */
function comeBetween(
  { db: { users } }: Site,
  names: readonly Question[],
  between: (ask: () => unknown) => Promise<unknown>,
): () => void {
  const originals = names.map((name) => [name, users[name]] as const);
  for (const [name, method] of originals) {
    Reflect.set(users, name, (...args: unknown[]) =>
      between(() => Reflect.apply(method, users, args)),
    );
  }
  return () => {
    for (const [name, method] of originals) Reflect.set(users, name, method);
  };
}

function turnAt(hold: Hold): Promise<void> {
  return new Promise((proceed, refuse) =>
    hold.add(proceed, () => refuse(new Error("the database is away"))),
  );
}

/** A request that has come as far as its first Redis command of this kind, and waits there. */
export async function underWay(site: Site, kind: CommandKind, begin: () => Exchange) {
  const before = site.commands.sent.length;
  const hold = site.commands.hold(kind);
  const slow = begin();
  await Promise.race([hold.reached, slow.answer.catch(() => {})]);
  hold.letOthersPass();
  return {
    /** What it has asked Redis so far, with the command that waits. */
    asked: site.commands.sent.slice(before),
    /**
     * Does something, lets the request go on, and waits until both are done.
     *
     * @param refused Whether Redis refuses the command that the request waited for.
     */
    async meanwhile<Result>(action: () => Promise<Result>, refused = false): Promise<Result> {
      const done = action();
      // Whoever lets one request wait for the other gets both done, once the first may go on.
      await atMost(500, done);
      if (refused) hold.refuseOne();
      hold.release();
      const result = await done;
      await slow.answer.catch(() => {});
      await site.commands.quiet();
      return result;
    },
  };
}

/** A visit that has read its session and is about to store it. */
export function visitUnderWay(site: Site, browser: Browser) {
  return underWay(site, "store", () => browser.begin("GET", "/visits"));
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
    if (isOf(sent, kind)) command.reject(replyError("Command timed out", sent));
    return answer;
  };
  return () => void (redis.sendCommand = sendCommand);
}

/**
 * Lets a request go on until it waits for the given time: 1 is the first.
 *
 * @returns Whether it was answered before.
 */
export async function waitsFor(
  hold: Hold,
  answer: Promise<Answer>,
  moment: number,
): Promise<boolean> {
  for (let count = 1; count <= moment; count++) {
    if (await endsBefore(answer, hold.held(count))) return true;
    if (count < moment) hold.releaseOne();
  }
  return false;
}

/** Refuses the first Redis command of this kind that a request sends, and lets it come to its end. */
export async function refusingOne(
  site: Site,
  kind: CommandKind,
  begin: () => Exchange,
): Promise<Answer> {
  const hold = site.commands.hold(kind);
  const { answer } = begin();
  if (!(await waitsFor(hold, answer, 1))) hold.refuseOne();
  hold.release();
  const given = await answer;
  await site.commands.quiet();
  return given;
}

/**
 * Lets one request wait at the given moment (1: the first time that it asks for something) while
 * another one is done.
 *
 * @returns Both, answered, and whether the first one waited that often.
 */
export async function interleave<
  First extends Pick<Exchange, "answer">,
  Second extends Pick<Exchange, "answer">,
>(
  site: Site,
  beginFirst: () => Promise<First> | First,
  beginSecond: () => Promise<Second> | Second,
  moment: number,
): Promise<{ first: First; second: Second; waited: boolean }> {
  const hold = holdEverything(site);
  const first = await beginFirst();
  const answered = await waitsFor(hold, first.answer, moment);
  hold.letOthersPass();
  const second = await beginSecond();
  // Whoever lets one request wait for the other gets both done, once the first may go on.
  await atMost(100, second.answer);
  hold.release();
  await Promise.allSettled([first.answer, second.answer]);
  return { first, second, waited: !answered };
}

const mostMoments = 23;

/** Two requests, what comes before them and what has to be true afterwards. */
export interface Encounter {
  first(): Pick<Exchange, "answer">;
  second(): Pick<Exchange, "answer">;
  afterwards(first: Answer, second: Answer): Promise<void>;
}

/** Plays an encounter once for each moment at which the first request waits for something. */
export async function atEveryMoment(site: Site, prepare: () => Promise<Encounter>): Promise<void> {
  for (let moment = 1, more = true; more && moment <= mostMoments; moment++) {
    const { first, second, afterwards } = await prepare();
    const met = await interleave(site, first, second, moment);
    await site.commands.quiet();
    await afterwards(await met.first.answer, await met.second.answer);
    more = met.waited;
  }
}

/** A request, what comes before it and what has to be true afterwards. */
export interface Attempt {
  request(): Exchange;
  afterwards(answer: Answer): Promise<void>;
}

/**
 * Plays an attempt once for each thing that it asks Redis or the database for: that one fails.
 *
 * @param holdMoments Holds what may fail: all that it asks for, or less.
 */
export async function failingAtEveryMoment(
  site: Site,
  prepare: () => Promise<Attempt>,
  holdMoments = holdEverything,
): Promise<void> {
  for (let moment = 1, more = true; more && moment <= mostMoments; moment++) {
    const { request, afterwards } = await prepare();
    const hold = holdMoments(site);
    const { answer } = request();
    more = !(await waitsFor(hold, answer, moment));
    if (more) hold.refuseOne();
    hold.release();
    const given = await answer;
    await site.commands.quiet();
    await afterwards(given);
  }
}

/**
 * Waits until an app that has not answered yet has nothing more to do: what was asked of Redis is answered, or
 * held back, and nothing is hashed.
 */
export async function nothingMore({ commands }: Site): Promise<void> {
  await pause(40);
  await commands.quiet();
  await hashesDone();
  await commands.quiet();
}

const hurry = 1_000;

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
