import type { Answer } from "../../shared/testing/answer.ts";
import { describeCommands, isOf } from "../../shared/testing/commands.ts";
import { describeDuration } from "../../shared/testing/cookies.ts";
import { meaningOf } from "../../shared/runner/engine/explanations.ts";
import { goalsFor, type Goal } from "../../shared/testing/goals.ts";
import { seededUsers } from "../../shared/app/database.ts";
import { withClock } from "../../shared/testing/clock.ts";
import { sessionKeyOf, whyForgotten } from "../../shared/testing/session-keys.ts";
import { whyTrue } from "../../shared/testing/options.ts";
import { silence, visitorBehind, type Outage } from "../../shared/testing/outage.ts";
import { printedDuring } from "../../shared/testing/output.ts";
import { hurried, pause } from "../../shared/testing/time.ts";
import type { Site } from "../../shared/testing/site.ts";
import { tryOut } from "../../shared/testing/try-out.ts";
import { must, notJudged, type Evidence } from "../../shared/testing/verdict.ts";
import * as app from "./app.ts";

const goal = goalsFor(app);
tryOut(goal, 2);
const { ada } = seededUsers;
const dayMs = 24 * 60 * 60 * 1000;

goal("a visitor is remembered after a restart", async ({ site, browser, redis }) => {
  const before = await browser.get("/visits");
  before.mustBe(200, "GET /visits does not answer 200.", "Visits are counted since step 1.");
  await browser.mustHaveSession(before, "The session of step 1 still has to be there.", 3);
  const keys = await redis.keys();
  await site.restart();
  const after = await browser.get("/visits");
  after.mustBe(200, "After a restart, GET /visits fails.", "A deploy must not be noticed.");
  const evidence = [before, "the app restarts", after, `in Redis: ${keys.join(", ") || "nothing"}`];
  mustBeStored(site, keys, evidence);
  if (after.data.visits === 2) return;
  const why = await whyForgotten(site, redis, keys, after.request.cookie);
  must(
    false,
    `After a restart, the new process has forgotten the visitor: ${why}.`,
    evidence,
    "What a process makes up at its start is another one in the next: a secret, a prefix, a variable. The cookie's signature and the key have to be found again.",
  );
});

goal("two instances share their visitors", async ({ open, site, browser, redis }) => {
  const { keys } = await stored({ site, browser, redis });
  const other = await open({ db: site.db, newProcess: true });
  browser.moveTo(other);
  const answer = await browser.get("/visits");
  if (answer.data.visits === 2) return;
  const why = await whyForgotten(other, redis, keys, answer.request.cookie);
  must(
    false,
    `A second instance does not know the visitor: ${why}.`,
    answer,
    "Behind a load balancer the next request may reach another process: whatever it needs has to be in Redis, and both must sign with the same secret.",
  );
});

goal("the session lives in Redis for a day, like its cookie", async ({ site, browser, redis }) => {
  // Once people can log in, a visitor may be forgotten sooner than they are.
  await browser.post("/auth/login", { email: ada.email, password: ada.password });
  const { answer } = await stored({ site, browser, redis });
  const key = await keyOf(site, () => browser.get("/visits"), redis);
  const ttlMs = ((await redis.ttlSeconds(key)) ?? Infinity) * 1000;
  const { livesMs = Infinity } = answer.setCookies[0] ?? {};
  const inRedis = ttlMs === Infinity ? "-1, it never expires" : describeDuration(ttlMs);
  must(
    Math.abs(ttlMs - livesMs) < 60_000 && Math.abs(ttlMs - dayMs) < 300_000,
    livesMs === Infinity
      ? "The cookie ends with the browser: it has no expiry."
      : ttlMs === Infinity
        ? "The session stays in Redis for ever."
        : Math.abs(ttlMs - livesMs) < 60_000
          ? `The session lives ${describeDuration(ttlMs)}, not a day.`
          : `The cookie lives ${describeDuration(livesMs)}, and the session in Redis ${describeDuration(ttlMs)}.`,
    [answer, `TTL ${key.slice(0, 12)}… → ${inRedis}`],
    "`maxAge`, inside `cookie: {}`, so spelled and in milliseconds, gives the cookie its expiry, and the store takes its TTL from it: set in this one place, both end together. (The store's own `ttl` is in seconds, and `disableTTL` keeps the key for ever.)",
  );
});

goal("a request that only reads does not rewrite the session", async ({ site, browser, redis }) => {
  await stored({ site, browser, redis });
  let before = 0;
  let answer: Answer | undefined;
  const key = await sessionKeyOf(site, redis, async () => {
    before = site.commands.sent.length;
    answer = await browser.get("/nothing-here");
  });
  const commands = site.commands.sent.slice(before);
  // What an app keeps beside the session, such as the time of the last visit, is its own affair.
  const ofSession = commands.filter(({ args }) => args.includes(redis.prefix + key));
  must(
    !ofSession.some((command) => isOf(command, "store")),
    `A request that only read wrote the session back: ${whyTrue("resave") ?? "it changes it each time"}.`,
    [answer ?? "", describeCommands(ofSession, redis.prefix)],
    "The slower of two parallel requests then overwrites what the faster one stored. `GET, EXPIRE` is enough: the session is read and kept alive.",
  );
});

goal("an anonymous request leaves no key", async ({ site, browser, redis }) => {
  const { keys: before } = await stored({ site, browser, redis });
  const answer = await site.browser().get("/nothing-here");
  const added = (await redis.keys()).filter((key) => !before.includes(key));
  must(
    added.length === 0,
    `A visitor with nothing to remember left a session in Redis: ${whyTrue("saveUninitialized") ?? "something is written into everybody's session, whatever they ask for"}.`,
    [answer, `new key: ${added.join(", ")}`],
    "Each request of a bot then costs memory for a day.",
  );
});

goal("a health check asks Redis nothing", async ({ site, browser, redis }) => {
  await stored({ site, browser, redis });
  const before = site.commands.sent.length;
  const health = await browser.get("/health");
  health.mustBe(200, "GET /health is refused.", "A load balancer takes the app out of service.");
  const commands = site.commands.sent.slice(before);
  const [command] = commands;
  must(
    !command,
    `A health check asked Redis ${command?.name === "get" ? "for a session" : `something: ${command?.name.toUpperCase()}`}.`,
    [health, describeCommands(commands, redis.prefix)],
    "When Redis is slow, a check that waits for it takes healthy processes out of service. Mount `session()` after /health, and leave Redis out of its handler.",
  );
});

goal(
  "the first request after a start waits for the connection",
  async ({ open, openRelay, site, browser, redis }) => {
    await stored({ site, browser, redis });
    const relay = await openRelay();
    relay.fallSilent();
    const starting = await open({
      impatient: true,
      db: site.db,
      redisUrl: relay.through(site.redisUrl),
    });
    const cookie = { headers: { Cookie: await browser.cookieHeader() } };
    const early = starting.browser().begin("GET", "/visits", undefined, cookie);
    await pause(25);
    await relay.restore();
    const answer = await early.answer;
    if (answer.thrown instanceof TypeError || meaningOf(answer.thrown))
      answer.mustBe(200, "GET /visits is refused.", "");
    const isRemembered = answer.data.visits === 2;
    const later = isRemembered ? answer : await starting.browser().get("/visits", cookie);
    if (later.data.visits === 1) notJudged("another process never knows a visitor");
    must(
      isRemembered,
      `A request that comes before the Redis connection is ready ${answer.succeeded ? "is answered without its session" : "fails"}.`,
      answer,
      "Right after a deploy there are always some. ioredis queues commands until it is connected, unless `enableOfflineQueue: false` tells it not to.",
    );
  },
);

goal("a lost connection is logged in a line of your own", async ({ site }) => {
  const { redis, module } = site;
  must(
    typeof module.connectRedis === "function",
    "app.ts does not export connectRedis.",
    [],
    "The server and the tests import it by that name: `export function connectRedis(…)`.",
  );
  const why =
    'Without a listener for "error", ioredis writes "Unhandled error event" and a stack trace for every attempt to reconnect. With one that says nothing, nobody learns that Redis is gone.';
  const mustBeHeard = (what: string) => {
    const claim = `Nobody listens for the ${what} of the Redis connection.`;
    must(redis.listenerCount("error") > 0, claim, 'redis.listenerCount("error") → 0', why);
  };
  mustBeHeard("errors");
  const before = site.watch.lines.length;
  const lines = await printedDuring(() => redis.emit("error", new Error("connect ECONNREFUSED")));
  must(
    lines.some((line) => line.trim() !== "") || site.watch.lines.length > before,
    "The errors of the Redis connection are swallowed.",
    'redis.emit("error", new Error("connect ECONNREFUSED")) → nothing is logged',
    why,
  );
  mustBeHeard("second error");
});

goal(
  "without Redis, a visitor gets an error within 3 s, and is back when Redis is",
  async ({ open, openRelay, site, browser, redis }) => {
    await stored({ site, browser, redis });
    const outages: Outage[] = [
      { what: "A Redis that refuses connections", cut: (relay) => relay.refuse() },
      { what: "A Redis that accepts connections and never answers", cut: silence },
    ];
    const prepared = (outage: Outage) => visitorBehind(outage, { open, openRelay, site });
    // Patience takes its time. With timers that run faster, a good app shows it sooner; what it does
    // not show then, it may show at its own pace.
    const scenes = await Promise.all(outages.map(prepared));
    const hurry = 20;
    const soon = await hurried(hurry, () =>
      Promise.allSettled(scenes.map((loseRedis) => loseRedis(hurry))),
    );
    const unclear = outages.filter((_, i) => soon[i]?.status === "rejected");
    const again = await Promise.all(unclear.map(prepared));
    const outcomes = await Promise.allSettled(again.map((loseRedis) => loseRedis(1)));
    for (const each of outcomes) if (each.status === "rejected") throw each.reason;
  },
);

goal("the cookie is prolonged with its session", async ({ site, browser, redis }) => {
  await stored({ site, browser, redis });
  const key = await keyOf(site, () => browser.get("/visits"), redis);
  await withClock(redis, async (pass) => {
    await pass(6);
    const answer = await browser.get("/nothing-here");
    await site.commands.quiet();
    const ttlMs = ((await redis.ttlSeconds(key)) ?? 0) * 1000;
    must(
      ttlMs < dayMs * 0.8 || answer.sessionCookie,
      "Advice: the cookie is never prolonged, so who comes every hour is logged out after a day.",
      ["six hours later:", answer, `TTL → ${describeDuration(ttlMs)}, and the cookie ends in 18 h`],
      "Every request prolongs the session. With `rolling: true` its answer sends the cookie anew, and both end together.",
    );
  });
});

/** Demands that a visit left something in Redis, and says why it did not. */
function mustBeStored({ commands, redis }: Site, keys: readonly string[], evidence: Evidence) {
  if (keys.length > 0) return;
  const [refusal] = commands.refusals;
  must(
    refusal !== "Command timed out",
    `GET /visits is not stored: the connection gives up on Redis, commandTimeout is ${redis.options.commandTimeout} ms.`,
    evidence,
    "ioredis counts in milliseconds: 2 are over before Redis has answered.",
    1,
  );
  must(
    refusal === undefined,
    `Redis refused to store the session: ${refusal}.`,
    evidence,
    "The visitor never heard of it: express-session saves after the answer. connect-redis 9 and 10 speak node-redis only; 8.1.0 is the last that speaks ioredis.",
  );
  must(
    false,
    "A restart forgot the visitor: the session was in the memory of the process, not in Redis.",
    evidence,
    "Without a `store`, `session()` keeps sessions in a variable. It stands beside `cookie`, in that spelling. If `session()` has one, does Redis accept what it writes?",
  );
}

/** Visits and finds something in Redis, or ends the goal as not judged. */
async function stored({ site, browser, redis }: Pick<Goal, "site" | "browser" | "redis">) {
  const answer = await browser.get("/visits").catch(() => notJudged("GET /visits gets no answer"));
  answer.orNotJudged(200, "visits are not counted");
  const keys = await redis.keys();
  // A goal before may have had more luck.
  if (site.commands.refusals.length > 0) mustBeStored(site, keys, answer);
  return keys.length > 0 ? { answer, keys } : notJudged("no session is in Redis yet");
}

async function keyOf(site: Site, visit: () => Promise<Answer>, redis: Goal["redis"]) {
  return (await sessionKeyOf(site, redis, visit)) ?? notJudged("no visit looks for its session");
}
