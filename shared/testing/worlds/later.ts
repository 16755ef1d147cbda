import { seededUsers } from "../../app/database.ts";
import type { KeySpace, StoredKey } from "../../redis/key-space.ts";
import { Account } from "../account.ts";
import type { Answer } from "../answer.ts";
import type { Exchange } from "../browser.ts";
import { withClock, type Pass } from "../clock.ts";
import { asTyped, describeCommands } from "../commands.ts";
import { Actor, Contract } from "../contract.ts";
import { describeDuration, sessionIdIn } from "../cookies.ts";
import { nothingMore } from "../moments.ts";
import { sessionOption } from "../options.ts";
import { isJson, sessionKeyOf } from "../session-keys.ts";
import type { Site } from "../site.ts";
import { story } from "../story.ts";
import { endsBefore } from "../time.ts";
import { watchTimers } from "../timers.ts";
import { must, under } from "../verdict.ts";
import { patiently } from "./scenes.ts";
import type { World, WorldGoal } from "./world.ts";

const minute = 1 / 60;
/** How long a session lasts is the lesson of step 2: before it, a minute may be enough. */
const moments = minute / 30;
/** More than any account needs, and fewer than a dictionary has. */
const guessesPerDay = 110;
const manyStrangers = 300;

/** Worlds in which time has passed: it is moved, and not waited for. */
export const later: readonly World[] = [
  { name: "With time between the requests", visit: laterEachTime },
  { name: "When what was put off is done", visit: timersRun },
  { name: "Hours after the last visit", visit: endsTogether },
  { name: "With several requests at once, hours later", visit: severalAtOnce },
  { name: "A day after many wrong passwords", visit: afterGuesses },
];

async function laterEachTime(goal: WorldGoal): Promise<void> {
  const { open, step } = goal;
  const site = await open();
  await withClock(goal.redis, async (pass) => {
    const before = () => pass(step >= 2 ? 0.5 : moments);
    const contract = new Contract(step);
    const actor = () => new Actor(contract, site, site.browser(), { before });
    const lifeNow = async () => {
      const visit = await site.browser().get("/visits");
      return { visit, livesMs: visit.sessionCookie?.livesMs ?? Number.POSITIVE_INFINITY };
    };
    const first = await lifeNow();
    await story(actor(), actor());
    if (step >= 2) await mustOutliveDeploys(goal, pass);
    if (step >= 4) await mustLastByReading(await open(), pass);
    await pass(6);
    const later = await lifeNow();
    must(
      later.livesMs === first.livesMs || Math.abs(later.livesMs - first.livesMs) < 300_000,
      "a new visitor's session is shorter than the first one's was.",
      [first.visit, "hours after the app started", later.visit],
      "`expires` is a moment, and it was computed once, when the app started. `maxAge` is a duration, counted from each visit.",
    );
  });
}

/** The app is started anew, at another time of another day: whoever was here is known. */
async function mustOutliveDeploys({ open, step }: WorldGoal, pass: Pass): Promise<void> {
  const site = await open();
  const visitor = site.browser();
  // A visitor who is nobody may be forgotten sooner.
  if (step >= 3) await visitor.logIn(seededUsers.ada);
  const first = await visitor.get("/visits");
  for (const visits of [2, 3]) {
    await pass(12);
    const next = await open({ db: site.db, newProcess: true });
    visitor.moveTo(next);
    const answer = await visitor.get("/visits");
    must(
      answer.data.visits === visits || first.data.visits !== 1,
      "an app that is started anew hours later does not know who was here before.",
      [first, `${(visits - 1) * 12} hours later, in another process:`, answer],
      "Whatever an app is made of at its start, the day included, is another at the next start: neither the names of keys nor a secret may depend on it.",
    );
    await next.close();
  }
}

/** Every request prolongs a session, also one that only reads. */
async function mustLastByReading(site: Site, pass: Pass): Promise<void> {
  const member = site.browser();
  await member.logIn(seededUsers.ada);
  // Whether the cookie is prolonged is judged elsewhere.
  const headers = { Cookie: await member.cookieHeader() };
  for (let hours = 6; hours <= 30; hours += 6) {
    await pass(6);
    const me = await site.browser().get("/me", { headers });
    must(
      me.status === 200,
      `whoever asks for nothing but the profile, every six hours, is logged out after ${hours}.`,
      ["POST /auth/login", `GET /me, every six hours; after ${hours}:`, me],
      "A session lasts a day from the last request, whichever that is. A request that changes nothing prolongs the key and writes nothing: an end that is read from the stored session is the one from when it was written.",
    );
  }
}

/** What cleans up cleans up what has ended, and nobody who is here. */
async function timersRun(goal: WorldGoal): Promise<void> {
  const { open, step } = goal;
  const timers = watchTimers({ notePlaces: true });
  try {
    const site = await open();
    const actor = new Actor(new Contract(step), site);
    await actor.does({ does: "visit" });
    if (step >= 3) await actor.does({ does: "log in", as: "ada" });
    await actor.does({ does: "visit" });
    await withClock(goal.redis, async (pass) => {
      for (let round = 0; round < 3; round++) {
        await pass(step >= 2 ? minute : moments);
        await timers.settle(site);
        const [place] = timers.places;
        const circumstances = `once a timer has run${place ? ` (${place})` : ""}`;
        await under(circumstances, () => actor.isAsBefore());
      }
      if (step >= 2) await mustNotBringBack(site, () => timers.settle(site));
      // What nobody awaits is what nobody catches: it would end the process.
      for (const kind of ["read", "store", "prolong", "delete", "other"] as const) {
        site.commands.fail(kind);
      }
      await pass(minute);
      await timers.settle(site);
    });
  } finally {
    timers.release();
  }
}

/** What Redis has refused once is out of date by the time that it is tried again. */
async function mustNotBringBack(site: Site, settle: () => Promise<void>): Promise<void> {
  const visitor = site.browser();
  await visitor.get("/visits");
  await visitor.get("/visits");
  site.commands.fail("store");
  const refused = await visitor.get("/visits");
  site.commands.releaseAll();
  await visitor.get("/visits");
  const before = await visitor.get("/visits");
  await settle();
  const after = await visitor.get("/visits");
  must(
    Number(after.data.visits) > Number(before.data.visits),
    "a write that Redis has refused is tried again later, and takes back what was counted since.",
    ["SET is refused once:", refused, "later on:", before, "once the timer has run:", after],
    "What was to be stored is the session of then. Whoever tries again does so within its request, or leaves it: the next request stores the session of now.",
  );
}

/** A session has an entry in the index for as long as it lives. */
async function mustBeWithinReach({ open, redis }: WorldGoal): Promise<void> {
  const account = await Account.at(await open());
  await withClock(redis, async (pass) => {
    const phone = await account.logIn();
    await pass(24 - 10 / 3600);
    const { answer } = account.logOutEverywhere(await account.logIn());
    await phone.mustBeOut(
      "a session in its last seconds is not found by logging out everywhere.",
      ["somebody logs in", "a day later but for 10 seconds, in another browser:", await answer],
      "An entry of the index lasts as long as its session, to the second: one that ends before leaves a session that nobody can end.",
    );
  });
}

/** Whatever sends the cookie anew prolongs the key as well. */
async function endsTogether(goal: WorldGoal): Promise<void> {
  const { open, redis, step } = goal;
  const site = await open();
  await mustLastAlike(site, redis, step);
  if (step >= 7) await mustBeWithinReach(goal);
  const browser = site.browser();
  // A visitor who is nobody may be forgotten sooner than the cookie says.
  if (step >= 3) await browser.logIn(seededUsers.ada);
  const { sessionCookie: first } = await browser.get("/visits");
  const hours = 6;
  let leftSeconds = (first?.livesMs ?? 0) / 1000;
  await withClock(goal.redis, async (pass) => {
    for (const path of ["/nothing-here", "/visits"]) {
      await pass(hours);
      const before = site.commands.sent.length;
      const answer = await browser.get(path);
      await site.commands.quiet();
      const commands = describeCommands(site.commands.sent.slice(before), redis.prefix);
      const renewed = answer.sessionCookie;
      must(
        !renewed || !first || (renewed.livesMs === undefined) === (first.livesMs === undefined),
        `the cookie of ${answer.route} ends with the browser, and the one before lived ${describeDuration(first?.livesMs ?? 0)}.`,
        answer,
        "How long a cookie lives is read from the session: what is stored has to keep `cookie`, as `JSON.stringify(session)` does.",
      );
      if (renewed?.livesMs === undefined) continue;
      const ttlSeconds = await ttlOf(sessionIdIn(renewed.value));
      leftSeconds -= hours * 3_600;
      const isAsBefore = Math.abs(leftSeconds - ttlSeconds) < 300;
      leftSeconds = ttlSeconds;
      must(
        Math.abs(ttlSeconds * 1000 - renewed.livesMs) < 300_000,
        `the cookie of ${answer.route} lives ${describeDuration(renewed.livesMs)}, and its session ${describeDuration(ttlSeconds * 1000)}${isAsBefore ? whyNotProlonged() : ""}.`,
        [answer, `Redis is asked: ${commands}`],
        "When one ends before the other, somebody in mid-use is logged out, or a copy of the cookie opens a session that its owner has lost. Whatever prolongs one has to prolong the other.",
      );
    }
    const cookie = await browser.cookieHeader();
    await pass(30);
    await mustNotBeginAnew(site, redis, cookie);
  });

  async function ttlOf(id: string | undefined): Promise<number> {
    const keys = await redis.keys();
    const own = keys.find((key) => id !== undefined && key.includes(id));
    const key = own ?? (await sessionKeyOf(site, redis, () => browser.get("/nothing-here")));
    return (key && (await redis.ttlSeconds(key))) || 0;
  }
}

/** A session that has ended has ended, and its id is nobody's. */
async function mustNotBeginAnew(site: Site, redis: KeySpace, Cookie: string): Promise<void> {
  const before = await redis.keys();
  const answer = await site.browser().get("/nothing-here", { headers: { Cookie } });
  await site.commands.quiet();
  const added = (await redis.keys()).filter((key) => !before.includes(key));
  must(
    added.length === 0,
    `${answer.route} leaves a key for a session that has ended.`,
    [`Cookie: ${Cookie}`, answer, ...added],
    "What an old cookie names is not begun anew: a new session gets an id of its own, and is stored once there is something in it. express-session takes an id that comes back for a session that was changed.",
  );
}

function whyNotProlonged(): string {
  const { disableTouch } = Object(sessionOption("store")) as { disableTouch?: unknown };
  return disableTouch
    ? ": `disableTouch` keeps the store from prolonging it"
    : ": the request prolongs the cookie alone";
}

/** How long a session lasts depends on whose it is, and not on whether it was stored before. */
async function mustLastAlike(site: Site, redis: KeySpace, step: number): Promise<void> {
  const visitor = site.browser();
  await visitor.get("/visits");
  await site.commands.quiet();
  const first = await redis.stored();
  const before = site.commands.sent.length;
  const key = await sessionKeyOf(site, redis, () => visitor.get("/visits"));
  await site.commands.quiet();
  const lifeIn = (keys: readonly StoredKey[]) =>
    (keys.find(({ name }) => name === key)?.ttlSeconds ?? 0) * 1000;
  const [firstMs, thenMs] = [lifeIn(first), lifeIn(await redis.stored())];
  must(
    Math.abs(thenMs - firstMs) < 300_000,
    `somebody who is not logged in is kept for ${describeDuration(firstMs)}, and after a second visit for ${describeDuration(thenMs)}.`,
    site.commands.sent
      .slice(before)
      .map((command) => asTyped({ ...command, args: command.args.filter((arg) => !isJson(arg)) })),
    `A session is stored in more than one place: when it begins, and when it has changed. Each has to give it the same end${step >= 5 ? ": `rewrite` is told how long, `ttlSeconds`" : ""}.`,
  );
}

/** Who guesses is slowed down, and whose account it is gets in again: nobody else may keep them out. */
async function afterGuesses({ open, redis, step }: WorldGoal): Promise<void> {
  const timers = watchTimers();
  try {
    await mustLetOthersIn(await open());
    const site = await open();
    const { email, password } = seededUsers.grace;
    // One after the other: of many at once, an app may refuse to look at most.
    const last = await guess(guessesPerDay, site, (n) =>
      site
        .browser()
        .begin("POST", "/auth/login", { email, password: `not this password ${n}` }, patiently),
    );
    await withClock(redis, async (pass) => {
      await pass(25);
      await timers.settle(site);
      const login = await site.browser().post("/auth/login", { email, password });
      must(
        login.succeeded,
        `the right password is answered ${login.status}: whoever guesses locks somebody else out for good.`,
        [last, `${guessesPerDay} times, and a day later:`, login],
        "Anybody can type a wrong password. A lock has an end of minutes, and stands where all processes see it: a counter in Redis, with an expiry.",
      );
      if (step >= 7) await mustForgiveTypos(site, { email, password }, () => pass(25));
    });
  } finally {
    timers.release();
  }
}

/**
 * Guesses again and again. An app that keeps whoever guesses waiting is guessed at a few times only.
 *
 * @returns The last answer.
 */
async function guess(times: number, site: Site, begin: (n: number) => Exchange): Promise<Answer> {
  for (let n = 1; ; n++) {
    const { answer } = begin(n);
    const isLast = n === times || (n > 5 && !(await endsBefore(answer, nothingMore(site))));
    const last = await answer;
    if (isLast) return last;
  }
}

/** Strangers who guess, each from an address of their own, keep nobody out whom they do not name. */
async function mustLetOthersIn(site: Site): Promise<void> {
  const last = await guess(manyStrangers, site, (n) => {
    site.visitorAddress = `2001:db8::${n.toString(16)}`;
    const credentials = { email: `stranger-${n}@example.com`, password: "a guess" };
    return site.browser().begin("POST", "/auth/login", credentials, patiently);
  });
  site.visitorAddress = undefined;
  const { email, password } = seededUsers.ada;
  const login = await site.browser().post("/auth/login", { email, password });
  must(
    login.succeeded,
    `after ${manyStrangers} wrong passwords for others, the right one is answered ${login.status}.`,
    [last, `${manyStrangers} times, each for another email, from another address`, login],
    "A limit that counts everybody together is a switch: whoever guesses a few times a second keeps all others out. Count per account and address.",
  );
}

/** Whoever has mistyped the current password often enough can change it all the same, a day later. */
async function mustForgiveTypos(
  site: Site,
  credentials: { email: string; password: string },
  waitForADay: () => Promise<void>,
): Promise<void> {
  const typo = { currentPassword: "not this password", newPassword: "an engine in between" };
  const before = site.browser();
  await before.logIn(credentials);
  const last = await guess(guessesPerDay, site, () =>
    before.begin("POST", "/me/password", typo, patiently),
  );
  await waitForADay();
  const device = site.browser();
  await device.logIn(credentials);
  const right = { currentPassword: credentials.password, newPassword: "an engine from now on" };
  const change = await device.post("/me/password", right);
  must(
    change.succeeded,
    `the right current password is answered ${change.status}: whoever has mistyped it can never change it any more.`,
    [last, `${guessesPerDay} times, and a day later:`, change],
    "Whoever fears that another one knows the password has to be able to change it. A limit has an end of minutes, and stands where all processes see it.",
  );
}

/** A page asks for several things at once, all with the cookie that it has by then. */
async function severalAtOnce({ open, redis }: WorldGoal): Promise<void> {
  const site = await open();
  const browser = site.browser();
  await browser.logIn(seededUsers.ada);
  await withClock(redis, async (pass) => {
    for (const hours of [1, 6]) {
      await pass(hours);
      const headers = { Cookie: await browser.cookieHeader() };
      const answers = [await browser.get("/me"), await site.browser().get("/me", { headers })];
      must(
        answers.every(({ status }) => status === 200),
        "of two requests that a page sends at the same moment, one is refused.",
        answers,
        "Both carry the cookie that the browser had. Whoever gives a session another id in between lets the one before work a little longer, or the page logs its own user out.",
      );
    }
  });
}
