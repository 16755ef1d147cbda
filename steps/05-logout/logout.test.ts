import type { Express } from "express";
import { onTestFinished } from "vitest";
import { seededUsers } from "../../shared/app/database.ts";
import type { KeySpace } from "../../shared/redis/key-space.ts";
import type { Browser } from "../../shared/testing/browser.ts";
import { describeSetCookie, sessionIdIn } from "../../shared/testing/cookies.ts";
import { goalsFor } from "../../shared/testing/goals.ts";
import { namesOf, plant } from "../../shared/testing/planted.ts";
import { sessionKeyOf } from "../../shared/testing/session-keys.ts";
import type { Site } from "../../shared/testing/site.ts";
import { pause } from "../../shared/testing/time.ts";
import { holdTimers } from "../../shared/testing/timers.ts";
import { tryOut } from "../../shared/testing/trials.ts";
import { must, notJudged } from "../../shared/testing/verdict.ts";
import * as app from "./app.ts";

const goal = goalsFor(app);
tryOut(goal, 5);
const { ada } = seededUsers;
const route = "/auth/logout";
const full = "OOM command not allowed when used memory > 'maxmemory'.";

goal("logging out answers 204", async ({ site, browser }) => {
  const login = await browser.post("/auth/login", { email: ada.email, password: ada.password });
  login.mustBe(200, "Nobody can log in any more.", "`POST /auth/login` works since step 3.");
  const me = await browser.get("/me");
  me.mustBe(200, "/me refuses somebody who is logged in.", "`requireAuth` works since step 4.");
  const answer = await browser.post(route);
  answer.mustBe(
    204,
    `Logging out answers ${answer.status}, not 204.`,
    "Done, and nothing to say: 204 without a body.",
  );
  must(
    site.errors.length === 0,
    "Logging out answers 204 and fails afterwards.",
    [answer, ...site.errors.map(String)],
    "Every request is answered once.",
  );
});

goal("the cookie from before logout is refused", async ({ open, redis }) => {
  const timers = holdTimers();
  onTestFinished(timers.release);
  const site = await open();
  const browser = site.browser();
  const { cookie, key } = await loggedIn(site, browser, redis);
  const id = (await browser.sessionId()) ?? "";
  await browser.get("/visits");
  const neighbour = await open({ db: site.db, newProcess: true });
  const elsewhere = () => neighbour.browser().get("/me", { headers: { Cookie: cookie } });
  (await elsewhere()).orNotJudged(200, "a second instance does not know the session");

  const logout = await logOut(browser);
  const replay = await site.browser().get("/me", { headers: { Cookie: cookie } });
  const left = await redis.read(key);
  const evidence = [
    logout,
    "somebody sends the old cookie once more",
    replay,
    `${key} = ${left ?? "gone"}`,
  ];
  const why =
    "A cookie can be copied: from a shared computer, a log, a backup. Clearing the browser's copy, or a field of the session, leaves the others at work. Destroy the session, and every copy is worthless.";
  must(replay.status === 401, "After logout, a copy of the cookie still works.", evidence, why);
  must(left === undefined, "After logout, the session is still in Redis.", evidence, why);
  const otherReplay = await elsewhere();
  must(
    otherReplay.status === 401,
    "After logout, a copy of the cookie still works at the second instance of the app.",
    [logout, "the same cookie, at another process with the same Redis", otherReplay],
    "What a process remembers of a session or a user, it remembers for itself: nobody tells it that the session has ended. Ask Redis on every request.",
  );

  // Whatever was put off happens now.
  await site.commands.quiet();
  timers.runAll();
  await site.commands.quiet();
  const later = await site.browser().get("/me", { headers: { Cookie: cookie } });
  must(
    later.status === 401 && (await redis.read(key)) === undefined,
    "Some time after logout, a copy of the cookie works again: something stored the session once more.",
    [logout, "what was put off with a timer is done", later, `${key} = ${await redis.read(key)}`],
    "`save` on a session that has ended brings it back. What is written later has to see first whether the session is still there.",
  );
  for (const each of await redis.keys()) {
    must(
      !each.includes(id) || (await redis.ttlSeconds(each)) !== undefined,
      "Logging out leaves a key behind that never expires.",
      `${each} = ${await redis.read(each)}`,
      "It carries the id of a session that nobody has any more, so nothing will ever delete it. Redis fills up, one logout at a time.",
    );
  }
});

goal("the answer waits until the session is deleted", async ({ site, browser, redis }) => {
  const other = site.browser();
  await loggedIn(site, other, redis);
  await logOut(other);
  const { key } = await loggedIn(site, browser, redis);
  const deletion = site.commands.hold("delete");
  const logout = browser.begin("POST", route);
  await Promise.race([deletion.reached, logout.answer]);
  await pause(15);
  const early = logout.headersArrived && (await redis.read(key)) !== undefined;
  deletion.release();
  const answer = await logout.answer;
  must(
    !early,
    "The answer to a logout leaves before the session is deleted.",
    [answer, "DEL was still on its way to Redis when the headers arrived"],
    "For that moment the old cookie works, and should the deletion fail, nobody will ever know. Wait for `destroy`, then answer.",
  );
});

goal("the browser drops its cookie", async ({ site, browser, redis }) => {
  const { setCookie } = await loggedIn(site, browser, redis);
  const logout = await logOut(browser);
  const cleared = logout.setCookies.filter(({ name }) => name === setCookie.name);
  must(
    logout.setCookies.length > 0,
    "Logging out leaves the cookie in the browser.",
    logout,
    "It opens nothing any more, but it is sent with every request, and it tells the next user of the computer that somebody was here.",
  );
  must(
    cleared.length <= 1,
    "Logging out sends more than one Set-Cookie for the session.",
    logout,
    "The later one wins: a session that is changed after the cookie was cleared sets the cookie again. Destroy first, then clear.",
  );
  const [clearing] = cleared;
  must(
    !(await browser.sends(setCookie.name)) &&
      clearing?.domain === setCookie.domain &&
      clearing?.path === setCookie.path,
    "The browser keeps its cookie: logout cleared another one, or none.",
    [
      `at login: ${describeSetCookie(setCookie)}`,
      logout,
      `still sent: ${await browser.cookieHeader()}`,
    ],
    "A browser finds a cookie by name, domain and path: all three have to be the same as when it was set, and the expiry has to be in the past. `res.clearCookie` does the latter.",
  );
  (await browser.get("/me")).orNotJudged(401, "after logout, /me still answers");
  const again = await browser.post("/auth/login", { email: ada.email, password: ada.password });
  again.mustBe(
    200,
    "After logging out, nobody can log in again.",
    "A logout ends a session, not the person.",
  );
  must(
    await browser.sessionCookie(),
    "After logging out, a login sets no cookie.",
    again,
    "A new login is a new session.",
  );
});

goal("other devices stay logged in", async ({ site, browser, redis }) => {
  await loggedIn(site, browser, redis);
  const phone = site.browser();
  await loggedIn(site, phone, redis);
  await logOut(browser);
  const answer = await phone.get("/me");
  must(
    answer.status === 200,
    "Logging out on one device logged out another one.",
    answer,
    "Each login has a session of its own. End this one; ending all of them is a feature with a button of its own.",
  );

  const id = (await phone.sessionId()) ?? "";
  const planted = plant(site.app, id);
  const stranger = await site
    .browser()
    .post(route, { id, sid: id, sessionId: id, sessionID: id })
    .finally(() => planted.remove());
  const afterwards = await phone.get("/me");
  must(
    afterwards.status === 200,
    "Anybody can log out somebody else, by naming the session.",
    [
      ...namesOf(planted).map((name) => `with ${name} = the id of the session`),
      stranger,
      afterwards,
    ],
    "Which session ends comes from the cookie alone. Body, address and headers are written by whoever asks.",
  );
});

goal("GET does not log out", async ({ site, browser, redis }) => {
  const other = site.browser();
  await loggedIn(site, other, redis);
  await logOut(other);
  await loggedIn(site, browser, redis);
  const answer = await browser.get(route);
  const me = await browser.get("/me");
  must(
    me.status === 200,
    "GET /auth/logout logs out.",
    [answer, me],
    'Browsers and mail programs follow links on their own, and `<img src="/auth/logout">` on any page sends a GET. What changes something is a POST.',
  );

  for (const path of getRoutesOf(site.app)) {
    const link = await browser.get(path);
    const still = await browser.get("/me");
    must(
      still.status === 200,
      `GET ${path} logs out.`,
      [link, still],
      "Browsers and mail programs follow links on their own, and an image on any page sends a GET. What changes something is a POST.",
    );
  }

  const planted = plant(site.app, "POST");
  const disguised = await browser.get(route).finally(() => planted.remove());
  const afterwards = await browser.get("/me");
  const where = namesOf(planted).join(" or ");
  must(
    afterwards.status === 200,
    `GET /auth/logout logs out when ${where} says POST.`,
    [`with ${where} = POST`, disguised, afterwards],
    "A link, an image or a redirect on another site can say so too. The method of a request is the one that it was sent with.",
  );
});

goal("a store that fails answers 500", async ({ open, site, browser, redis }) => {
  const other = site.browser();
  await loggedIn(site, other, redis);
  await logOut(other);
  await loggedIn(site, browser, redis);
  for (const [kind, words, what] of [
    ["read", full, "Redis refused to read the session"],
    ["delete", full, "Redis refused to delete the session"],
    ["delete", "Command timed out", "Redis did not say that the session is deleted"],
  ] as const) {
    site.commands.fail(kind, words);
    const answer = await browser.post(route);
    site.commands.releaseAll();
    must(
      answer.status >= 500,
      `Logging out answers ${answer.status} although ${what}.`,
      [answer, `Error: ${words}`],
      "The user walks away believing to be logged out. An error of the store has to reach the error handler.",
    );
  }

  // In development, an answer may well say more.
  const production = await open({ env: "production" });
  const member = production.browser();
  await member.post("/auth/login", { email: ada.email, password: ada.password });
  production.commands.fail("delete", full);
  const answer = await member.post(route);
  production.commands.releaseAll();
  must(
    !answer.text.includes(full),
    "In production, the answer repeats what Redis said.",
    answer,
    "Errors name servers, commands and keys: a map for whoever looks for a way in. What caused a 5xx is for the log; the error handler keeps it from the client.",
  );
});

goal("logging out without a session is harmless", async ({ site, browser, redis }) => {
  await loggedIn(site, browser, redis);
  await logOut(browser);
  const before = await redis.keys();
  const answer = await site.browser().post(route);
  answer.mustBe(
    [204, 401],
    `Logging out without a session answers ${answer.status}.`,
    "People press the button twice, or after their session expired: 204 (it is so) or 401 (who are you?), never an error.",
  );
  const added = (await redis.keys()).filter((key) => !before.includes(key));
  const visitor = site.browser();
  (await visitor.get("/visits")).orNotJudged(200, "visits are not counted any more");
  (await visitor.post(route)).mustBe(
    [204, 401],
    "Logging out is refused to a visitor who never logged in.",
    "They have a session, with their visits in it. End it, or say 401.",
  );
  must(
    added.length === 0,
    "Logging out without a session makes one.",
    [answer, `new key: ${added.join(", ")}`],
    "There was nothing to end, and there is nothing to remember.",
  );
});

goal("a page of another site cannot log anybody out", async ({ site, browser, redis }) => {
  const other = site.browser();
  await loggedIn(site, other, redis);
  await logOut(other);
  await loggedIn(site, browser, redis);
  const foreign = "https://mallory.example";
  for (const [page, headers] of [
    ["another site", { "Sec-Fetch-Site": "cross-site", Origin: foreign }],
    ["another subdomain", { "Sec-Fetch-Site": "same-site", Origin: "https://blog.workshop.test" }],
    ["another site, in a browser without Sec-Fetch-Site", { Origin: foreign }],
    ["nowhere, such as a sandboxed frame", { Origin: "null" }],
  ] as [string, Record<string, string>][]) {
    // Under SameSite a form of another site carries no cookie, and may still receive one.
    for (const sent of [headers, { ...headers, Cookie: "" }]) {
      const answer = await browser.post(route, undefined, { headers: sent });
      const evidence = [...Object.entries(sent).map((header) => header.join(": ")), answer];
      must(
        answer.status === 403 && answer.setCookies.length === 0,
        `A page of ${page} can log people out: the answer is ${answer.status}, not 403.`,
        evidence,
        "Any page can send a form here, and the browser says where it comes from: in Sec-Fetch-Site, or else in Origin. Refuse it before the session is looked at: a cookie that is cleared by the answer is gone from the browser, even when the request carried none.",
      );
    }
  }
  const still = await browser.get("/me");
  must(
    still.status === 200,
    "What is refused to a page of another site happens all the same.",
    still,
    "Answering 403 does not end a function: return, and call next() only for those who may pass.",
  );
  const own = { "Sec-Fetch-Site": "same-origin", Origin: site.origin };
  (await browser.post(route, undefined, { headers: own })).mustBe(
    [200, 204],
    "The site's own page cannot log out any more.",
    "Browsers send these headers for your own pages too: Sec-Fetch-Site says same-origin, and Origin is your own address.",
  );
});

goal("a request under way does not bring the session back", async ({ site, browser, redis }) => {
  const other = site.browser();
  await loggedIn(site, other, redis);
  await logOut(other);
  for (const [what, endIt] of [
    ["logout", () => browser.begin("POST", route).answer],
    ["a new login", () => browser.logIn(ada)],
  ] as const) {
    const { cookie, key } = await loggedIn(site, browser, redis);
    const counts = [await browser.get("/visits"), await browser.get("/visits")];
    must(
      counts[0]?.data.visits === 1 && counts[1]?.data.visits === 2,
      "A session that lives on is not written any more.",
      counts,
      "Only a session that has ended must not be written again.",
    );
    const write = site.commands.hold("store");
    const slow = browser.begin("GET", "/visits");
    await Promise.race([write.reached, slow.answer]);
    write.letOthersPass();
    // Whoever lets one request wait for the other gets both done, once the first may go on.
    const end = endIt();
    await Promise.race([end, pause(500)]);
    write.release();
    (await end).orNotJudged([200, 204], `${what} gets no answer`);
    await slow.answer.catch(() => {});
    await site.commands.quiet();
    const replay = await site.browser().get("/me", { headers: { Cookie: cookie } });
    must(
      replay.status === 401,
      `After ${what}, a request that was still under way stored the session once more: its cookie works again.`,
      ["GET /visits reads the session", await end, "GET /visits stores it", replay, key],
      "express-session writes a changed session at the end of its request, and the store writes it whether the key is still there or not. Whoever stole the cookie only has to keep asking. Redis can write under a condition: SET with XX, where a key is.",
    );
  }
});

/** The paths that the app itself answers, without parameters and without those of the contract. */
function getRoutesOf({ router }: Express): string[] {
  const known = new Set<unknown>(["/health", "/visits", "/me", route]);
  return router.stack
    .flatMap((layer) =>
      layer.route?.stack.some(({ method }) => method === "get") ? layer.route.path : [],
    )
    .filter((path) => typeof path === "string" && /^[\w/.-]+$/.test(path) && !known.has(path));
}

/** Logs in and finds the session in Redis, or ends the goal as not judged. */
async function loggedIn(site: Site, browser: Browser, redis: KeySpace) {
  const login = await browser.logIn(ada);
  const key = await sessionKeyOf(site, redis, async () =>
    (await browser.get("/me")).orNotJudged(200, "/me does not answer those who are logged in"),
  );
  return {
    cookie: await browser.cookieHeader(),
    setCookie:
      login.setCookies.find(({ value }) => sessionIdIn(value)) ??
      notJudged("a login sets no session cookie"),
    key: key ?? notJudged("a login leaves no session in Redis"),
  };
}

async function logOut(browser: Browser) {
  const answer = await browser.post(route).catch(() => notJudged("logging out gets no answer"));
  return answer.orNotJudged([200, 204], "logging out does not work yet");
}
