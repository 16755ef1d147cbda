import type { RedisOptions } from "ioredis";
import { NeverAnswered } from "./browser.ts";
import type { Goal } from "./goals.ts";
import type { Relay } from "./relay.ts";
import { pause } from "./time.ts";
import { must, notJudged } from "./verdict.ts";

/** A way in which Redis is gone, begun by `cut`. */
export interface Outage {
  /** Begins the first line of a message: "A Redis that refuses connections". */
  what: string;
  cut(relay: Relay): Promise<void>;
}

export async function silence(relay: Relay): Promise<void> {
  relay.fallSilent();
}

const patienceMs = 3_000;
const lookMs = 5;

/** What of a connection's limits keeps a command, if it is to be seen. */
function whyLong(
  { commandTimeout, maxRetriesPerRequest }: RedisOptions,
  answersNothing: boolean,
  commands: number,
): string {
  if (commandTimeout !== undefined) {
    if (commandTimeout >= patienceMs) return `: \`commandTimeout\` is ${commandTimeout} ms`;
    const isRepeated = commands > 1 && commands * commandTimeout >= patienceMs;
    return isRepeated
      ? `: it asks ${commands} times, and waits ${commandTimeout} ms each time`
      : "";
  }
  if (answersNothing) return ": there is no `commandTimeout`";
  return maxRetriesPerRequest === null
    ? ": `maxRetriesPerRequest` is null, which knows no end"
    : `: \`maxRetriesPerRequest\` is ${maxRetriesPerRequest}`;
}

/**
 * An app that has a visitor, ready to lose its Redis and to get it back.
 *
 * @returns Loses Redis, gets it back, and demands what a visitor may expect meanwhile and afterwards:
 * 3 s each, or so many times less where timers run that many times faster.
 */
export async function visitorBehind(
  { what, cut }: Outage,
  { open, openRelay, site }: Pick<Goal, "open" | "openRelay" | "site">,
): Promise<(hurry: number) => Promise<void>> {
  const relay = await openRelay();
  const app = await open({ db: site.db, redisUrl: relay.through(site.redisUrl) });
  const visitor = app.browser();
  const visit = (by = visitor, withinMs = patienceMs) => by.get("/visits", { withinMs });
  (await visit()).orNotJudged(200, "with Redis at hand, visits are not counted");
  if (!(await visitor.sessionCookie())) notJudged("a visit sets no cookie that a browser keeps");

  return async (hurry: number) => {
    await cut(relay);
    const before = app.commands.sent.length;
    const during = await visit(visitor, patienceMs / hurry).catch(() => undefined);
    const { commandTimeout, maxRetriesPerRequest } = app.redis.options;
    const limits = Object.entries({ maxRetriesPerRequest, commandTimeout });
    const [text] = limits.find(([, limit]) => typeof limit === "string") ?? [];
    const shownLimits = limits
      .map(([name, limit]) => `${name}: ${JSON.stringify(limit)}`)
      .join(", ");
    const waiting = (who: string) =>
      text
        ? `\`${text}\` is a text, and limits nothing: ioredis takes a number.`
        : `${what} keeps ${who} waiting for more than 3 s${whyLong(app.redis.options, cut === silence, app.commands.sent.length - before)}.`;
    must(
      during,
      waiting("the visitor"),
      ["GET /visits\n→ no answer within 3 s", shownLimits],
      "By default ioredis retries a command 20 times, and waits for an answer without end. Limit both: how often, and for how many milliseconds. All of it, connecting included, has to be over before 3 s are.",
      1,
    );
    const isNewcomer = during.data.visits === 1;
    const isKnown = Number(during.data.visits) > 1;
    must(
      during.status >= 500,
      `${what} ${isNewcomer ? "makes a visitor who has a session a newcomer" : "goes unnoticed"}: the answer is ${during.status}${isKnown ? ", out of the memory of this process" : ""}.`,
      during,
      isKnown
        ? "What one process keeps of a session, the next one does not know, and does not change: read it from Redis each time, and hand its error to the error handler."
        : "A session that cannot be read is no session that is not there: whoever is logged in must never look logged out because a server is missing. The error belongs to the error handler.",
      2,
    );
    const newcomer = await visit(app.browser(), patienceMs / hurry).catch((error) => error);
    must(
      !(newcomer instanceof NeverAnswered),
      waiting("somebody new"),
      ["GET /visits, without a cookie\n→ no answer within 3 s", shownLimits],
      "A new session is stored once the handler has answered, and the answer waits for it. Limit the commands of the connection: a timer of the request comes too late for what is already on its way.",
    );
    await relay.restore();
    let after = await visit().catch(() => undefined);
    // A thread that was put off takes all of its looks later.
    for (let look = 0; look < patienceMs / hurry / lookMs && after?.status !== 200; look++) {
      await pause(lookMs);
      // A lock of a request that was cut off may keep its session busy a little longer.
      const newcomer = app.browser();
      await visit(newcomer).catch(() => undefined);
      after = await visit(newcomer).catch(() => undefined);
    }
    must(
      after?.status === 200,
      `Redis is back, and the app does not come back with it${app.redis.status === "end" ? ": its client has stopped trying" : ""}.`,
      [`${what}, and then answers again:`, after ?? "GET /visits\n→ no answer within 3 s"],
      "`retryStrategy` decides whether ioredis ever connects again; null means never, and so does `disconnect` or `quit`. How long one command may try is another option.",
    );
  };
}
