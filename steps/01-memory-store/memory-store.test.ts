import session from "express-session";
import { vi } from "vitest";
import { alteredCookie } from "../../shared/attacks/altered-cookie.ts";
import { goalsFor } from "../../shared/testing/goals.ts";
import type { Browser } from "../../shared/testing/browser.ts";
import { whyTrue } from "../../shared/testing/options.ts";
import type { Site } from "../../shared/testing/site.ts";
import { playAt } from "../../shared/testing/stage.ts";
import { tryOut } from "../../shared/testing/try-out.ts";
import { must, notJudged } from "../../shared/testing/verdict.ts";
import * as app from "./app.ts";

const goal = goalsFor(app);
tryOut(goal, 1);

goal("a second visit counts 2", async ({ browser, site }) => {
  const first = await browser.get("/visits");
  first.mustBe(200, "GET /visits does not answer 200.", "A visitor is welcome.");
  const { visits } = first.data;
  must(
    visits === 1,
    visits === undefined
      ? "The answer to GET /visits has no `data.visits`."
      : `The first visit counts ${JSON.stringify(visits)}, not 1${whyLess(site, 1)}.`,
    first,
    "The answer is { data: { visits } }. A new session holds no counter yet, and undefined plus one is no number.",
  );
  await browser.mustHaveSession(
    first,
    "HTTP forgets: the browser is known by the signed id that it brings back. `session()` sends it once something stands in `req.session`, which has to be before the answer leaves.",
    1,
  );
  const second = await browser.get("/visits");
  second.mustBe(
    200,
    `The second visit answers ${second.status}, not 200.`,
    "A visitor is welcome.",
  );
  const begins = second.sessionCookie && second.sessionCookie.value !== first.sessionCookie?.value;
  must(
    second.data.visits === 2,
    `The second visit ${begins ? "begins another session: it " : ""}counts ${String(second.data.visits)}, not 2${begins ? "" : whyLess(site, 2)}.`,
    [first, second],
    begins
      ? "A session is found again by the id in its cookie, when its signature is right: the secret stays the same, and nobody begins the session anew."
      : "It is the same session: what the first visit put into `req.session` is there, under the same name. Is it read under that name, and counted on?",
  );
});

/** When the session had the right count as the answer left. */
function whyLess({ watch }: Site, count: number): string {
  const { whenHeadersLeft = {}, atTheEnd = {} } = watch.sessions.get("GET /visits") ?? {};
  const says = (content: object, visits: number) => Object.values(content).includes(visits);
  if (says(whenHeadersLeft, count)) {
    return `: its session says ${count}, and the answer the number from before`;
  }
  if (says(atTheEnd, count))
    return ": it is counted when the answer has left, too late to be stored";
  return count > 1 && says(whenHeadersLeft, count - 1)
    ? `: its session says ${count - 1} once more, and nothing is added`
    : "";
}

goal("two browsers count apart", async ({ site }) => {
  const [ada, grace] = [site.browser(), site.browser()];
  const visit = async (who: Browser) =>
    (await who.get("/visits")).orNotJudged(200, "visits are not counted yet");
  const [first, second] = [await visit(ada), await visit(ada)];
  // What everybody shares may count those who came to an app before this one.
  const count = Number(first.data.visits);
  if (second.data.visits !== count + 1) notJudged("a second visit does not count one more yet");
  const answer = await visit(grace);
  must(
    answer.sessionCookie?.value !== first.sessionCookie?.value,
    "Another visitor is given the session id of the first one.",
    [first, "another browser", answer],
    "Each new session needs an id of its own, which nobody can guess. express-session makes one; anything taken from the request is shared by many.",
    1,
  );
  must(
    answer.data.visits === 1,
    "Two browsers share one counter.",
    [second, "another browser", answer],
    "A variable in the program, or an entry per address, belongs to everybody who comes that way. `req.session` belongs to one browser.",
  );
  const again = await visit(ada);
  must(
    again.data.visits === count + 2,
    "Another visitor took over the first one's session.",
    [second, "another browser", answer, "the first one", again],
    "What is kept for one browser is kept under the id of its session, which nobody else has.",
  );
});

goal("a health check gets no cookie", async ({ site }) => {
  await counted(site.browser());
  const health = await site.browser().get("/health");
  must(
    health.status === 200 && health.data.ok === true,
    "GET /health no longer says { data: { ok: true } }.",
    health,
    "The starter's route answers monitors and load balancers, which read it: leave it as it is.",
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
  await counted(known);
  const answer = await site.browser().get("/nothing-here");
  must(
    answer.setCookies.length === 0,
    `A visitor with nothing to remember got a session: ${whyTrue("saveUninitialized") ?? "something is written into everybody's session, whatever they ask for"}.`,
    answer,
    "Every bot that passes by then leaves a session behind, and every visitor gets a cookie before they agreed to any.",
    whyTrue("saveUninitialized") ? 1 : 2,
  );
  const store = vi.spyOn(session.MemoryStore.prototype, "set");
  const read = await known.get("/nothing-here");
  const writes = store.mock.calls.length;
  store.mockRestore();
  must(
    writes === 0,
    `A request that only read wrote the session back: ${whyTrue("resave") ?? "it changes it each time"}.`,
    [read, "MemoryStore: set"],
    "The slower of two parallel requests then overwrites what the faster one stored.",
  );
});

goal("a forged or unsigned cookie starts over", async ({ site }) => {
  await counted(site.browser());
  const { worked, seen, answers } = await playAt(site, alteredCookie);
  const answer = answers.at(-1);
  must(
    !worked,
    `${seen.taken?.includes("first steps") ? "Although SESSION_SECRET is set, a" : "A"} cookie ${seen.taken} opened somebody's session.`,
    answer,
    "The signature proves that the id came from this server. Without that check, a guess is enough.",
  );
  must(
    answer?.data.visits === 1,
    "A forged cookie does not start over.",
    answer,
    "Whoever brings a cookie that is none is a new visitor, and counts 1.",
  );
});

goal("a restart forgets everybody", async ({ site, browser }) => {
  await counted(browser);
  await site.restart();
  const answer = await browser.get("/visits");
  must(answer.data.visits === 1, "A restart forgets nobody.", answer);
});

/** Visits twice and returns the session cookie, or ends the goal as not judged. */
async function counted(browser: Browser): Promise<string> {
  for (const count of [1, 2]) {
    const visit = await browser.get("/visits").catch(() => notJudged("GET /visits gets no answer"));
    visit.orNotJudged(200, "visits are not counted yet");
    if (visit.data.visits !== count) notJudged("a second visit does not count 2 yet");
  }
  return (await browser.sessionCookie()) ?? notJudged("no visitor gets a session cookie yet");
}
