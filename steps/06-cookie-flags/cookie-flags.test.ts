import { createDatabase, seededUsers } from "../../shared/app/database.ts";
import type { Answer } from "../../shared/testing/answer.ts";
import { refusalToStart } from "../../shared/testing/building.ts";
import { describeDuration, sessionIdIn, signedValue } from "../../shared/testing/cookies.ts";
import { goalsFor } from "../../shared/testing/goals.ts";
import { sessionKeyOf } from "../../shared/testing/session-keys.ts";
import type { Site } from "../../shared/testing/site.ts";
import { tryOut } from "../../shared/testing/try-out.ts";
import { must, notJudged } from "../../shared/testing/verdict.ts";
import * as app from "./app.ts";

const goal = goalsFor(app);
tryOut(goal, 6);
const { ada } = seededUsers;
const environments = ["production", "development"] as const;
const dayMs = 24 * 60 * 60 * 1000;

goal("page scripts cannot read the cookie", async ({ open }) => {
  for (const env of environments) {
    const { cookie, login } = await cookieAtLogin(await open({ env }));
    must(
      cookie.httpOnly,
      `In ${env}, page scripts can read the session cookie: it lacks HttpOnly.`,
      login,
      "One script that somebody smuggled into a page (XSS) reads `document.cookie` and sends it away. HttpOnly keeps the cookie out of their reach.",
    );
  }
});

goal("in production the cookie travels over https alone", async ({ open }) => {
  const { cookie, login } = await cookieAtLogin(await open({ env: "production" }));
  must(
    cookie.secure,
    "In production, the session cookie travels over http as well: it lacks Secure.",
    login,
    "One http link to your site, typed or planted, and everybody on the same Wi-Fi can read the cookie. Production is when `config.env` says so. The flags stand inside `cookie: {}`.",
  );
});

goal("another site's requests do not carry the cookie", async ({ open }) => {
  for (const env of environments) {
    const { cookie, login } = await cookieAtLogin(await open({ env }));
    must(
      cookie.sameSite === "lax" || cookie.sameSite === "strict",
      `In ${env}, other sites can send requests with this cookie: it ${cookie.sameSite ? `says SameSite=${cookie.sameSite}` : "has no SameSite"}.`,
      login,
      "A form on another site, posted to yours, arrives with the cookie of your user (CSRF). Lax sends it with links only, Strict not even with those; None sends it with everything, and without the flag not every browser assumes Lax. The option is `sameSite`, inside `cookie: {}`.",
    );
  }
});

goal("in production the cookie is bound to its host: __Host-", async ({ open }) => {
  const { cookie, login } = await cookieAtLogin(await open({ env: "production" }));
  must(
    cookie.name.startsWith("__Host-"),
    `In production, a neighbouring subdomain could replace the session cookie: its name, ${cookie.name}, lacks the __Host- prefix.`,
    login,
    "Any subdomain can set a cookie for the whole domain, and plant its session id on your users. A browser takes a name with __Host- only from this very host: Secure, Path=/, no Domain.",
  );
  must(
    cookie.secure && cookie.path === "/" && cookie.domain === undefined,
    "A browser refuses this __Host- cookie.",
    login,
    "The prefix demands Secure, Path=/ and no Domain (RFC 6265bis, section 4.1.3.2).",
  );
});

goal("in development the cookie sticks on http, under a name of your own", async ({ open }) => {
  const browser = (await open({ env: "development" })).browser();
  const login = await logIn(browser, "development");
  await browser.mustHaveSession(
    login,
    "express-session sends one when the session holds something.",
  );
  must(
    (await browser.get("/me")).status === 200,
    "In development, nobody stays logged in.",
    login,
    "The cookie has to come back with the next request. With another path than / the browser brings it to some routes and not to others.",
  );
  must(
    login.setCookies.every(({ name }) => name !== "connect.sid"),
    "In development, the cookie still has the default name, connect.sid.",
    login,
    "It tells every visitor which software runs here, and two apps on one host overwrite each other's sessions.",
  );
});

goal("logging out still ends the cookie", async ({ open }) => {
  for (const env of environments) {
    const browser = (await open({ env })).browser();
    const login = await logIn(browser, env);
    if (!(await browser.sessionCookie())) notJudged(`in ${env}, no browser keeps the cookie`);
    const logout = await browser.post("/auth/logout");
    logout.orNotJudged([200, 204], "logging out does not work any more");
    const isRefused = env === "development" && logout.setCookies.some(({ secure }) => secure);
    must(
      !(await browser.sessionCookie()),
      `In ${env}, the browser keeps its cookie after logging out${isRefused ? ": it is cleared with Secure, on http" : ""}.`,
      [login, logout],
      "`clearCookie` needs the name, and for a __Host- cookie Secure and Path=/ as well: a browser refuses the order to clear it for the same reasons as the cookie itself.",
    );
  }
});

goal("the session still lasts a day", async ({ open, redis }) => {
  for (const env of environments) {
    const site = await open({ env });
    const { cookie, header, login } = await cookieAtLogin(site);
    const ask = () => site.browser().get("/me", { headers: { Cookie: header } });
    const key = await sessionKeyOf(site, redis, ask);
    const ttlMs = ((key && (await redis.ttlSeconds(key))) || 0) * 1000;
    const { livesMs = 0 } = cookie;
    must(
      Math.abs(ttlMs - dayMs) < 300_000 && Math.abs(livesMs - dayMs) < 300_000,
      cookie.livesMs === undefined
        ? `In ${env}, the cookie ends with the browser: it has no expiry.`
        : `In ${env}, the session lasts ${describeDuration(livesMs)} in the browser, not a day.`,
      [login, `TTL in Redis: ${describeDuration(ttlMs)}`],
      "`maxAge` belongs in `cookie: {}`, beside the flags. It is in milliseconds, and the store takes its TTL from it.",
    );
  }
});

goal("behind a TLS proxy, logging in sets the cookie", async ({ open }) => {
  const browser = (await open({ env: "production" })).browser();
  const { email, password } = ada;
  const login = await browser.post("/auth/login", { email, password });
  const evidence = [login, "The proxy sends X-Forwarded-Proto: https"];
  const why =
    "The proxy speaks https, your app sees http. Express believes X-Forwarded-Proto once its setting `trust proxy` says which proxy to trust: the number 1, and not the text. What express-session is told helps the session alone.";
  must(
    login.status !== 403,
    "Behind a TLS proxy, logging in is refused: the app takes the request for plain http.",
    evidence,
    why,
  );
  login.orNotJudged(200, "in production, nobody can log in");
  must(
    !login.thrown,
    `In production, the cookie cannot be set: ${login.thrown?.message}.`,
    evidence,
    "A name is letters, digits and hyphens; `sameSite` is one of its three words. express-session finds out when it sends the cookie.",
    3,
  );
  must(
    login.setCookies.length > 0,
    "Behind a TLS proxy, logging in sets no cookie: express-session withholds a Secure one.",
    evidence,
    why,
  );
});

goal("createApp insists on SESSION_SECRET", async ({ site }) => {
  const secrets = { without: undefined, "with 31 characters as": "hunter2-".repeat(4).slice(1) };
  for (const env of environments) {
    for (const [what, sessionSecret] of Object.entries(secrets)) {
      const { call, refusal } = await refusalToStart(site, { env, sessionSecret });
      must(
        refusal,
        `createApp starts ${what} SESSION_SECRET.`,
        call,
        "Whoever knows the secret signs any session cookie: a fallback in the source is known to everybody who reads it, and a short one can be guessed, offline and fast, from any cookie that it signed.",
      );
      must(
        refusal.message.includes("SESSION_SECRET"),
        refusal.message.includes("process.exit")
          ? "createApp ends the process instead of throwing."
          : "createApp refuses, but does not say what is missing.",
        [call, `→ ${refusal.name}: ${refusal.message}`],
        "Whoever deploys at night reads this line: throw an error that names SESSION_SECRET.",
      );
    }
  }
  const accepted = await refusalToStart(site, { sessionSecret: "x".repeat(32) });
  must(!accepted.refusal, "createApp refuses a secret of 32 characters.", accepted.call);
});

goal("a client cannot claim another address or https", async ({ open }) => {
  const production = await open({ env: "production" });
  const { cookie } = await cookieAtLogin(production);
  if (!cookie.secure) notJudged("in production, the cookie does not depend on https yet");
  const trusts: unknown = production.app.get("trust proxy fn");
  // The last ones look like private addresses, to whoever compares texts.
  for (const address of ["198.51.100.7", "2001:db8::7", "109.1.2.3", "172.200.1.2", "192.0.2.1"]) {
    must(
      typeof trusts === "function" && !trusts(address, 1),
      production.app.get("trust proxy") === true
        ? "`trust proxy` is true: the app believes everybody, and whoever asks can claim any address."
        : `The app believes ${address}, which is no proxy of yours: whoever asks from there can claim any address.`,
      `app.get("trust proxy fn")("${address}", 1) → true`,
      "`trust proxy: true` takes the leftmost entry of X-Forwarded-For, which the client wrote itself. There is one proxy in front of you: trust that one hop.",
    );
  }
});

goal("after a rotation, cookies signed with the previous secret still work", async ({ open }) => {
  const env = "production";
  const db = await createDatabase({ bcryptCost: 4 });
  // In the order of the alphabet, the new one stands between them.
  const previousSessionSecrets = [
    "what signed until last year",
    "a secret from before",
    "one more",
  ].map((text) => `${text}, for a long time, and longer`);
  const sessionSecret = "the new secret, which is in use as of today";
  const rotated = await open({ env, db, sessionSecret, previousSessionSecrets });
  const opens = (site: Site, cookie: string) =>
    site.browser().get("/me", { headers: { Cookie: cookie } });
  const opened: Answer[] = [];
  let areWhole = true;
  for (const old of previousSessionSecrets) {
    const { header, cookie } = await cookieAtLogin(await open({ env, db, sessionSecret: old }));
    areWhole &&= cookie.value === signedValue(sessionIdIn(cookie.value) ?? "", old);
    opened.push(await opens(rotated, header));
  }
  const which = ["newest", "second", "oldest"].filter((_, i) => opened[i]?.succeeded);
  for (const answer of opened) {
    answer.mustBe(
      200,
      !areWhole
        ? "What signs is not SESSION_SECRET as it is: it was split, or made into something else."
        : `Of three previous secrets, ${which.length > 0 ? `only the ${which.join(" and the ")}` : "none"} still opens the cookies that it signed.`,
      "A secret is changed because it may have leaked, and nobody changes it when that logs everybody out. express-session takes a list with an entry for each: the first one signs, all of them verify.",
    );
  }
  const { header } = await cookieAtLogin(rotated);
  (await opens(await open({ env, db, sessionSecret }), header)).mustBe(
    200,
    "After a rotation, new cookies are still signed with the old secret.",
    "The first secret of the list signs: the new one has to come first.",
  );
});

/** Logs in and takes the session cookie from the answer, or ends the goal as not judged. */
async function cookieAtLogin(site: Site) {
  const { env } = site.config;
  const login = await logIn(site.browser(), env);
  const cookie = login.sessionCookie ?? notJudged(`in ${env}, logging in sets no cookie`);
  return { login, header: `${cookie.name}=${cookie.value}`, cookie };
}

async function logIn(browser: ReturnType<Site["browser"]>, env: string) {
  const { email, password } = ada;
  const login = await browser
    .post("/auth/login", { email, password })
    .catch(() => notJudged("logging in gets no answer"));
  return login.orNotJudged(200, `in ${env}, nobody can log in`);
}
