import type { Answer } from "../../shared/testing/answer.ts";
import { describeCommands, kindOf } from "../../shared/testing/commands.ts";
import { describeDuration, sessionIdIn, signedValue } from "../../shared/testing/cookies.ts";
import { vi } from "vitest";
import { goalsFor } from "../../shared/testing/goals.ts";
import { seededUsers } from "../../shared/app/database.ts";
import type { Browser } from "../../shared/testing/browser.ts";
import { sessionKeyOf } from "../../shared/testing/session-keys.ts";
import type { Relay } from "../../shared/testing/relay.ts";
import { printedDuring } from "../../shared/testing/output.ts";
import { hurried, pause } from "../../shared/testing/time.ts";
import type { StepModule } from "../../shared/testing/site.ts";
import { tryOut } from "../../shared/testing/trials.ts";
import { must, notJudged } from "../../shared/testing/verdict.ts";
import * as app from "./app.ts";

const goal = goalsFor(app);
tryOut(goal, 2);
const { ada } = seededUsers;
const daySeconds = 24 * 60 * 60;

goal("a visitor is remembered after a restart", async ({ open, site, browser, redis }) => {
  const before = await browser.get("/visits");
  before.mustBe(200, "GET /visits does not answer 200.", "Visits are counted since step 1.");
  must(
    await browser.sessionCookie(),
    "GET /visits set no session cookie.",
    before,
    "The session of step 1 still has to be there.",
  );
  const keys = await redis.keys();
  await site.restart();
  const after = await browser.get("/visits");
  const evidence = [
    before,
    "the app restarts",
    after,
    `keys in Redis: ${keys.join(", ") || "none"}`,
  ];
  after.mustBe(200, "After a restart, GET /visits fails.", "A deploy must not be noticed.");
  const [refusal] = site.commands.refusals;
  must(
    keys.length > 0 || refusal === undefined,
    `Redis refused to store the session: ${refusal}.`,
    evidence,
    "The visitor never heard of it: express-session saves after the answer. connect-redis 9 and 10 speak node-redis only; 8.1.0 is the last that speaks ioredis.",
  );
  must(
    keys.length > 0,
    "A restart forgot the visitor: the session was in the memory of the process, not in Redis.",
    evidence,
    "Without a `store`, `session()` keeps sessions in a variable. If `session()` has one, does Redis accept what it writes?",
  );
  must(
    after.data.visits === 2,
    "A restart forgot the visitor, although the session is still in Redis.",
    evidence,
    "What a process makes up at its start is another one in the next: a secret, a prefix, a variable. The cookie's signature and the key have to be found again.",
  );

  const [earlier, later] = [site.browser(), site.browser()];
  await atTheSameMoment(async () => {
    await earlier.get("/visits");
    await site.restart();
    await later.get("/visits");
  });
  must(
    (await earlier.sessionId()) !== (await later.sessionId()),
    "After a restart, a new visitor is given the session of an earlier one.",
    [`both: ${await later.sessionCookie()}`],
    "A session id has to be random: one that is counted up, or made of the time, comes again, and can be guessed.",
  );

  // `npm run dev` sets a secret; an app that starts without one must not make up its own.
  const bare = await open({ sessionSecret: undefined }).catch(() => undefined);
  if (!bare) return;
  const visitor = bare.browser();
  const first = await visitor.get("/visits");
  await bare.restart();
  const second = await visitor.get("/visits");
  must(
    second.data.visits === 2,
    "Without a SESSION_SECRET, a restart forgot the visitor.",
    [first, "the app restarts", second],
    "A secret that is made up at each start invalidates every cookie. The starter's fallback is no secret at all, and stays the same until step 6 forbids it.",
  );
});

goal("two instances share their visitors", async ({ open, site, redis }) => {
  const browser = site.browser();
  await stored(browser, redis);
  const [name = "", value = ""] = (await browser.sessionCookie())?.split("=") ?? [];
  const signed = signedValue(sessionIdIn(value) ?? "", "only for the first steps");
  const forged = await site.browser().get("/visits", {
    headers: { Cookie: `${name}=${signed}` },
  });
  must(
    forged.data.visits === 1,
    "The secret in the source signs cookies, although there is a SESSION_SECRET.",
    forged,
    "Everybody can read that text. It stands in only while no SESSION_SECRET is configured.",
  );
  const other = await open({ db: site.db, newProcess: true });
  const answer = await other.browser().get("/visits", {
    headers: { Cookie: await browser.cookieHeader() },
  });
  must(
    answer.data.visits === 2,
    "A second instance does not know the visitor.",
    answer,
    "Behind a load balancer the next request may reach another process: whatever it needs has to be in Redis, and both must sign with the same secret.",
  );
});

goal("the session lives in Redis for a day, like its cookie", async ({ site, browser, redis }) => {
  // Once people can log in, a visitor may be forgotten sooner than they are.
  await browser.post("/auth/login", { email: ada.email, password: ada.password });
  const { answer, key } = await stored(browser, redis);
  const ttl = await redis.ttlSeconds(key);
  const livesMs = answer.setCookies[0]?.livesMs;
  const evidence = [
    answer,
    `TTL ${key.slice(0, 12)}… → ${ttl === undefined ? "-1, it never expires" : describeDuration(ttl * 1000)}`,
  ];
  must(
    ttl !== undefined,
    "The session stays in Redis for ever.",
    evidence,
    "A key without a TTL outlives its visitor, and Redis fills up.",
  );
  must(
    livesMs !== undefined,
    "The cookie ends with the browser: it has no expiry.",
    evidence,
    "`cookie.maxAge` gives the cookie its expiry, and the store takes its TTL from it. Outside `cookie: {}`, or as the store's `ttl` alone, the browser never hears of it.",
  );
  must(
    Math.abs(ttl * 1000 - livesMs) < 60_000,
    "The cookie and the session in Redis expire at different times.",
    evidence,
    "When one ends before the other, the browser brings an id that nobody knows, or Redis keeps a session that nobody can reach.",
  );
  must(
    Math.abs(ttl - daySeconds) < 300,
    `The session lives ${describeDuration(ttl * 1000)}, not a day.`,
    evidence,
    "`cookie.maxAge` is in milliseconds. (The store's `ttl` is in seconds.)",
  );

  vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + 6 * 60 * 60 * 1000 });
  try {
    const later = await site.browser().get("/visits");
    must(
      Math.abs((later.setCookies[0]?.livesMs ?? 0) - daySeconds * 1000) < 300_000,
      "A visitor who comes six hours later gets a shorter session.",
      [later, "six hours after the app started"],
      "`expires` is a moment, and it was computed once, when the app started. `maxAge` is a duration, counted from each visit.",
    );
  } finally {
    vi.useRealTimers();
  }
});

goal("a request that only reads does not rewrite the session", async ({ site, browser, redis }) => {
  await stored(browser, redis);
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
    !ofSession.some((command) => kindOf(command) === "store"),
    "A request that only read wrote the session back.",
    [answer ?? "", describeCommands(ofSession, redis.prefix)],
    "With `resave: true`, the slower of two parallel requests overwrites what the faster one stored. `GET, EXPIRE` is enough: the session is read and kept alive.",
  );
});

goal("an anonymous request leaves no key", async ({ site, browser, redis }) => {
  await stored(browser, redis);
  const before = await redis.keys();
  const answer = await site.browser().get("/nothing-here");
  const added = (await redis.keys()).filter((key) => !before.includes(key));
  must(
    added.length === 0,
    "A visitor with nothing to remember left a session in Redis.",
    [answer, `new key: ${added.join(", ")}`],
    "`saveUninitialized` is true unless you say otherwise: each request of a bot then costs memory for a day.",
  );
});

goal("a health check asks Redis nothing", async ({ site, browser, redis }) => {
  await stored(browser, redis);
  const before = site.commands.sent.length;
  const health = await browser.get("/health");
  health.mustBe(
    200,
    "GET /health does not answer 200.",
    "A load balancer takes the app out of service.",
  );
  const commands = site.commands.sent.slice(before);
  must(
    commands.length === 0,
    "A health check asked Redis for a session.",
    [health, describeCommands(commands, redis.prefix)],
    "When Redis is slow, a check that waits for it takes healthy processes out of service. Mount `session()` after /health.",
  );
});

goal(
  "the first request after a start waits for the connection",
  async ({ open, openRelay, site, browser, redis }) => {
    await stored(browser, redis);
    const relay = await openRelay();
    relay.fallSilent();
    const starting = await open({
      impatient: true,
      db: site.db,
      redisUrl: relay.through(site.redisUrl),
    });
    const early = starting.browser().begin("GET", "/visits", undefined, {
      headers: { Cookie: await browser.cookieHeader() },
    });
    await pause(25);
    await relay.restore();
    const answer = await early.answer;
    must(
      answer.data.visits === 2,
      "A request that comes before the Redis connection is ready fails.",
      answer,
      "Right after a deploy there are always some. ioredis queues commands until it is connected, unless `enableOfflineQueue: false` tells it not to.",
    );
  },
);

goal("a lost connection is logged in a line of your own", async ({ site }) => {
  const { redis } = site;
  const why =
    'Without a listener for "error", ioredis writes "Unhandled error event" and a stack trace for every attempt to reconnect. With one that says nothing, nobody learns that Redis is gone.';
  must(
    redis.listenerCount("error") > 0,
    "Nobody listens for the errors of the Redis connection.",
    'redis.listenerCount("error") → 0',
    why,
  );
  const lines = await printedDuring(() => redis.emit("error", new Error("connect ECONNREFUSED")));
  const { connectRedis } = app as StepModule;
  const url = new URL(site.redisUrl);
  url.username = "default";
  url.password = "open-sesame";
  const logged = await printedDuring(() => {
    const other = connectRedis?.(url.href);
    other?.emit("error", new Error("connect ECONNREFUSED"));
    other?.disconnect();
  });
  must(
    lines.some((line) => line.trim() !== ""),
    "The errors of the Redis connection are swallowed.",
    'redis.emit("error", new Error("connect ECONNREFUSED")) → nothing is logged',
    why,
  );
  must(
    !logged.some((line) => line.includes("open-sesame")),
    "The password of Redis is written into the log.",
    logged,
    "A Redis address carries a password, and logs are read by many. Log what went wrong, not where.",
  );
  must(
    redis.listenerCount("error") > 0,
    "Nobody listens for the second error of the Redis connection.",
    'redis.listenerCount("error") after the first error → 0',
    why,
  );
});

goal(
  "without Redis, a visitor gets an error within 3 s, and is back when Redis is",
  async ({ open, openRelay, site, browser, redis }) => {
    await stored(browser, redis);

    const outages = [
      { what: "A Redis that refuses connections", cut: (relay: Relay) => relay.refuse() },
      {
        what: "A Redis that accepts connections and never answers",
        cut: async (relay: Relay) => relay.fallSilent(),
      },
    ];
    // Patience takes its time. With timers that run faster, a good app shows it sooner; what it does
    // not show then, it may show at its own pace.
    const scenes = await Promise.all(outages.map(prepared));
    const hurry = 20;
    const soon = await hurried(hurry, () =>
      Promise.allSettled(scenes.map((loseRedis) => loseRedis(3_000 / hurry))),
    );
    const unclear = outages.filter((_, i) => soon[i]?.status === "rejected");
    const again = await Promise.all(unclear.map(prepared));
    const outcomes = await Promise.allSettled(again.map((loseRedis) => loseRedis(3_000)));
    for (const each of outcomes) if (each.status === "rejected") throw each.reason;

    /** An app that has a visitor, ready to lose its Redis. */
    async function prepared({ what, cut }: (typeof outages)[number]) {
      const relay = await openRelay();
      const app = await open({ db: site.db, redisUrl: relay.through(site.redisUrl) });
      const visitor = app.browser();
      const visit = (by = visitor) => by.get("/visits", { withinMs: 3_000 });
      (await visit()).orNotJudged(200, "with Redis at hand, visits are not counted");

      return async (backWithinMs: number) => {
        await cut(relay);
        const during = await visit().catch(() => undefined);
        must(
          during,
          `${what} keeps the visitor waiting for more than 3 s.`,
          "GET /visits\n→ no answer within 3 s",
          "By default ioredis retries a command 20 times, and waits for an answer without end. Give each command a limit: how often, and how long.",
        );
        must(
          during.status >= 500,
          `${what} goes unnoticed: the visitor is answered ${during.status} without a session.`,
          during,
          "Somebody who is logged in must never look logged out because a server is missing.",
        );
        await relay.restore();
        const deadline = Date.now() + backWithinMs;
        let after = await visit().catch(() => undefined);
        while (after?.status !== 200 && Date.now() < deadline) {
          await pause(5);
          // A lock of a request that was cut off may keep its session busy a little longer.
          const newcomer = app.browser();
          await visit(newcomer).catch(() => undefined);
          after = await visit(newcomer).catch(() => undefined);
        }
        must(
          after?.status === 200,
          `${what} is back, but the app does not come back with it.`,
          after ?? "GET /visits\n→ no answer within 3 s",
          "`retryStrategy` decides whether ioredis ever connects again; null means never. How long one command may try is another option.",
        );
      };
    }
  },
);

/** With a clock that stands still, and a `Math.random` that always says the same. */
async function atTheSameMoment(action: () => Promise<void>): Promise<void> {
  const { random } = Math;
  vi.useFakeTimers({ toFake: ["Date"], now: Date.now() });
  Math.random = () => 0.5;
  try {
    await action();
  } finally {
    Math.random = random;
    vi.useRealTimers();
  }
}

/** Visits once and finds the session in Redis, or ends the goal as not judged. */
async function stored(browser: Browser, redis: { keys(): Promise<string[]> }) {
  const answer = await browser.get("/visits").catch(() => notJudged("GET /visits gets no answer"));
  answer.orNotJudged(200, "visits are not counted");
  const [key] = await redis.keys();
  return { answer, key: key ?? notJudged("no session is in Redis yet") };
}
