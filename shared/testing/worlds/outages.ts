import { seededUsers } from "../../app/database.ts";
import type { Answer } from "../answer.ts";
import { replyError } from "../commands.ts";
import { describeDuration } from "../cookies.ts";
import { impatiently } from "../moments.ts";
import type { Site } from "../site.ts";
import { pause } from "../time.ts";
import { must } from "../verdict.ts";
import { patiently } from "./scenes.ts";
import type { World, WorldGoal } from "./world.ts";

const { ada } = seededUsers;

/** Worlds in which the connection to Redis is lost for long. */
export const outages: readonly World[] = [
  {
    name: "After a long outage of Redis",
    async visit(goal) {
      await longOutage(goal);
      mustLiveOn(await goal.open());
    },
  },
];

/** What the connection would do, asked instead of waited for. */
function mustTryAgainSoon({ redis }: Site): void {
  const { retryStrategy, reconnectOnError } = redis.options;
  const waits = Array.from({ length: 40 }, (_, i) => Number(retryStrategy?.(i + 1) ?? 0));
  const long = waits.findIndex((ms) => ms > mostPatienceMs);
  must(
    long < 0,
    `after ${long + 1} attempts, the connection waits ${describeDuration(waits[long] ?? 0)} before the next one.`,
    `retryStrategy(${long + 1}) → ${waits[long]} ms`,
    "Redis is back, and visitors read errors until the next attempt. A delay that doubles needs an upper bound: `Math.min(…, 2_000)`.",
  );
  const last: unknown = retryStrategy?.(waits.length);
  must(
    typeof last !== "number" || last > 0,
    `after ${waits.length} attempts, the connection tries again without a pause.`,
    `retryStrategy(${waits.length}) → ${String(last)} ms`,
    "As long as Redis is away, that keeps the processor and the log busy. ioredis calls `retryStrategy` with the number of the attempt, from 1 on, and waits for what it returns, in milliseconds.",
  );
  const wrongType = replyError(
    "WRONGTYPE Operation against a key holding the wrong kind of value",
    {
      name: "get",
      args: ["a key that somebody else wrote"],
    },
  );
  const reaction = reconnectOnError?.(wrongType);
  must(
    !reaction,
    "one command that Redis refuses ends the connection of all, time and again.",
    `reconnectOnError(${wrongType.name}: ${wrongType.message}) → ${String(reaction)}`,
    "Such a command fails on the next connection as well. `reconnectOnError` is for what a new connection mends, such as READONLY after a failover.",
  );
}

// Longer ones leave visitors without an answer that Redis could give.
const mostPatienceMs = 120_000;
const mostLooks = 500;
const comesDuringOutage = 8;

/** Longer than any number of attempts to reconnect: what was lost comes back when Redis does. */
async function longOutage({ open, openRelay, ground, step }: WorldGoal): Promise<void> {
  const relay = await openRelay();
  const site = await open({ redisUrl: relay.through(ground.redisUrl) });
  mustTryAgainSoon(site);
  const visitor = site.browser();
  const member = site.browser();
  if (step >= 5) await member.logIn(ada);
  const headers = { Cookie: await member.cookieHeader() };
  (await visitor.get("/visits")).orNotJudged(200, "visits are not counted");
  const beforeOutage = site.watch.lines.length;
  const { status, meanwhile, logout } = await impatiently(async () => {
    const attempts = attemptsOf(site, 40);
    await relay.refuse();
    await attempts;
    const { status } = site.redis;
    let meanwhile: Answer | undefined;
    // The client is waiting, connecting and refused in turn: each time somebody comes.
    for (let come = 0; come < comesDuringOutage && !meanwhile?.succeeded; come++)
      meanwhile = await visitor.get("/visits", patiently).catch(() => undefined);
    const leave = () => member.post("/auth/logout", undefined, { ...patiently, headers });
    const logout = step >= 5 ? await leave().catch(() => undefined) : undefined;
    await relay.restore();
    return { status, meanwhile, logout };
  });
  must(
    !meanwhile?.succeeded,
    `while Redis is away, a visitor with a session is answered ${meanwhile?.status}.`,
    meanwhile,
    "What stands in for Redis knows nobody: the visitor counts from 1, and gets a new cookie in place of the one that would open their session once Redis is back. Answer with an error.",
  );
  // From here on at the app's own pace: a busy machine may take longer than a hurried one waits.
  let last: Answer | undefined;
  for (let look = 0; look < mostLooks && last?.status !== 200; look++) {
    await pause(20);
    last = await visitor.get("/visits", patiently).catch(() => undefined);
    if (site.redis.status === "end") break;
  }
  must(
    last?.status === 200,
    "Redis is back, and the app does not come back with it.",
    [`the client's status after 40 attempts: ${status}`, last ?? "GET /visits\n→ no answer"],
    "`retryStrategy` decides whether ioredis ever connects again: null means never, also when it comes after some tries. An outage lasts as long as it lasts.",
  );
  const replay = logout?.succeeded ? await member.get("/me", { headers }) : undefined;
  must(
    replay?.status !== 200,
    `while Redis is away, a logout is answered ${logout?.status}, and the session lives on.`,
    [logout ?? "", "then, when Redis is back, with the cookie from before:", replay ?? ""],
    "Whoever cannot ask does not know that there is no session: without a store, express-session may leave `req.session` out. What could not be ended is an error, 5xx.",
  );
  const beforeNext = site.watch.lines.length;
  if (beforeNext === beforeOutage) return;
  await impatiently(async () => {
    const attempts = attemptsOf(site, 10);
    await relay.refuse();
    await attempts;
  });
  must(
    site.watch.lines.length > beforeNext,
    "the next outage leaves no line in the log.",
    ["the first one:", site.watch.lines[beforeOutage]?.text ?? "", "the second one: nothing"],
    "Whoever reads the log in a month wants to know when Redis was gone, each time. What is said once per outage has to be said anew after the connection was back: `ready`.",
  );
}

/** However often a process was told that Redis is away: it serves what needs no Redis, and is there when it is back. */
function mustLiveOn({ redis }: Site): void {
  const { exit } = process;
  let errors = 0;
  let ended = false;
  process.exit = () => {
    ended = true;
    throw new Error("process.exit");
  };
  try {
    const lost = Object.assign(new Error("connect ECONNREFUSED 127.0.0.1"), {
      code: "ECONNREFUSED",
    });
    for (; errors < 200; errors++) redis.emit("error", lost);
  } catch (error) {
    if (!ended) throw error;
  } finally {
    process.exit = exit;
  }
  must(
    !ended,
    `after ${errors + 1} failed attempts to connect, the app ends its own process.`,
    "process.exit()",
    "With it end the health check, whatever is under way, and what needs no Redis. ioredis goes on trying by itself; whether to start anew is for whoever watches /health.",
  );
}

/** Resolves when the client has tried to connect that often since, or has given up. */
function attemptsOf({ redis }: Site, enough: number): Promise<void> {
  return new Promise((resolve) => {
    let count = 0;
    redis.on("reconnecting", () => {
      if (++count > enough) resolve();
    });
    redis.on("end", () => resolve());
  });
}
