import { unsign } from "cookie-signature";
import { createDatabase, seededUsers } from "../../shared/app/database.ts";
import { describeDuration, type SetCookie } from "../../shared/testing/cookies.ts";
import { goalsFor } from "../../shared/testing/goals.ts";
import type { Site } from "../../shared/testing/site.ts";
import { must, notJudged } from "../../shared/testing/verdict.ts";
import * as app from "./app.ts";

const goal = goalsFor(app);
const { ada } = seededUsers;
const environments = ["production", "development"] as const;

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
    "One http link to your site, typed or planted, and everybody on the same Wi-Fi can read the cookie.",
  );
});

goal("another site's requests do not carry the cookie", async ({ open }) => {
  for (const env of environments) {
    const { cookie, login } = await cookieAtLogin(await open({ env }));
    must(
      cookie.sameSite === "lax" || cookie.sameSite === "strict",
      `In ${env}, other sites can send requests with this cookie: it ${cookie.sameSite ? `says SameSite=${cookie.sameSite}` : "has no SameSite"}.`,
      login,
      "A form on another site, posted to yours, arrives with the cookie of your user (CSRF). Lax sends it with links only, Strict not even with those. Not every browser assumes Lax by itself.",
    );
  }
});

goal("in production the cookie is bound to its host: __Host-", async ({ open }) => {
  const { cookie, login } = await cookieAtLogin(await open({ env: "production" }));
  must(
    cookie.name.startsWith("__Host-"),
    "In production, a neighbouring subdomain could replace the session cookie: its name lacks the __Host- prefix.",
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
  const site = await open({ env: "development" });
  const browser = site.browser();
  const login = await logIn(site, browser);
  must(
    login.setCookies.length > 0,
    "In development, logging in sets no cookie.",
    login,
    "express-session withholds a Secure cookie from a connection without TLS. In development there is none: Secure belongs to production.",
  );
  must(
    await browser.sessionCookie(),
    "In development, the browser refuses the cookie.",
    login,
    "On http a browser takes neither Secure nor a __Host- name. Both belong to production.",
  );
  const me = await browser.get("/me");
  must(
    me.status === 200,
    "In development, nobody stays logged in.",
    [login, me],
    "The cookie has to come back with the next request.",
  );
  must(
    login.setCookies.every(({ name }) => name !== "connect.sid"),
    "The cookie still has the default name, connect.sid.",
    login,
    "It tells every visitor which software runs here, and two apps on one host overwrite each other's sessions.",
  );
});

goal("logging out still ends the cookie", async ({ open }) => {
  for (const env of environments) {
    const site = await open({ env });
    const browser = site.browser();
    const login = await logIn(site, browser);
    if (!(await browser.sessionCookie()))
      notJudged(`in ${env}, logging in sets no cookie that a browser keeps`);
    const logout = await browser.post("/auth/logout");
    logout.orNotJudged([200, 204], "logging out does not work any more");
    must(
      !(await browser.sessionCookie()),
      `In ${env}, the browser keeps its cookie after logging out.`,
      [login, logout],
      "`clearCookie` needs the name, and for a __Host- cookie Secure and Path=/ as well: a browser refuses the order to clear it for the same reasons as the cookie itself.",
    );
  }
});

goal("the session still lasts a day", async ({ open, redis }) => {
  for (const env of environments) {
    const before = await redis.keys();
    const { cookie, login } = await cookieAtLogin(await open({ env }));
    const key = (await redis.keys()).find((each) => !before.includes(each));
    const ttl = key === undefined ? undefined : await redis.ttlSeconds(key);
    const evidence = [
      login,
      `TTL in Redis: ${ttl === undefined ? "none" : describeDuration(ttl * 1000)}`,
    ];
    must(
      cookie.livesMs !== undefined,
      `In ${env}, the cookie ends with the browser: it has no expiry.`,
      evidence,
      "`maxAge` belongs into `cookie: {}`, beside the flags.",
    );
    const day = 24 * 60 * 60;
    must(
      ttl !== undefined && Math.abs(ttl - day) < 300 && Math.abs(cookie.livesMs / 1000 - day) < 300,
      `In ${env}, the session lasts ${describeDuration(cookie.livesMs)} in the browser, not a day.`,
      evidence,
      "`maxAge` is in milliseconds, and the store takes its TTL from it.",
    );
  }
});

goal("behind a TLS proxy, logging in sets the cookie", async ({ open }) => {
  const site = await open({ env: "production" });
  const browser = site.browser();
  const login = await logIn(site, browser);
  must(
    login.setCookies.length > 0,
    "Behind a TLS proxy, logging in sets no cookie.",
    [login, "The proxy sends X-Forwarded-Proto: https"],
    "The proxy speaks https, your app sees http, and express-session withholds a Secure cookie. Express believes X-Forwarded-Proto once it is told which proxy to trust.",
  );
  const me = await browser.get("/me");
  must(
    me.status === 200,
    "Behind a TLS proxy, the browser does not keep the cookie.",
    [login, me],
    "The jar follows the rules of RFC 6265bis: which of them does this cookie break?",
  );
});

goal("createApp insists on SESSION_SECRET", async ({ site }) => {
  const secrets = {
    "no secret": undefined,
    "an empty secret": "",
    "a secret of 31 characters": "x".repeat(31),
  };
  for (const env of environments) {
    for (const [what, sessionSecret] of Object.entries(secrets)) {
      const refusal = await refusalOf({ env, sessionSecret });
      const call = `createApp({ config: { env: "${env}", sessionSecret: ${JSON.stringify(sessionSecret)} } })`;
      must(
        refusal,
        `createApp starts with ${what}.`,
        call,
        "Whoever knows the secret signs any session cookie, and a fallback in the source is known to everybody who reads it. Better no start than one that anybody can enter.",
      );
      must(
        refusal.message.includes("SESSION_SECRET"),
        "createApp refuses, but does not say what is missing.",
        [call, `→ ${refusal.name}: ${refusal.message}`],
        "Whoever deploys at night reads this line: name the variable, SESSION_SECRET.",
      );
    }
  }
  const accepted = await refusalOf({ env: "production", sessionSecret: "x".repeat(32) });
  must(
    !accepted,
    "createApp refuses a secret of 32 characters.",
    String(accepted),
    "32 characters are enough.",
  );

  async function refusalOf(config: {
    env: "production" | "development";
    sessionSecret: string | undefined;
  }) {
    try {
      await app.createApp({
        redis: site.redis,
        db: site.db,
        config: { ...config, previousSessionSecrets: [] },
      });
      return undefined;
    } catch (error) {
      return error instanceof Error ? error : new Error(String(error));
    }
  }
});

goal("a client cannot claim another address or https", async ({ open }) => {
  const production = await open({ env: "production" });
  const { cookie } = await cookieAtLogin(production);
  if (!cookie.secure) notJudged("in production, the cookie does not depend on https yet");
  const foreign = ["198.51.100.7", "2001:db8::7"];
  const trusts: unknown = production.app.get("trust proxy fn");
  for (const address of foreign) {
    must(
      typeof trusts === "function" && !trusts(address, 1),
      "The app believes any X-Forwarded header: a client can claim https, or somebody else's address.",
      `app.get("trust proxy fn")("${address}", 1) → true`,
      "`trust proxy: true` takes the leftmost entry, which the client wrote itself. There is one proxy in front of you: trust that one hop.",
    );
  }
});

goal("after a rotation, cookies signed with the previous secret still work", async ({ open }) => {
  const oldSecret = "the old secret, which was in use for a year";
  const newSecret = "the new secret, which is in use as of today";
  const db = await createDatabase({ bcryptCost: 4 });
  const before = await open({ env: "production", sessionSecret: oldSecret, db });
  const { browser } = await cookieAtLogin(before);
  const header = await browser.cookieHeader();
  if (!header) notJudged("in production, the browser keeps no cookie");

  const after = await open({
    env: "production",
    sessionSecret: newSecret,
    previousSessionSecrets: [oldSecret],
    db,
  });
  const me = await after.browser().get("/me", { headers: { Cookie: header } });
  must(
    me.status === 200,
    "Rotating the secret logs everybody out.",
    [`SESSION_SECRET is new, the old one stands in previousSessionSecrets`, me],
    "A secret is changed because it may have leaked, and nobody changes it when that logs everybody out. express-session takes a list: the first one signs, all of them verify.",
  );
  const { cookie, login } = await cookieAtLogin(after);
  must(
    unsign(decodeURIComponent(cookie.value).slice(2), newSecret) !== false,
    "After a rotation, new cookies are still signed with the old secret.",
    login,
    "The first secret of the list signs: the new one has to come first.",
  );
  const strict = await open({ env: "production", sessionSecret: newSecret, db });
  const stranger = await strict.browser().get("/me", { headers: { Cookie: header } });
  must(
    stranger.status === 401,
    "A cookie signed with a secret that is no longer listed still works.",
    ["previousSessionSecrets is empty", stranger],
    "Only the secrets of the configuration count. Any other one would work for ever.",
  );
});

/** Logs in and takes the session cookie from the answer, or ends the goal as not judged. */
async function cookieAtLogin(site: Site) {
  const browser = site.browser();
  const login = await logIn(site, browser);
  const cookie: SetCookie | undefined = login.setCookies.find(({ value }) =>
    /^s(:|%3A)/i.test(value),
  );
  return {
    browser,
    login,
    cookie: cookie ?? notJudged(`in ${site.config.env}, logging in sets no cookie`),
  };
}

async function logIn(site: Site, browser: ReturnType<Site["browser"]>) {
  const login = await browser
    .post("/auth/login", { email: ada.email, password: ada.password })
    .catch(() => notJudged("logging in gets no answer"));
  return login.orNotJudged(200, `in ${site.config.env}, nobody can log in`);
}
