import { createDatabase, seededUsers } from "../../shared/app/database.ts";
import { describeError } from "../../shared/testing/answer.ts";
import { describeDuration, forge, sessionIdIn, signedValue } from "../../shared/testing/cookies.ts";
import { goalsFor } from "../../shared/testing/goals.ts";
import { printedDuring } from "../../shared/testing/output.ts";
import { sessionKeyOf } from "../../shared/testing/session-keys.ts";
import { bytesOf, keysUsedDuring, type SigningKey } from "../../shared/testing/signing-keys.ts";
import type { Site } from "../../shared/testing/site.ts";
import { tryOut } from "../../shared/testing/trials.ts";
import { must, notJudged } from "../../shared/testing/verdict.ts";
import * as app from "./app.ts";

const goal = goalsFor(app);
tryOut(goal, 6);
const { ada } = seededUsers;
const environments = ["production", "development"] as const;

goal("page scripts cannot read the cookie", async ({ open }) => {
  for (const env of environments) {
    const site = await open({ env });
    const { cookie, header, login } = await cookieAtLogin(site);
    must(
      cookie.httpOnly,
      `In ${env}, page scripts can read the session cookie: it lacks HttpOnly.`,
      login,
      "One script that somebody smuggled into a page (XSS) reads `document.cookie` and sends it away. HttpOnly keeps the cookie out of their reach.",
    );
    const id = sessionIdIn(cookie.value) ?? notJudged("the cookie is not signed");
    const sent = { headers: { Cookie: header } };
    const browser = site.browser();
    for (const answer of [
      login,
      await browser.get("/me", sent),
      await browser.get("/visits", sent),
    ]) {
      const copy = answer.setCookies.find(({ httpOnly, value }) => !httpOnly && value.includes(id));
      must(
        !copy,
        `In ${env}, page scripts can read the session id in another cookie, ${copy?.name}.`,
        answer,
        "HttpOnly keeps one cookie out of their reach, not a copy of what is in it. A token for page scripts is a random number of its own.",
      );
      const { "set-cookie": _, ...headers } = answer.headers;
      const [place] = Object.entries({ ...headers, body: answer.text }).find(([, text]) =>
        text?.includes(id),
      ) ?? [undefined];
      must(
        !place,
        `In ${env}, page scripts can read the session id in the answer to ${answer.route}: ${place}.`,
        [answer, place && place !== "body" ? `${place}: ${headers[place]}` : ""],
        "HttpOnly keeps the cookie out of their reach, not a copy of what is in it.",
      );
    }
  }
});

goal("in production the cookie travels over https alone", async ({ open }) => {
  const site = await open({ env: "production" });
  const { cookie, header, login } = await cookieAtLogin(site);
  must(
    cookie.secure,
    "In production, the session cookie travels over http as well: it lacks Secure.",
    login,
    "One http link to your site, typed or planted, and everybody on the same Wi-Fi can read the cookie.",
  );
  const renewed = await renewedCookie(site, header);
  must(
    renewed.cookie?.secure !== false,
    "In production, the next visit renews the session cookie without Secure.",
    [login, renewed.visit],
    "The flags are stored with the session, and come back with it. Whatever leaves them out of Redis takes them off the cookie that is sent with the next change of the session.",
  );
  const http = await site
    .browser()
    .post(
      "/auth/login",
      { email: ada.email, password: ada.password },
      { headers: { "X-Forwarded-Proto": "http" } },
    );
  const plain = http.setCookies.find(
    ({ name, secure, value }) => sessionIdIn(value) && !secure && !name.startsWith("__"),
  );
  must(
    !plain,
    "In production, whoever logs in over http gets a cookie for http.",
    [http, "The proxy sends X-Forwarded-Proto: http"],
    "It travels in the clear from then on. In production the cookie is Secure, whatever the request was.",
  );
});

goal("another site's requests do not carry the cookie", async ({ open }) => {
  for (const env of environments) {
    const site = await open({ env });
    const { cookie, header, login } = await cookieAtLogin(site);
    must(
      cookie.sameSite === "lax" || cookie.sameSite === "strict",
      `In ${env}, other sites can send requests with this cookie: it ${cookie.sameSite ? `says SameSite=${cookie.sameSite}` : "has no SameSite"}.`,
      login,
      "A form on another site, posted to yours, arrives with the cookie of your user (CSRF). Lax sends it with links only, Strict not even with those. Not every browser assumes Lax by itself.",
    );
    const renewed = await renewedCookie(site, header);
    must(
      !renewed.cookie || renewed.cookie.sameSite === cookie.sameSite,
      `In ${env}, the next visit renews the session cookie ${renewed.cookie?.sameSite ? `with SameSite=${renewed.cookie.sameSite}` : "without SameSite"}.`,
      [login, renewed.visit],
      "The flags are stored with the session, and come back with it. Whatever leaves them out of Redis takes them off the cookie that is sent with the next change of the session.",
    );
    if (env === "production") await mustKeepOtherSitesOut(site, header);
  }
});

async function mustKeepOtherSitesOut(site: Site, cookieHeader: string) {
  const credentials = { email: ada.email, password: ada.password };
  const guests = {
    "a browser that calls itself Safari on an iPhone": {
      "User-Agent":
        "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.0 Mobile/15E148 Safari/604.1",
    },
    "a browser that calls itself Chrome": {
      "User-Agent":
        "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0.0.0 Safari/537.36",
    },
    "a page that embeds yours": {
      Origin: "https://evil.example",
      Referer: "https://evil.example/",
      "Sec-Fetch-Site": "cross-site",
      "Sec-Fetch-Dest": "iframe",
    },
  };
  for (const [who, headers] of Object.entries(guests)) {
    // Whoever may not log in from there may still visit.
    const guest = site.browser();
    const login = await guest.post("/auth/login", credentials, { headers });
    const visit = await guest.get("/visits", { headers });
    const weak = [...login.setCookies, ...visit.setCookies].find(
      ({ value, sameSite = "" }) => sessionIdIn(value) && !["lax", "strict"].includes(sameSite),
    );
    must(
      !weak,
      `In production, SameSite depends on who asks: for ${who} it is ${weak?.sameSite ?? "missing"}.`,
      [...Object.entries(headers).map(([name, text]) => `${name}: ${text}`), login, visit],
      "Whoever gets the weaker cookie is open to CSRF, and any client can call itself what it likes.",
    );
  }

  for (const origin of [
    "https://evil.example",
    "https://workshop.test.evil.example",
    "https://evil-workshop.test",
    "null",
  ]) {
    const answer = await site
      .browser()
      .get("/me", { headers: { Cookie: cookieHeader, Origin: origin } });
    must(
      answer.headers["access-control-allow-origin"] !== origin ||
        answer.headers["access-control-allow-credentials"] !== "true",
      `In production, CORS lets pages of ${origin} read what your users see.`,
      [
        `Origin: ${origin}`,
        answer,
        `Access-Control-Allow-Origin: ${origin}`,
        "Access-Control-Allow-Credentials: true",
      ],
      "With credentials, an answer is for the origins that you know, each by its full name. SameSite does not make up for it: a page on a neighbouring subdomain is the same site.",
    );
  }

  const form = await site.browser().post("/auth/login", undefined, {
    rawBody: JSON.stringify(credentials),
    contentType: "text/plain",
  });
  must(
    !form.succeeded,
    "In production, a form on another site can log your users in: JSON passes as text/plain.",
    [form, "Content-Type: text/plain"],
    "A form may send text/plain anywhere without asking, and leave your user in the account of somebody else, who reads along. A browser asks first (CORS) before it sends application/json for another site.",
  );
}

goal("in production the cookie is bound to its host: __Host-", async ({ open }) => {
  const site = await open({ env: "production" });
  const { cookie, header, login } = await cookieAtLogin(site);
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
  const asBrowser = (sent: string) => site.browser().get("/me", { headers: { Cookie: sent } });
  (await asBrowser(header)).orNotJudged(200, "/me does not answer those who are logged in");
  const bareName = cookie.name.replace(/^__Host-(Http-)?/, "");
  for (const name of new Set(["connect.sid", bareName, "sid", "session"])) {
    const answer = await asBrowser(`${name}=${cookie.value}`);
    must(
      !answer.succeeded,
      `In production, a session cookie that is called ${name} is accepted as well.`,
      answer,
      "Any subdomain can plant a cookie of that name for the whole domain. The prefix protects nobody as long as another name opens the session too.",
    );
  }
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
  const path = login.setCookies[0]?.path;
  must(
    path === "/",
    `In development, the cookie is for ${path ?? "the path of the login"} alone.`,
    login,
    "With another path than / the browser brings the cookie to some routes and not to others.",
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
    const site = await open({ env });
    const { cookie, header, login } = await cookieAtLogin(site);
    const key = await sessionKeyOf(site, redis, () =>
      site.browser().get("/me", { headers: { Cookie: header } }),
    );
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

goal("createApp insists on SESSION_SECRET", async ({ open, site }) => {
  const secrets = {
    "no secret": undefined,
    "an empty secret": "",
    "a secret of 31 characters": "hunter2-".repeat(4).slice(1),
  };
  for (const env of environments) {
    for (const [what, sessionSecret] of Object.entries(secrets)) {
      const refusal = await refusalOf({ env, sessionSecret });
      const call = `createApp({ config: { env: "${env}", sessionSecret: ${JSON.stringify(sessionSecret)} } })`;
      must(
        refusal,
        `createApp starts with ${what}.`,
        call,
        sessionSecret
          ? "A short secret can be guessed, offline and fast, from any cookie that it signed: 32 characters are the least."
          : "Whoever knows the secret signs any session cookie, and a fallback in the source is known to everybody who reads it. Better no start than one that anybody can enter.",
      );
      must(
        !refusal.message.includes("process.exit"),
        "createApp ends the process instead of throwing.",
        call,
        "The main program decides when to end; a test, a script or a second app in the same process must survive. Throw an Error that names SESSION_SECRET.",
      );
      must(
        !sessionSecret || !refusal.message.includes(sessionSecret),
        "createApp writes the secret into its error.",
        [call, `→ ${refusal.name}: ${refusal.message}`],
        "Errors end up in logs, and a short secret is still one that somebody uses. Say what is wrong with it, not what it is.",
      );
      must(
        refusal.message.includes("SESSION_SECRET"),
        "createApp refuses, but does not say what is missing.",
        [call, `→ ${refusal.name}: ${refusal.message}`],
        "Whoever deploys at night reads this line: name the variable, SESSION_SECRET.",
      );
    }
  }
  must(
    await refusalOf({ env: "production", sessionSecret: undefined }, [
      "a secret of last year".repeat(2),
    ]),
    "createApp starts with a previous secret alone.",
    'createApp({ config: { sessionSecret: undefined, previousSessionSecrets: ["…"] } })',
    "A previous secret opens cookies that are still around. It was replaced because somebody may know it: nothing new is signed with it.",
  );
  const accepted = await refusalOf({ env: "production", sessionSecret: "x".repeat(32) });
  must(
    !accepted,
    "createApp refuses a secret of 32 characters.",
    String(accepted),
    "32 characters are enough.",
  );

  // Insisting is one thing, signing with it another.
  const { cookie, header, login } = await cookieAtLogin(site);
  const otherSecret = "of another app, which shares this Redis";
  let opened: Site | undefined;
  const printed = await printedDuring(async () => {
    opened = await open({ db: site.db, sessionSecret: otherSecret });
  });
  const neighbour = opened ?? notJudged("a second app does not start");
  must(
    !printed.some((line) => line.includes(otherSecret)),
    "createApp prints the secret.",
    printed,
    "Whoever reads the log signs any session cookie. Logs are copied, searched and kept: no secret belongs there.",
  );
  const stranger = await neighbour.browser().get("/me", { headers: { Cookie: header } });
  must(
    stranger.status < 500,
    `A cookie of another app crashes this one: ${stranger.thrown ? describeError(stranger.thrown) : stranger.status}.`,
    stranger,
    "`secret` takes one text, or one flat list of texts: the secret, then the previous ones.",
    4,
  );
  must(
    stranger.status === 401,
    "createApp insists on SESSION_SECRET, and does not sign with it alone.",
    ["the cookie comes from an app with another SESSION_SECRET", stranger],
    "Two apps with different secrets accept each other's cookies: something that both of them know signs them as well.",
  );
  const id = sessionIdIn(cookie.value) ?? notJudged("the cookie is not signed");
  const signedWith = (key: SigningKey) => signedValue(id, key);
  const ask = (at: Site, value: string) =>
    at.browser().get("/me", { headers: { Cookie: `${cookie.name}=${value}` } });

  // What two apps try on a bad signature, although their configurations share nothing, is known.
  const tried = await keysUsedDuring(() => ask(site, forge(cookie.value)));
  const triedNextDoor = await keysUsedDuring(() => ask(neighbour, forge(cookie.value)));
  const shared = tried.filter((key) =>
    triedNextDoor.some((other) => bytesOf(other).equals(bytesOf(key))),
  );
  const known = ["only for the first steps", "keyboard cat", "secret", "SESSION_SECRET", ...shared];
  for (const key of known) {
    const answer = await ask(site, signedWith(key));
    must(
      answer.status === 401,
      `A cookie signed with a secret that everybody knows is accepted: ${JSON.stringify(bytesOf(key).toString())}.`,
      answer,
      "Every secret of the list opens cookies. Only the configured ones belong there.",
    );
  }
  const signing = tried.find(
    (key) => signedWith(key) === encodeURIComponent(decodeURIComponent(cookie.value)),
  );
  must(
    !signing || bytesOf(signing).length >= 16,
    `The cookie is signed with a key of ${signing && bytesOf(signing).length} characters, made from the secret.`,
    login,
    "Whoever has one cookie can try all keys of that length at home. A secret is as long as what is left of it when it signs.",
  );
  for (const [path, inside] of [
    ["/package.json", '"dependencies"'],
    ["/app.ts", "createApp"],
  ] as const) {
    const answer = await site.browser().get(path);
    must(
      !answer.text.includes(inside),
      `The app hands out the files of its own project: GET ${path} answers ${answer.status}.`,
      answer,
      "The source is there, and .env with SESSION_SECRET lies beside it. What is served to everybody has a folder of its own.",
    );
  }

  async function refusalOf(
    config: { env: "production" | "development"; sessionSecret: string | undefined },
    previousSessionSecrets: string[] = [],
  ) {
    try {
      await app.createApp({
        redis: site.redis,
        db: site.db,
        config: { ...config, previousSessionSecrets },
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
  // They look like private addresses, to whoever compares texts.
  const lookAlikes = ["2001:db8::1", "109.1.2.3", "172.200.1.2", "192.0.2.1", "198.51.110.127"];
  for (const address of lookAlikes) {
    must(
      typeof trusts === "function" && !trusts(address, 1),
      `The app takes ${address} for a proxy of its own: a client there can claim https, or somebody else's address.`,
      `app.get("trust proxy fn")("${address}", 1) → true`,
      "An address is a number. A text that begins or ends like the address of a private network may be anybody's.",
    );
  }
});

goal("after a rotation, cookies signed with the previous secret still work", async ({ open }) => {
  const oldSecrets = [
    "the secret of last year, which was in use until May",
    "the secret of the year before, which some still have",
  ];
  const newSecret = "the new secret, which is in use as of today";
  const db = await createDatabase({ bcryptCost: 4 });
  const rotated = await open({
    env: "production",
    sessionSecret: newSecret,
    previousSessionSecrets: oldSecrets,
    db,
  });
  const newOnly = await open({ env: "production", sessionSecret: newSecret, db });

  for (const sessionSecret of oldSecrets) {
    const { header } = await cookieAtLogin(await open({ env: "production", sessionSecret, db }));
    const me = await rotated.browser().get("/me", { headers: { Cookie: header } });
    must(
      me.status === 200,
      sessionSecret === oldSecrets[0]
        ? "Rotating the secret logs everybody out."
        : "Of several previous secrets, only the newest still works.",
      ["SESSION_SECRET is new, the old ones stand in previousSessionSecrets", me],
      "A secret is changed because it may have leaked, and nobody changes it when that logs everybody out. express-session takes a list: the first one signs, all of them verify.",
    );
    const stranger = await newOnly.browser().get("/me", { headers: { Cookie: header } });
    must(
      stranger.status === 401,
      "A cookie signed with a secret that is no longer listed still works.",
      ["previousSessionSecrets is empty", stranger],
      "Only the secrets of the configuration count. Any other one would work for ever.",
    );
  }
  const { header, login } = await cookieAtLogin(rotated);
  const me = await newOnly.browser().get("/me", { headers: { Cookie: header } });
  must(
    me.status === 200,
    "After a rotation, new cookies are still signed with the old secret.",
    [login, "an app that knows the new secret alone", me],
    "The first secret of the list signs: the new one has to come first.",
  );
});

/** Logs in and takes the session cookie from the answer, or ends the goal as not judged. */
async function cookieAtLogin(site: Site) {
  const browser = site.browser();
  const login = await logIn(site, browser);
  const cookie = login.setCookies.find(({ value }) => sessionIdIn(value) !== undefined);
  return {
    login,
    header: cookie ? `${cookie.name}=${cookie.value}` : "",
    cookie: cookie ?? notJudged(`in ${site.config.env}, logging in sets no cookie`),
  };
}

/** The session cookie as a visit that changes the session sends it again, if it does. */
async function renewedCookie(site: Site, header: string) {
  const visit = await site.browser().get("/visits", { headers: { Cookie: header } });
  return { visit, cookie: visit.setCookies.find(({ value }) => sessionIdIn(value) !== undefined) };
}

async function logIn(site: Site, browser: ReturnType<Site["browser"]>) {
  const login = await browser
    .post("/auth/login", { email: ada.email, password: ada.password })
    .catch(() => notJudged("logging in gets no answer"));
  return login.orNotJudged(200, `in ${site.config.env}, nobody can log in`);
}
