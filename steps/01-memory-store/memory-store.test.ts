import session from "express-session";
import { vi } from "vitest";
import { forge, signedValue } from "../../shared/testing/cookies.ts";
import { goalsFor } from "../../shared/testing/goals.ts";
import type { Browser } from "../../shared/testing/browser.ts";
import { tryOut } from "../../shared/testing/trials.ts";
import { must, notJudged } from "../../shared/testing/verdict.ts";
import * as app from "./app.ts";

const goal = goalsFor(app);
tryOut(goal, 1);

goal("a second visit counts 2", async ({ browser }) => {
  const first = await browser.get("/visits");
  must(
    !/undefined \(reading|of undefined/.test(first.thrown?.message ?? ""),
    "`req.session` is undefined in GET /visits.",
    first,
    "Express runs middleware in the order in which it is mounted: `session()` must come before the routes that use it, and its cookie has to be for all paths.",
  );
  first.mustBe(
    200,
    "GET /visits does not answer 200.",
    "A first visit is answered like any other.",
  );
  must(
    first.data.visits === 1,
    "The first visit does not count 1.",
    first,
    "The answer is { data: { visits } }, and a new session holds no counter yet.",
  );
  must(
    !first.mayBeKept,
    "A cache may keep the answer of GET /visits, and give it to somebody else.",
    [first, `Cache-Control: ${first.caching}`],
    "What is personal says `Cache-Control: no-store`.",
  );
  must(
    await browser.sessionCookie(),
    "GET /visits set no session cookie.",
    first,
    "HTTP forgets: the browser is known by the signed id that it brings back. `session()` sends it once something stands in `req.session`.",
  );
  const second = await browser.get("/visits");
  second.mustBe(
    200,
    "The second visit is refused.",
    "The cookie from the first visit opens the same session.",
  );
  must(
    second.data.visits === 2,
    `The second visit counts ${String(second.data.visits)}, not 2.`,
    [first, second],
    "What you put into `req.session` during one request is there in the next one that brings the cookie.",
  );
});

goal("two browsers count apart", async ({ site, open }) => {
  const [ada, grace] = [site.browser(), site.browser()];
  await remembered(ada);
  await ada.get("/visits");
  const answer = await grace.get("/visits");
  must(
    answer.data.visits === 1,
    "Two browsers share one counter.",
    answer,
    "A variable in the program belongs to everybody. `req.session` belongs to one browser.",
  );
  const again = await ada.get("/visits");
  must(
    again.data.visits === 3,
    "Another visitor took over the first one's session.",
    [answer, again],
    "Each new session needs an id of its own, which nobody can guess. express-session makes one; anything taken from the request is shared by many.",
  );
  const bare = await open({ sessionSecret: undefined }).catch(() => undefined);
  const visit = await bare?.browser().get("/visits");
  must(
    !visit || visit.succeeded,
    "Without a SESSION_SECRET the app starts, and then answers nobody.",
    visit,
    "It has the starter's fallback to sign with, or it refuses to start; but it does not fail request by request.",
  );
});

goal("a health check gets no cookie", async ({ site }) => {
  await remembered(site.browser());
  const health = await site.browser().get("/health");
  health.mustBe(
    200,
    "GET /health does not answer 200.",
    "A load balancer takes the app out of service.",
  );
  must(
    health.data.ok === true,
    "GET /health no longer says { data: { ok: true } }.",
    health,
    "Some monitors read the body: the contract is 200 { data: { ok: true } }.",
  );
  must(
    health.headers["x-powered-by"] === undefined,
    "Every answer says that Express runs here.",
    [health, `X-Powered-By: ${String(health.headers["x-powered-by"])}`],
    "Whoever looks for apps with a known hole starts there. The starter turns it off.",
  );
  must(
    health.setCookies.length === 0,
    "A health check got a cookie.",
    health,
    "A monitor asks every few seconds and never brings a cookie back: each time a new session. Mount `session()` after /health, and store nothing until there is something to remember.",
  );
});

goal("a visitor with nothing to remember gets no cookie", async ({ site }) => {
  const known = site.browser();
  await remembered(known);
  const answer = await site.browser().get("/nothing-here");
  must(
    answer.setCookies.length === 0,
    "A visitor with nothing to remember got a session.",
    answer,
    "`saveUninitialized` is true unless you say otherwise: every bot that passes by then leaves an empty session behind, and every visitor a cookie before they agreed to any.",
  );
  const store = vi.spyOn(session.MemoryStore.prototype, "set");
  const read = await known.get("/nothing-here");
  const writes = store.mock.calls.length;
  store.mockRestore();
  must(
    writes === 0,
    "A request that only read wrote the session back.",
    [read, "MemoryStore: set"],
    "`resave` is true unless you say otherwise: the slower of two parallel requests then overwrites what the faster one stored.",
  );
});

goal("a forged or unsigned cookie starts over", async ({ site }) => {
  const victim = site.browser();
  const cookie = await remembered(victim);
  const [name = "", value = ""] = cookie.split("=");
  const [unsigned = ""] = decodeURIComponent(value).slice(2).split(".");
  const attempts = {
    "a changed signature": forge(value),
    "no signature": `s%3A${unsigned}`,
    "the bare id": unsigned,
    "a signature by the secret in the source": signedValue(unsigned, "only for the first steps"),
  };
  for (const [what, forged] of Object.entries(attempts)) {
    const answer = await site
      .browser()
      .get("/visits", { headers: { Cookie: `${name}=${forged}` } });
    must(
      answer.data.visits === 1,
      `A cookie with ${what} opened somebody's session.`,
      answer,
      "The signature proves that the id came from this server. Without that check, a guess is enough.",
    );
  }
});

goal("a restart forgets everybody", async ({ site, browser }) => {
  await remembered(browser);
  await site.restart();
  const answer = await browser.get("/visits");
  must(answer.data.visits === 1, "A restart forgets nobody.", answer);
});

/** Visits once and returns the session cookie, or ends the goal as not judged. */
async function remembered(browser: Browser): Promise<string> {
  const visit = await browser.get("/visits").catch(() => notJudged("GET /visits gets no answer"));
  visit.orNotJudged(200, "visits are not counted yet");
  return (await browser.sessionCookie()) ?? notJudged("no visitor gets a session cookie yet");
}
