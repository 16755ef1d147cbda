import session from "express-session";
import { once } from "node:events";
import { get, request, type IncomingMessage } from "node:http";
import { vi } from "vitest";
import { seededUsers } from "../../app/database.ts";
import { ancientBrowsers, headersOfChromium } from "../browser-headers.ts";
import type { Browser } from "../browser.ts";
import { Actor, Contract } from "../contract.ts";
import { holdAnswers, holdEverything } from "../moments.ts";
import type { Site } from "../site.ts";
import { story } from "../story.ts";
import { pause } from "../time.ts";
import { must, under } from "../verdict.ts";
import { grownKey, keptShortBy } from "../work.ts";
import { askForProfile, logIn, logOut, patiently, visit } from "./scenes.ts";
import { sendHead } from "./wire.ts";
import type { World, WorldGoal } from "./world.ts";

const { ada, grace } = seededUsers;
/** More than what fits into a byte and, where they are kept in memory, into a thousand. */
const manyVisitors = (step: number) => (step === 1 ? 1_200 : 300);
/** More than an app serves at a time, if it counts. */
const manyLeave = 300;
const givesBack =
  "Whoever closes a page hangs up, and comes back. What a request takes it has to give back in any case: `finish` says that an answer was sent, `close` comes without one, too.";

/** Worlds with more in them than one browser at one app. */
export const crowds: readonly World[] = [
  { name: "Among many visitors", visit: manyOthers },
  { name: "The hundredth time", visit: hundredthTime },
  { name: "Beside another app in the same process", visit: besideAnotherApp },
  { name: "In a browser from before 2023", visit: olderBrowsers },
];

async function manyOthers({ open, step }: WorldGoal): Promise<void> {
  const site = await open();
  const regular = new Actor(new Contract(step), site);
  await regular.doesAll([{ does: "visit" }, { does: "visit" }]);
  const regularComes = (others: number) =>
    under(`once ${others} others have been here`, () => regular.does({ does: "visit" }));
  for (let others = 0; others < manyVisitors(step); others += 50) {
    // Whoever was here just now is the last one to be forgotten.
    if (others % 300 === 0) await regularComes(others);
    await Promise.all(Array.from({ length: 50 }, () => passBy(site)));
    // The thread rests: whoever never does is taken for a loop without end.
    await pause(1);
  }
  await regularComes(manyVisitors(step));
  await mustLetGo(site, "request", () => regular.does({ does: "visit" }));
  await mustLetGo(site, "client that hangs up", () =>
    hangUp(site, regular.browser, "GET", "/visits"),
  );
  await hangUp(site, regular.browser, "GET", "/visits", manyLeave);
  const back = await regular.browser.get("/visits").catch(() => undefined);
  must(
    back?.succeeded,
    `after ${manyLeave} requests whose clients hung up before the answer, nobody is served.`,
    ["GET /visits, and the connection ends before the answer", back ?? "GET /visits\n→ no answer"],
    givesBack,
  );
  if (step >= 3) await mustServeAfter(site, await thoseWhoLeave(site));
  if (step >= 3) await mustLimit(site);
  if (step >= 4) await mustServeOwner(site);
  if (step >= 5) await mustLogOutBeside(site);
  if (step >= 5) await mustEndUnread(site);
}

/** What a request adds to the connection goes with it, also when its client leaves before the answer. */
async function mustLetGo(
  { redis }: Site,
  what: string,
  come: () => Promise<unknown>,
): Promise<void> {
  const listeners = () =>
    redis.eventNames().reduce((count, event) => count + redis.listenerCount(event), 0);
  const [times, before] = [10, listeners()];
  for (let time = 0; time < times; time++) await come();
  must(
    listeners() - before < times,
    `with each ${what}, a listener stays at the Redis connection.`,
    `listeners at the connection: ${before}, and after ${times} times a ${what}: ${listeners()}`,
    "What a request adds to something that outlives it has to go with it. A response that nobody reads any more emits `close`, and no `finish`.",
  );
}

/** However many want to come in, whoever is in can leave. */
async function mustLogOutBeside(site: Site): Promise<void> {
  const member = site.browser();
  await member.logIn(ada);
  const hold = holdEverything(site, "read");
  const { email, password } = grace;
  const logins = Array.from({ length: 20 }, () =>
    site.browser().begin("POST", "/auth/login", { email, password }, patiently),
  );
  await untilSeen(site);
  hold.letOthersPass();
  const logout = await member.post("/auth/logout");
  hold.release();
  await Promise.allSettled(logins.map(({ answer }) => answer));
  must(
    logout.succeeded,
    "while many log in, nobody can log out.",
    ["20 logins are under way", logout],
    "A limit is for what costs much: the login. Whoever walks away from a computer has to get out at once: mount `limitConcurrency` on that route alone.",
  );
}

/** Of many requests at once, some are told to come back: a limit that is made with each of them counts nobody. */
async function mustLimit(site: Site): Promise<void> {
  // Without a limit, an app is as right as its lesson asks.
  if (!String(site.module.createApp).includes("limitConcurrency")) return;
  const hold = holdAnswers(site, "findByEmail");
  let answered = 0;
  const { email, password } = ada;
  const logins = Array.from({ length: 80 }, () => {
    const { answer } = site.browser().begin("POST", "/auth/login", { email, password }, patiently);
    const count = () => void answered++;
    return answer.then(count, count);
  });
  for (let look = 0; look < 5_000 && hold.waiting + answered < logins.length; look++) {
    await pause(1);
  }
  const underWay = hold.waiting;
  hold.release();
  await Promise.all(logins);
  must(
    underWay < logins.length,
    "`limitConcurrency` limits nobody.",
    `${logins.length} logins at once → ${underWay} are under way`,
    "It counts what it let through: one for all requests, made once, when the app is, and mounted before the handler. One that is made within a request counts that one alone.",
  );
}

/** Whoever closes the page again and again is served all the same when they come back. */
async function mustServeOwner(site: Site): Promise<void> {
  const owner = site.browser();
  await owner.logIn(ada);
  await hangUp(site, owner, "GET", "/me", manyLeave);
  const back = await owner.get("/me").catch(() => undefined);
  must(
    back?.succeeded,
    "whoever hung up before the answer often enough is locked out of their account.",
    [
      `GET /me, and the connection ends before the answer: ${manyLeave} times`,
      back ?? "→ no answer",
    ],
    givesBack,
  );
}

/** What was asked is done, also when nobody is left to read that it was. */
async function mustEndUnread(site: Site): Promise<void> {
  const leaver = site.browser();
  await leaver.logIn(ada);
  if (!(await hangUp(site, leaver, "POST", "/auth/logout"))) return;
  const replay = await leaver.get("/me");
  must(
    replay.status !== 200,
    "whoever hangs up before the answer to a logout stays logged in.",
    ["POST /auth/logout, and the connection ends before the answer", replay],
    "Whoever logs out closes the page at once, or the network does. What was asked is done all the same: whether somebody reads the answer is no matter.",
  );
}

/**
 * As whoever closes the page: what it asked is on its way, and nobody reads the answer.
 *
 * @param times How often, all at once.
 * @returns Whether the app had begun to look at it by then.
 */
async function hangUp(
  site: Site,
  browser: Browser,
  method: "GET" | "POST",
  path: string,
  times = 1,
): Promise<boolean> {
  const headers = {
    ...headersOfChromium(method, site.origin),
    ...(method === "POST" && { "Content-Length": "0" }),
    Cookie: await browser.cookieHeader(),
  };
  const hold = site.commands.hold("read");
  let begun = false;
  const leaving = await Promise.all(
    Array.from({ length: times }, () => sendHead(site, `${method} ${path}`, headers)),
  );
  const reached = hold.reached.then(() => (begun = true));
  // What is to be done has to have arrived.
  if (method === "POST") await Promise.race([reached, untilSeen(site)]);
  for (const socket of leaving) socket.resetAndDestroy();
  await untilSeen(site);
  hold.release();
  await site.commands.quiet();
  return begun;
}

/** Clients that hang up during their login: more than an app lets in at a time. */
async function thoseWhoLeave(site: Site): Promise<number> {
  let left = 0;
  for (let stays = false; left < 20 && !stays;) {
    const hold = holdEverything(site, "read");
    const leaving = request(`${site.address}/auth/login`, {
      method: "POST",
      agent: site.connections,
      headers: { ...site.proxyHeaders, Origin: site.origin, "Content-Type": "application/json" },
    });
    leaving.on("error", () => {});
    leaving.end(JSON.stringify({ email: ada.email, password: ada.password }));
    const answered = once(leaving, "response").then(() => true);
    stays = await Promise.race([hold.reached.then(() => false), answered]);
    if (!stays) {
      left++;
      leaving.destroy();
      await untilSeen(site);
    }
    hold.release();
  }
  await site.commands.quiet();
  return left;
}

/**
 * Sent later than what was sent or hung up before: by the time of these answers, the server knows of it. A
 * health check may ask Redis whether it is there, which is no read.
 */
async function untilSeen(site: Site): Promise<void> {
  for (let look = 0; look < 2; look++) await site.browser().get("/health");
}

async function mustServeAfter(site: Site, left: number): Promise<void> {
  const { email, password } = ada;
  const tryToLogIn = () => site.browser().post("/auth/login", { email, password });
  let login = await tryToLogIn();
  // On a busy machine, a server hears of some of them later.
  for (let look = 0; look < 50 && login.status >= 500; look++) {
    await pause(20);
    login = await tryToLogIn();
  }
  must(
    login.status < 500,
    `after ${left} clients that hung up during their login, nobody can log in.`,
    login,
    "What counts as under way has to end, also when nobody is left to read the answer: answer all the same.",
  );
}

/** A visit of whom nothing is kept: neither the cookie nor the answer. */
async function passBy({ address, connections: agent, proxyHeaders: headers }: Site): Promise<void> {
  const request = get(`${address}/visits`, { agent, headers });
  const [response] = (await once(request, "response")) as [IncomingMessage];
  response.resume();
  await once(response, "end");
}

/** What a module keeps in its variables, all apps of a process share. */
async function besideAnotherApp({ open, step }: WorldGoal): Promise<void> {
  const site = await open();
  const other = await open({
    // That the app is asked over https, it learns in step 6.
    env: step >= 6 ? "production" : "development",
    sessionSecret: "the secret of the other app, beside",
    previousSessionSecrets: ["what signed the cookies of last year, for a while"],
  });
  must(
    other.config.previousSessionSecrets.length === 1,
    "createApp changes the configuration that it was given.",
    `config.previousSessionSecrets has ${other.config.previousSessionSecrets.length} entries afterwards, not 1`,
    "Whoever handed it over goes on using it, for the next app as well: each would sign and accept what belongs to the other. Make a list of your own.",
  );
  const contract = new Contract(step);
  const atTheOther = new Contract(step);
  await story(new Actor(contract, site), new Actor(contract, site));
  await story(new Actor(atTheOther, other), new Actor(atTheOther, other));
  if (step < 3) return;
  const late = new Actor(contract, site);
  await late.does({ does: "log in", as: "alan" });
  if (step >= 5) await late.does({ does: "log out" });
}

/** Whoever is asked by an old browser sets the flags all the same. */
async function mustSetTheSameFlags(site: Site): Promise<void> {
  const { email, password } = ada;
  for (const client of ancientBrowsers) {
    const browser = site.browser();
    const headers = { "User-Agent": client };
    const answers = [
      await browser.post("/auth/login", { email, password }, { headers }),
      await browser.get("/visits", { headers }),
      await browser.get("/visits", { headers }),
    ];
    const bare = answers.find(
      ({ sessionCookie }) => sessionCookie && !(sessionCookie.sameSite && sessionCookie.httpOnly),
    );
    must(
      !bare,
      `an old browser gets a cookie without ${bare?.sessionCookie?.httpOnly ? "SameSite" : "HttpOnly"}.`,
      [`User-Agent: ${client}`, bare ?? ""],
      "A flag that a browser does not know it ignores. What some old ones get wrong is SameSite=None alone; and what a client calls itself, anybody can.",
    );
  }
}

/** They name the origin of what changes something, and say nothing of the site. */
async function olderBrowsers({ open, step }: WorldGoal): Promise<void> {
  // That the app is asked over https, it learns in step 6.
  for (const env of step >= 6 ? (["development", "production"] as const) : [undefined]) {
    const site = await open(env && { env });
    if (step >= 5) await mustKnowItsOwnPages(site);
    if (step >= 6) await mustSetTheSameFlags(site);
    const contract = new Contract(step);
    await story(
      new Actor(contract, site, site.olderBrowser()),
      new Actor(contract, site, site.olderBrowser()),
    );
    if (step < 5) continue;
    const member = site.olderBrowser();
    await member.logIn(grace);
    const { host, protocol } = new URL(site.origin);
    for (const origin of [
      `${site.origin}.mallory.example`,
      `${site.origin}:8443`,
      `${protocol}//mallory-${host}`,
      `${protocol}//${host.replace(".", "-")}`,
      "null",
    ]) {
      const answer = await member.post("/auth/logout", undefined, { headers: { Origin: origin } });
      must(
        answer.status === 403,
        `a page of ${origin} can log people out: the answer is ${answer.status}, not 403.`,
        [`Origin: ${origin}`, answer],
        "An origin is the whole of it: scheme, host and port. One that begins like yours, or ends like it, is somebody else's.",
      );
    }
  }
}

/** The origin names the scheme, which an app behind a proxy has to be told. */
async function mustKnowItsOwnPages(site: Site): Promise<void> {
  const { email, password } = ada;
  const login = await site.olderBrowser().post("/auth/login", { email, password });
  must(
    login.status !== 403,
    site.config.env === "production" && !site.app.get("trust proxy")
      ? "the app takes its own pages for those of another site: `trust proxy` is not set."
      : "the app takes its own pages for those of another site.",
    [`Origin: ${site.origin}`, login],
    "The origin is compared with `req.protocol` and `req.host`. Behind a proxy, Express knows what the browser asked for when its own setting says so: `trust proxy`. The option `proxy` of `session()` tells nobody else.",
  );
}

/** However often somebody comes, a session stays about as large as it was. */
async function mustNotGrow({ redis }: WorldGoal, visitOften: () => Promise<void>): Promise<void> {
  const inMemory = new Map<string, string>();
  const { set: kept } = session.MemoryStore.prototype;
  const set = vi.spyOn(session.MemoryStore.prototype, "set").mockImplementation(function (
    this: session.MemoryStore,
    ...args
  ) {
    inMemory.set("a session in the memory of the process", JSON.stringify(args[1]));
    return kept.apply(this, args);
  });
  const contents = async () => new Map([...inMemory, ...(await redis.contents())]);
  await visitOften();
  const early = await contents();
  await visitOften();
  const growing = grownKey(early, await contents(), 40);
  set.mockRestore();
  must(
    !growing,
    `A session grows with every visit: ${growing?.name}.`,
    `${growing?.name} = ${growing?.value.slice(0, 200)} …`,
    "It is read and written whole with each request, and whoever comes often enough fills the memory. A counter is one number; of a list, keep the last few.",
  );
}

/** Much of everything: it still counts rightly, it tells nobody who has an account, and nothing grows. */
async function hundredthTime(goal: WorldGoal): Promise<void> {
  const { open, redis, step } = goal;
  const site = await open();
  const contract = new Contract(step);
  const visitor = new Actor(contract, site);
  await mustNotGrow(goal, async () => {
    for (let count = 0; count < 30; count++) await visitor.does(visit);
  });
  if (step < 3) return;

  const round = async (actor: Actor) => {
    await actor.does({ does: "log in", as: "alan" });
    if (actor.who) await actor.does(visit);
    if (step >= 5 && actor.who) await actor.does(logOut);
  };
  const regular = new Actor(contract, site);
  await regular.does(logIn);
  // They share a few connections, and Node warns of the eleventh listener at one.
  const looks = step >= 4 ? 60 : 0;
  for (let count = 0; count < looks; count++) await regular.does(askForProfile);
  for (let count = 0; count < 8; count++) await round(regular);
  const early = await redis.contents();
  for (let count = 0; count < 16; count++) await round(regular);
  const late = await redis.contents();
  const growing = grownKey(early, late, 150, keptShortBy(site, redis));
  must(
    !growing,
    `A key grows with every login: ${growing?.name}.`,
    `${growing?.name} = ${growing?.value.slice(0, 200)} …`,
    "What is added for a session has to go when the session goes, or it stays for good: take it out when the session ends, and what has run out of time whenever you look.",
  );
  const sessions = (keys: Map<string, string>) =>
    [...keys].filter(([, value]) => value.includes(seededUsers.alan.id));
  must(
    sessions(late).length < sessions(early).length + 12,
    "Every login leaves a key behind.",
    sessions(late)
      .slice(-5)
      .map(([name, value]) => `${name} = ${value.slice(0, 120)}`),
    "The session of before is replaced, and nobody will ever ask for it again.",
  );

  for (let guess = 1; guess <= 25; guess++) {
    const [known, unknown] = await Promise.all(
      [grace.email, "nobody@example.com"].map((email) =>
        site.browser().post("/auth/login", { email, password: "not this password" }),
      ),
    );
    must(
      known?.status === unknown?.status && known?.text === unknown?.text,
      `After ${guess} wrong passwords, the answer tells a known email from an unknown one.`,
      [known ?? "", unknown ?? ""],
      "Whoever can tell the two apart learns who has an account here. What is counted, delayed or locked is so for every email alike.",
    );
  }
}
