import { onTestFinished } from "vitest";
import { seededUsers } from "../../shared/app/database.ts";
import { foreignForm } from "../../shared/attacks/foreign-form.ts";
import { replayedCookie } from "../../shared/attacks/replayed-cookie.ts";
import type { Answer } from "../../shared/testing/answer.ts";
import type { Browser } from "../../shared/testing/browser.ts";
import { foreignPages } from "../../shared/testing/browser-headers.ts";
import {
  describeCommand,
  startingRedis,
  whyBack,
  whyStillThere,
} from "../../shared/testing/commands.ts";
import { describeSetCookie } from "../../shared/testing/cookies.ts";
import { goalsFor, type Goal } from "../../shared/testing/goals.ts";
import { visitUnderWay } from "../../shared/testing/moments.ts";
import { logInAnew, loggedIn, withProfile } from "../../shared/testing/people.ts";
import { mustKnow } from "../../shared/testing/refused-logins.ts";
import { sessionKeyOf } from "../../shared/testing/session-keys.ts";
import type { Site } from "../../shared/testing/site.ts";
import { pause } from "../../shared/testing/time.ts";
import { watchTimers } from "../../shared/testing/timers.ts";
import { playAt } from "../../shared/testing/stage.ts";
import { tryOut } from "../../shared/testing/try-out.ts";
import { must, notJudged } from "../../shared/testing/verdict.ts";
import * as app from "./app.ts";

const goal = goalsFor(app);
tryOut(goal, 5);
const { ada } = seededUsers;
const route = "/auth/logout";
const nothingStored = () => notJudged("a login leaves no session in Redis");

goal("logging out answers 204", async ({ site, browser }) => {
  const login = await browser.post("/auth/login", { email: ada.email, password: ada.password });
  const refused = `A login from a page of the app's own is answered ${login.status}, not 200.`;
  login.mustBe(200, refused, "It works since step 3, and `refuseOtherSites` lets it pass.");
  await mustKnow(site, browser);
  const answer = await browser.post(route);
  const another = `Logging out answers ${answer.status}, not 204.`;
  answer.mustBe(204, another, "Done, and nothing to say: 204 without a body.", undefined, 2);
});

goal("the cookie from before logout is refused", async ({ open, redis }) => {
  const timers = watchTimers();
  onTestFinished(timers.release);
  const site = await open();
  await member(site, redis);
  let [key, begin]: [string?, number?] = [];
  const beforeAct = async (before: readonly Answer[]) => {
    await timers.settle(site); // Whatever was put off happens now.
    const headers = { Cookie: before[1]?.request.cookie ?? "" };
    const useCopy = () => site.browser().get("/me", { headers });
    if (before.length !== 2) return;
    key = await sessionKeyOf(site, redis, useCopy);
    begin = site.commands.sent.length;
  };
  const { answers } = await playAt(site, replayedCookie, { beforeAct });
  const [logout, replay] = answers.slice(-2);
  logout?.orNotJudged([200, 204], "logging out does not work yet");
  const left = key && (await redis.read(key));
  const what = replay?.status === 401 ? "the session is still there" : "a copy of the cookie works";
  must(
    replay?.status === 401 && left === undefined,
    `After logout, ${what}: ${whyStillThere(site.commands.sent.slice(begin))}.`,
    [logout, "somebody sends the old cookie once more", replay, `${key} = ${left ?? "gone"}`],
    "A cookie can be copied: from a shared computer, a log, a backup. Clearing the browser's copy leaves the others at work; emptying the session, or `req.session = null`, leaves it in Redis; and a `save` after its end brings it back. Destroy it, and every copy is worthless.",
  );
});

goal("the answer waits until the session is deleted", async ({ site, redis }) => {
  await canLogOut(site);
  const { browser, key = nothingStored() } = await member(site, redis);
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
    "For that moment the old cookie works, and should the deletion fail, the user will never know. `await destroySession(req)`, then answer; `destroy` takes a callback, and returns no Promise.",
  );
});

goal("the browser drops its cookie", async ({ site, redis }) => {
  const { browser, setCookie } = await member(site, redis);
  const logout = await logOut(browser);
  const cleared = logout.setCookies.filter(({ name }) => name === setCookie.name);
  must(
    !logout.sessionCookie && cleared.length <= 1,
    `Logging out ${logout.sessionCookie?.value === setCookie.value ? "sends the cookie of its session once more: `req.session` lives on" : logout.sessionCookie ? "gives the browser a session cookie again" : "sends more than one Set-Cookie for the session"}.`,
    logout,
    "`regenerate` begins another session, and one that lives on in `req.session` sets its cookie again, also when its key is gone. `destroySession` ends both: destroy first, then clear.",
  );
  must(
    cleared.length > 0 && !(await browser.sends(setCookie.name)),
    logout.setCookies.some(({ livesMs = 1 }) => livesMs <= 0)
      ? "The browser keeps its cookie: logout cleared another one."
      : "Logging out leaves the cookie in the browser.",
    [`at login: ${describeSetCookie(setCookie)}`, logout],
    "A browser finds a cookie by name, domain and path: all three have to be the same as when it was set, and the expiry has to be in the past. `res.clearCookie(name)` sets that expiry, and the path / unless it is told another, before the answer leaves.",
  );
});

goal("other devices stay logged in", async ({ site }) => {
  const [browser, phone] = [await withProfile(site, ada), await withProfile(site, ada)];
  await logOut(browser);
  (await phone.get("/me")).mustBe(
    200,
    "Logging out on one device logged out another one.",
    "Each login has a session of its own. End this one; ending all of them is a feature with a button of its own.",
  );
  const again = await browser.post("/auth/login", { email: ada.email, password: ada.password });
  again.mustBe(
    200,
    "After logging out, nobody can log in again.",
    "A logout ends a session, not the person.",
  );
});

goal("GET does not log out", async ({ site }) => {
  await canLogOut(site);
  const browser = await withProfile(site, ada);
  const answer = await browser.get(route);
  const me = await browser.get("/me");
  must(
    me.status === 200,
    "GET /auth/logout logs out.",
    [answer, me],
    'Browsers and mail programs follow links on their own, and `<img src="/auth/logout">` on any page sends a GET. What changes something is a POST.',
  );
});

goal("a store that fails answers 500", async ({ site }) => {
  await canLogOut(site);
  const browser = await loggedIn(site, ada);
  for (const [kind, words, what] of [
    ["read", startingRedis, "Redis refused to read the session"],
    ["delete", startingRedis, "Redis refused to delete the session"],
    ["delete", "Command timed out", "Redis did not say that the session is deleted"],
  ] as const) {
    site.commands.fail(kind, words);
    const answer = await browser.post(route);
    site.commands.releaseAll();
    must(
      answer.status >= 500,
      `Logging out answers ${answer.status} although ${what}.`,
      [answer, `Error: ${words}`],
      "The user walks away believing to be logged out. An error of the store has to reach the error handler: `await destroySession(req)`, and answer afterwards. What express-session stores by itself at the end of a request fails unheard.",
    );
    const why = "Its owner cannot try once more. Destroy first, then clear.";
    must(await browser.sessionCookie(), "A logout that fails clears the cookie.", answer, why, 2);
  }
});

goal("logging out without a session is harmless", async ({ site, redis }) => {
  await canLogOut(site);
  const visitor = site.browser();
  (await visitor.get("/visits")).orNotJudged(200, "visits are not counted any more");
  const before = await redis.contents();
  for (const [who, browser] of [
    ["somebody without a session", site.browser()],
    ["a visitor who never logged in", visitor],
  ] as const) {
    const answer = await browser.post(route);
    answer.mustBe(
      [204, 401],
      `Logging out answers ${answer.status} to ${who}.`,
      "People press the button twice, or after their session expired: 204 (it is so) or 401 (who are you?), never an error.",
    );
    const added = [...(await redis.contents())].filter(([name]) => !before.has(name));
    const [key] = added.find(([, value]) => value.includes('"cookie"')) ?? [];
    must(
      key === undefined,
      "Logging out begins a new session, for somebody who had none to end.",
      [answer, `new key: ${key}`],
      "There was nothing to end, and there is nothing to remember. `regenerate` begins another session: `destroySession` begins none.",
    );
  }
});

goal("a page of another site cannot log anybody out", async ({ site }) => {
  await canLogOut(site);
  for (const [page, headers] of foreignPages) {
    // Under SameSite a form of another site carries no cookie, and may still receive one.
    for (const foreignPage of [headers, { ...headers, Cookie: "" }]) {
      const { seen, worked, answers } = await playAt(site, foreignForm, { foreignPage });
      const headers = Object.entries(foreignPage).map((header) => header.join(": "));
      const evidence = [headers.join(", "), ...answers.slice(-2)];
      must(
        seen.status === 403 && seen.setCookies.length === 0,
        seen.status === 403
          ? `A page of ${page} is refused too late: \`session()\` has run before, and the answer carries a Set-Cookie.`
          : `A page of ${page} ${worked ? "can log people out" : "logs nobody out, and is not told so"}: the answer is ${seen.status}, not 403.`,
        evidence,
        "Any page can send a form here, and the browser says where it comes from: in Sec-Fetch-Site, or else in Origin. Refuse it before the session is looked at: a cookie that is cleared by the answer is gone from the browser, even when the request carried none.",
      );
      must(
        !worked,
        "What is refused to a page of another site happens all the same.",
        evidence,
        "Answering 403 does not end a function: return, and call next() only for those who may pass.",
      );
    }
  }
});

goal("a request under way does not bring the session back", async ({ site, redis }) => {
  await canLogOut(site);
  for (const [what, end] of [
    ["logout", (browser: Browser) => browser.begin("POST", route).answer],
    ["a new login", (browser: Browser) => logInAnew(browser, ada)],
  ] as const) {
    const { browser, header, key } = await member(site, redis);
    const slow = await visitUnderWay(site, browser);
    const ended = await slow.meanwhile(() => end(browser));
    ended.orNotJudged([200, 204], `${what} gets no answer`);
    const asked = slow.asked.map((sent) => describeCommand(sent, redis.prefix));
    const replay = await site.browser().get("/me", { headers: { Cookie: header } });
    must(
      replay.status === 401,
      !key || (await redis.read(key)) === undefined
        ? `After ${what}, the cookie from before still works, although its session is gone.`
        : `After ${what}, a request that was under way stored the session once more${whyBack(slow.asked)}.`,
      [...asked.slice(0, -1), ended, ...asked.slice(-1), replay],
      "express-session writes a changed session at the end of its request, and the store writes it whether the key is still there or not. Whoever stole the cookie only has to keep asking. Redis can look and write in one command: SET with XX, where a key is. `rewrite` is an option of `SessionStore`.",
    );
  }
});

/** Somebody who is logged in, with the session in Redis, or the end of the goal as not judged. */
async function member(site: Site, redis: Goal["redis"]) {
  const browser = site.browser();
  const login = await browser.logIn(ada);
  const key = await sessionKeyOf(site, redis, async () =>
    (await browser.get("/me")).orNotJudged(200, "/me does not answer those who are logged in"),
  );
  return {
    browser,
    header: await browser.cookieHeader(),
    setCookie: login.sessionCookie ?? notJudged("a login sets no session cookie"),
    // Whoever keeps a login in its cookie alone has none: what becomes of the cookie is judged all the same.
    key: key ?? (site.module.loginIdIn ? undefined : nothingStored()),
  };
}

/** Before it can be seen when a logout must not happen, there has to be one. */
async function canLogOut(site: Site): Promise<void> {
  await logOut(await withProfile(site, ada));
}

async function logOut(browser: Browser): Promise<Answer> {
  const answer = await browser.post(route).catch(() => notJudged("logging out gets no answer"));
  return answer.orNotJudged([200, 204], "logging out does not work yet");
}
