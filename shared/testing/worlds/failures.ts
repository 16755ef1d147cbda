import { vi } from "vitest";
import { createDatabase, seededUsers } from "../../app/database.ts";
import type { Answer } from "../answer.ts";
import type { Exchange } from "../browser.ts";
import { withClock } from "../clock.ts";
import { fullRedis, isOf, wordsRefusing, replyError, type CommandKind } from "../commands.ts";
import { tellAddress } from "../connections.ts";
import { Actor, Contract, knownSince, type Act } from "../contract.ts";
import { sessionIdIn } from "../cookies.ts";
import { holdAnswers, impatiently, loseAnswers, nothingMore, visitUnderWay } from "../moments.ts";
import type { Site } from "../site.ts";
import { atMost, endsBefore } from "../time.ts";
import { must, under } from "../verdict.ts";
import {
  askForProfile,
  changePassword,
  logIn,
  logOut,
  logOutEverywhere,
  patiently,
  rename,
  visit,
} from "./scenes.ts";
import type { World, WorldGoal } from "./world.ts";

const { ada, grace } = seededUsers;

/** Worlds in which Redis or the database is slow, or refuses. */
export const failures: readonly World[] = [
  { name: "With a slow Redis", visit: slowRedis },
  { name: "After an answer that says it failed", visit: lostAnswers },
  { name: "With a Redis that refuses", visit: refusingRedis },
  { name: "With a session that cannot be ended", visit: endlessSession },
  { name: "With a database that fails", visit: failingDatabase },
  { name: "With an address of Redis that has everything in it", visit: wholeAddress },
];

/** The app's own patience may end; what it then answers has to be true. */
async function slowRedis(goal: WorldGoal): Promise<void> {
  await farAway(goal);
  await silentForAWhile(goal);
  await mustWaitForRedis(goal);
  const { open, redis, step } = goal;
  for (const act of [logIn, logOut, logOutEverywhere]) {
    if (knownSince[act.does] > step) continue;
    for (const kind of ["store", "delete"] as const) {
      const site = await open();
      const browser = site.browser();
      await browser.get("/visits");
      if (act !== logIn) await browser.logIn(ada);
      const cookie = await browser.cookieHeader();
      // The patience that counts here is the app's own: of two that end at once, either may be first.
      Reflect.deleteProperty(site.redis.options, "commandTimeout");
      const hold = site.commands.hold(kind);
      const route = `/auth/${act === logIn ? "login" : act === logOut ? "logout" : "logout-all"}`;
      const body = act === logIn ? { email: ada.email, password: ada.password } : undefined;
      const early = await impatientlyAt(site, hold.reached, () =>
        browser.begin("POST", route, body, patiently),
      );
      const stored = async () => (await redis.keys()).length;
      const whenAnswered = await stored();
      hold.letOthersPass();
      // Whoever has given up may go on all the same, and lose the connection for the next one.
      const replay =
        early && step >= 4
          ? await site
              .browser()
              .get("/me", { headers: { Cookie: cookie } })
              .catch(() => undefined)
          : undefined;
      hold.release();
      const given = await early?.answer;
      await site.commands.quiet();
      const afterwards = await stored();
      await site.close();
      if (!given?.succeeded) continue;
      const evidence = [String(given), "the command is still on its way to Redis"];
      must(
        act === logIn || replay?.status !== 200,
        "a logout is answered with success before the session is gone.",
        [...evidence, replay ?? ""],
        "Whoever gives up waiting does not know what became of it: that is an error, 5xx, and not a success. The old cookie still works.",
      );
      must(
        act !== logIn || kind !== "store" || afterwards <= whenAnswered,
        "a login is answered with success before the session is stored.",
        evidence,
        "Whoever gives up waiting does not know what became of it: that is an error, 5xx, and not a success.",
      );
    }
  }
}

/** Another process may be asked as soon as there is an answer: by then, Redis has the session. */
async function mustWaitForRedis({ open }: WorldGoal): Promise<void> {
  const site = await open();
  const elsewhere = await open({ db: site.db, newProcess: true });
  const visitor = site.browser();
  await visitor.get("/visits");
  const headers = { Cookie: await visitor.cookieHeader() };
  const hold = site.commands.hold("store");
  const { answer } = visitor.begin("GET", "/visits", undefined, patiently);
  const isEarly = await endsBefore(answer, nothingMore(site));
  const next = isEarly && (await elsewhere.browser().get("/visits", { headers }));
  hold.release();
  const visit = await answer;
  must(
    !next || !visit.succeeded || Number(next.data.visits) > Number(visit.data.visits),
    "a visit is answered before Redis has the session.",
    [visit, "SET is still on its way to Redis; the next visit, at another process:", next || ""],
    "express-session holds back the end of an answer until the store calls back: call back once Redis has answered, and leave the end of the answer to `res.json`.",
  );
  await site.commands.quiet();
  await site.close();
  await elsewhere.close();
}

/**
 * A request whose answer has begun to arrive because the app's patience ended first: a browser acts on
 * its headers. Undefined when the app goes on waiting.
 */
async function impatientlyAt(
  site: Site,
  reached: Promise<unknown>,
  begin: () => Exchange | Promise<Exchange>,
): Promise<Exchange | undefined> {
  return impatiently(async () => {
    const exchange = await begin();
    await Promise.race([exchange.answer, reached]);
    // What is still being asked or hashed may be the way to an answer.
    await Promise.race([exchange.headers, exchange.answer, nothingMore(site)]);
    return exchange.headersArrived ? exchange : undefined;
  });
}

/** A Redis of another city: each of its answers takes as long as a packet needs. */
async function farAway({ open, openRelay, ground }: WorldGoal): Promise<void> {
  const relay = await openRelay();
  relay.latencyMs = 40;
  const site = await open({ redisUrl: relay.through(ground.redisUrl) });
  let visits: Answer[] = [];
  // On a busy machine, a packet takes longer at times; too little patience is too little each time.
  for (let attempt = 0; attempt < 3 && visits.at(-1)?.data.visits !== 2; attempt++) {
    const browser = site.browser();
    visits = [await browser.get("/visits"), await browser.get("/visits")];
  }
  must(
    visits.at(-1)?.data.visits === 2,
    `a visitor is not remembered when Redis takes ${2 * relay.latencyMs} ms to answer${patienceOf(site)}.`,
    [...visits, ...site.commands.refusals],
    "The network takes its time. ioredis counts in milliseconds: two seconds are 2_000.",
  );
  await site.close();
}

/** One answer takes a minute, a few do not come at all, and then all is well, on the same connection. */
async function silentForAWhile({ open, redis }: WorldGoal): Promise<void> {
  const site = await open();
  const visitor = site.browser();
  await visitor.get("/visits");
  await withClock(redis, async (pass) => {
    const hold = site.commands.hold("read");
    const { answer } = visitor.begin("GET", "/visits", undefined, patiently);
    await Promise.race([hold.reached, answer]);
    await pass(1 / 60);
    hold.release();
    await answer;
    site.commands.fail("read", "Command timed out");
    for (let count = 0; count < 12; count++) await visitor.get("/visits");
    site.commands.releaseAll();
    await pass(1 / 20);
    const again = await visitor.get("/visits");
    must(
      again.succeeded,
      `Redis answers again, and three minutes later GET /visits is still answered ${again.status}.`,
      ["12 visits: GET → Command timed out, and the connection stays open", again],
      "Redis can be silent for a while on a connection that is never lost, and that sends no `ready` afterwards. Whoever stops asking it has to try again by and by.",
    );
  });
  await site.close();
}

/** Which limit of its connection was too short, if one was. */
function patienceOf({ commands, redis }: Site): string {
  if (!commands.refusals.includes("Command timed out")) return "";
  const { commandTimeout, socketTimeout = Infinity } = redis.options;
  const [name, ms] =
    socketTimeout < Number(commandTimeout)
      ? ["socketTimeout", socketTimeout]
      : ["commandTimeout", commandTimeout];
  return `: the connection gives up on Redis, ${name} is ${ms} ms`;
}

/** Redis has done it, and the answer is lost: whoever is told that it failed is nobody, now and later. */
async function lostAnswers({ open, redis, step }: WorldGoal): Promise<void> {
  // In development, an app may well have an error handler that explains, and does nothing else.
  const site = await open({ env: "production" });
  const browser = site.browser();
  await browser.get("/visits");
  const restore = loseAnswers(site, "store");
  const { email, password } = ada;
  const login = await browser.post("/auth/login", { email, password });
  restore();
  await site.redis.ping();
  if (login.status < 500) return;
  for (const { name, value } of login.setCookies) {
    const id = sessionIdIn(value);
    if (!id) continue;
    const keys = [...(await redis.contents())].filter(([key]) => key.includes(id));
    const headers = { Cookie: `${name}=${value}` };
    const me = step >= 4 ? await site.browser().get("/me", { headers }) : undefined;
    must(
      !keys.some(([, stored]) => stored.includes(ada.id)) && me?.status !== 200,
      `a login is answered ${login.status}, and its cookie is logged in all the same.`,
      [login, "SET is done, and its answer did not arrive", me ?? "", ...keys.map(String)],
      "Whoever reads an error believes to be nobody, and walks away. Hand out no cookie with it: let the error of `save` reach the error handler, and forget the session.",
    );
  }
}

async function refusingRedis({ open, step }: WorldGoal): Promise<void> {
  const usual = await open();
  mustStayConnected(usual);
  await mustTellOfLoss(usual);
  if (step >= 5) await mustNotInsist(usual);
  const usualContract = new Contract(step);
  const cases: [Act, "read" | "store" | "delete"][] = [
    [visit, "read"],
    [logIn, "store"],
    [logIn, "read"],
    [logIn, "delete"],
    [askForProfile, "read"],
    [rename, "read"],
    [logOut, "read"],
    [logOut, "delete"],
    [logOutEverywhere, "read"],
    [logOutEverywhere, "delete"],
    [changePassword, "delete"],
    [changePassword, "store"],
  ];
  for (const [act, kind] of cases) {
    if (knownSince[act.does] > step) continue;
    // Whether the password is the new one by then, is left open.
    const isLast = act === changePassword;
    const site = isLast ? await open() : usual;
    const actor = new Actor(isLast ? new Contract(step) : usualContract, site);
    await actor.does(visit);
    if (knownSince[act.does] > 3) await actor.does(logIn);
    const { given, refused } = await refusing(
      site,
      kind,
      async () => (await actor.begin(act)).answer,
    );
    must(
      !refused || given.status >= 500,
      `${given.route} answers ${given.status} although Redis refused to ${kind} the session.`,
      [given, wordsRefusing(kind)],
      "What could not be done is not done: an error of the store has to reach the error handler.",
    );
    if (refused && kind === "read" && act !== logIn) await actor.isAsBefore();
  }
  if (step >= 3) await mustLetOthersIn(usual);
}

/** What Redis refused once is over with that request. */
async function mustLetOthersIn(site: Site): Promise<void> {
  const { email, password } = ada;
  const answer = await site.browser().post("/auth/login", { email, password });
  must(
    answer.succeeded || answer.status === 429,
    `Redis is well again, and the right password is answered ${answer.status}.`,
    [`before that, a login: SET → ${wordsRefusing("store")}`, answer],
    "What one request leaves behind must not stop the next. A chain of Promises that has failed once has failed for all who wait in it: catch the error where the next one waits.",
  );
}

/** A write that is tried again has the same condition: what was there may be gone by then. */
async function mustNotInsist(site: Site): Promise<void> {
  const browser = site.browser();
  await browser.logIn(ada);
  await browser.get("/visits");
  const headers = { Cookie: await browser.cookieHeader() };
  const slow = await visitUnderWay(site, browser);
  const logout = await slow.meanwhile(() => browser.post("/auth/logout"), true);
  const replay = await site.browser().get("/me", { headers });
  must(
    !logout.succeeded || replay.status !== 200,
    "a write that failed is tried again without its condition, and brings back a session that was logged out.",
    ["GET /visits reads the session", logout, `SET → ${fullRedis}`, replay],
    "The second try finds what the first would have found: no key, since somebody has logged out. `XX` belongs to both.",
  );
}

/** A Redis that is full refuses at the next connection as well, and all who share this one lose theirs. */
function mustStayConnected({ redis }: Site): void {
  const reconnects = redis.options.reconnectOnError?.(
    replyError(fullRedis, { name: "set", args: [] }),
  );
  must(
    !reconnects,
    "when Redis is full, the app reconnects to it again and again.",
    `reconnectOnError(new Error("${fullRedis}")) → ${String(reconnects)}`,
    "A new connection finds Redis as full as before, and takes the commands of everybody else along. It helps where Redis has become somebody's replica (READONLY), and nowhere else.",
  );
}

/** What is answered while Redis refuses commands of this kind, and whether there were any. */
async function refusing(
  { commands }: Site,
  kind: CommandKind,
  request: () => Promise<Answer>,
): Promise<{ given: Answer; refused: boolean }> {
  const before = commands.sent.length;
  commands.fail(kind);
  const given = await request();
  await commands.quiet();
  commands.releaseAll();
  return { given, refused: commands.sent.slice(before).some((sent) => isOf(sent, kind)) };
}

/** The visitor has the answer by then, so it is for the log: a count that is lost in silence is lost for good. */
async function mustTellOfLoss(site: Site): Promise<void> {
  const visitor = site.browser();
  await visitor.get("/visits");
  await site.commands.quiet();
  const told = () => site.errors.length + site.watch.lines.length;
  const before = told();
  const { given, refused } = await refusing(site, "store", () => visitor.get("/visits"));
  must(
    !refused || given.status >= 500 || told() > before,
    "a session that Redis refuses to store is lost, and nobody hears of it.",
    [given, fullRedis, "nothing in the log, and no error for the error handler"],
    "Whatever runs a command hands on its error. `exec` of a pipeline or a transaction resolves all the same: each of its results begins with an error, or with null.",
  );
}

/** Whoever does not wait for the end of a session never hears that Redis refused it: the error escapes. */
async function endlessSession({ open }: WorldGoal): Promise<void> {
  const site = await open();
  const leaving = site.browser();
  await leaving.logIn(grace);
  await site.db.users.remove(grace.id);
  const { given } = await refusing(site, "delete", () => leaving.get("/me"));
  must(
    !given.succeeded,
    "a deleted user is let in when the session cannot be ended.",
    given,
    "401 or 500, but never the profile.",
  );
}

/** Who gives up on a comparison does not know what it would have said. */
async function slowComparison({ open }: WorldGoal): Promise<void> {
  const site = await open({ db: await createDatabase({ people: [ada] }) });
  Object.assign(site.redis.options, { commandTimeout: undefined });
  const { email, password } = ada;
  const login = await impatiently(
    () => site.browser().begin("POST", "/auth/login", { email, password }, patiently).answer,
  );
  must(
    login.succeeded || login.status >= 500 || login.status === 429,
    `the right password is answered ${login.status} when hashing takes its time.`,
    login,
    "On a small machine, or beside many logins, a hash takes seconds. Not right and not compared yet are two things: whoever gives up waiting answers 5xx.",
  );
}

async function failingDatabase(goal: WorldGoal): Promise<void> {
  await slowComparison(goal);
  await slowDatabase(goal);
  const { open, step } = goal;
  const site = await open();
  const contract = new Contract(step);
  const away = "the database is away";
  for (const [act, method] of [
    [logIn, "findByEmail"],
    [askForProfile, "findById"],
    [rename, "findById"],
    [rename, "update"],
    [changePassword, "changePassword"],
  ] as const) {
    if (knownSince[act.does] > step) continue;
    const actor = new Actor(contract, site);
    if (act !== logIn) await actor.does(logIn);
    const asked = vi.spyOn(site.db.users, method).mockRejectedValue(new Error(away));
    const { answer } = await actor.begin(act);
    const given = await answer;
    must(
      asked.mock.calls.length === 0 || given.status >= 500,
      `${given.route} answers ${given.status}, not 500.`,
      [given, `db.users.${method} → Error: ${away}`],
      "Not found and not answered are two things: an error belongs to the error handler.",
    );
    asked.mockRestore();
    // Whoever ends the sessions before the password has done that much.
    if (act === changePassword) continue;
    await under("once it is back", async () => {
      const next = await (await actor.begin(act)).answer;
      must(
        next.thrown?.message !== away,
        `${next.route} fails with the error of before.`,
        [given, "then everything works again, and nothing is away:", next],
        "What failed is over. Who keeps a Promise keeps its error, too: ask anew each time.",
      );
      await actor.does(act);
      await actor.isAsBefore();
    });
  }
}

/** Whoever gives up waiting for it does not know what it would have said. */
async function slowDatabase({ open, redis, step }: WorldGoal): Promise<void> {
  for (const [act, method] of [
    [logIn, "findByEmail"],
    [askForProfile, "findById"],
  ] as const) {
    if (knownSince[act.does] > step) continue;
    const site = await open();
    const actor = new Actor(new Contract(step), site);
    await actor.does(act === logIn ? visit : logIn);
    // It is the database that tries the app's patience.
    Object.assign(site.redis.options, { commandTimeout: undefined });
    const hold = holdAnswers(site, method);
    let exchange: Exchange | undefined;
    const early = await impatientlyAt(
      site,
      hold.reached,
      async () => (exchange = await actor.begin(act)),
    );
    // What goes on afterwards may break an answer off that has not left yet.
    if (early) await atMost(500, early.answer);
    await withClock(redis, async (pass) => {
      await pass(1 / 60);
      hold.release();
      await exchange?.answer.catch(() => {});
    });
    const given = await early?.answer;
    must(
      !given || given.status >= 500 || given.status === 429,
      `${given?.route} answers ${given?.status} when the database takes its time.`,
      [given ?? "", `db.users.${method} has not answered yet`],
      "Not found and not answered yet are two things: whoever gives up waiting answers 5xx.",
    );
    await site.commands.quiet();
    if (act === logIn) continue;
    // Whoever has given up may go on all the same, and lose the connection for the next one.
    const headers = { Cookie: await actor.browser.cookieHeader() };
    const me = await (await open({ db: site.db })).browser().get("/me", { headers });
    must(
      me.succeeded,
      "whoever asks while the database takes its time is logged out.",
      [given ?? "", "then, when it answers again:", me],
      "Nothing is known of the user, and so nothing ends: the session stays as it is.",
    );
  }
}

/** What stands in the address has to reach the client: user, password, database, TLS. */
async function wholeAddress({ ground }: WorldGoal): Promise<void> {
  const { connectRedis } = ground.module;
  if (typeof connectRedis !== "function") return;
  const address = "rediss://somebody:open-sesame%21@127.0.0.1:1/3";
  tellAddress(address);
  const redis = connectRedis(address);
  redis.on("error", () => {});
  const { host, port, username, password, db, tls } = redis.options;
  redis.disconnect();
  // As if it came to pass: what is written down then, with the address at hand?
  for (const event of ["connect", "ready", "close", "reconnecting"]) redis.emit(event);
  const told = ground.watch.lines.find(({ text }) => text.includes("open-sesame"));
  must(
    !told,
    "the log shows the password of Redis.",
    `in the log: ${told?.text}`,
    "The address of a Redis in production has its password in it, and logs are read by many. Leave the address out, or name the host alone.",
  );
  const lost = Object.entries({
    "the host": host === "127.0.0.1",
    "the port": Number(port) === 1,
    "the user": username === "somebody",
    "the password": password === "open-sesame!",
    "the number of the database": Number(db) === 3,
    TLS: Boolean(tls),
  }).filter(([, kept]) => !kept);
  must(
    lost.length === 0,
    `connectRedis loses ${lost.map(([what]) => what).join(" and ")}.`,
    `connectRedis("rediss://somebody:…@127.0.0.1:1/3")`,
    "`new Redis(url, options)` reads all of the address by itself. Whoever takes it apart has to hand on each part: a Redis in production asks for a password.",
  );
  const { rejectUnauthorized = true } = tls ?? {};
  must(
    rejectUnauthorized,
    "over TLS, connectRedis believes whoever answers.",
    'connectRedis("rediss://…").options.tls.rejectUnauthorized → false',
    "Without a look at the certificate, whoever stands between the app and Redis reads and writes every session. Where Redis has a certificate of its own, hand its authority on as `tls: { ca }`.",
  );
}
