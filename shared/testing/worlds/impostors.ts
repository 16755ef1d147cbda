import { seededUsers } from "../../app/database.ts";
import type { Answer } from "../answer.ts";
import type { Browser } from "../browser.ts";
import { refusalToStart } from "../building.ts";
import { withClock } from "../clock.ts";
import { forge, sessionIdIn, signedValue } from "../cookies.ts";
import { sessionOption } from "../options.ts";
import { namesOf, openedBesideTheCookie, plant } from "../planted.ts";
import { bytesOf, keysUsedDuring, type SigningKey } from "../signing-keys.ts";
import type { Site } from "../site.ts";
import { getRoutesOf } from "../tour.ts";
import { must } from "../verdict.ts";
import type { World, WorldGoal } from "./world.ts";

const { ada, grace } = seededUsers;

/** Worlds of people who try to be somebody else. */
export const impostors: readonly World[] = [
  { name: "With a cookie that an attacker signed", visit: signedAtHome },
  { name: "Without a SESSION_SECRET", visit: withoutSecret },
  { name: "With a weak secret", visit: poorSecrets },
  { name: "With a secret that was changed", visit: otherSecret },
  { name: "With an id that can be foreseen", visit: foreseeableIds },
  { name: "Under another name of the cookie", visit: otherNames },
  { name: "With more in the address", visit: moreInTheAddress },
  { name: "When a request says more than it is asked", visit: saidBesideTheCookie },
  { name: "With a link instead of a form", visit: links },
];

/** A session of somebody's who has visited twice, and is logged in as far as the step knows it. */
async function ownSession(site: Site, step: number) {
  const owner = site.browser();
  if (step >= 3) await owner.post("/auth/login", { email: ada.email, password: ada.password });
  await owner.get("/visits");
  await owner.get("/visits");
  const header = (await owner.sessionCookie()) ?? "";
  const name = header.slice(0, header.indexOf("="));
  const value = header.slice(name.length + 1);
  return { owner, header, name, value, id: sessionIdIn(value) ?? "" };
}

/** Whether a cookie opens the session of somebody who has visited twice or more. */
async function opens(site: Site, cookie: string) {
  const answer = await site.browser().get("/visits", { headers: { Cookie: cookie } });
  return { answer, opened: Number(answer.data.visits) > 2 };
}

async function signedAtHome(goal: WorldGoal): Promise<void> {
  const { open, step } = goal;
  const env = step >= 6 ? "production" : "development";
  const site = await open({ env });
  const neighbour = await open({
    env,
    db: site.db,
    sessionSecret: "the secret of another app, at this Redis",
  });
  const { name, value, id } = await ownSession(site, step);
  const bad = { headers: { Cookie: `${name}=${forge(value)}` } };
  // What two apps try on a bad signature, although their configurations share nothing, is known.
  const tried = await keysUsedDuring(() => site.browser().get("/visits", bad));
  const triedNextDoor = await keysUsedDuring(() => neighbour.browser().get("/visits", bad));
  const shared = tried.filter((key) =>
    triedNextDoor.some((other) => bytesOf(other).equals(bytesOf(key))),
  );
  const adopted = await site.browser().get("/visits", bad);
  must(
    !adopted.setCookies.some((cookie) => sessionIdIn(cookie.value) === id),
    "a cookie with a bad signature is answered with a good one, for the same id.",
    adopted,
    "Whoever knows or chooses an id then has its session, and overwrites what was in it. A new session gets an id that the server makes, out of nothing but chance.",
  );
  const known = ["only for the first steps", "keyboard cat", "secret", "SESSION_SECRET", ...shared];
  for (const key of known) {
    const { answer, opened } = await opens(site, `${name}=${signedValue(id, key)}`);
    must(
      !opened,
      `${JSON.stringify(bytesOf(key).toString())} signs cookies that the app accepts, and everybody knows it.`,
      answer,
      "Everybody can read what stands in the source, and guess what everybody writes. The secret is the configured one, `config.sessionSecret`, and so is each one beside it that still opens cookies.",
    );
  }
  await mustServeOthers(site, bad);
  await mustBearAnything(goal, name, value);
  const signing = signingKeyAmong(tried, id, value);
  must(
    !signing || bytesOf(signing).length >= 16,
    `the cookie is signed with a key of ${signing && bytesOf(signing).length} characters, made from the secret.`,
    `Cookie: ${name}=…`,
    "Whoever has one cookie can try all keys of that length at home. A secret is as long as what is left of it when it signs.",
  );
  await mustSignWithAllOfIt(goal);
}

/** The key that has signed the value of a cookie, encoded or not. */
function signingKeyAmong(
  keys: readonly SigningKey[],
  id: string,
  value: string,
): SigningKey | undefined {
  const signed = encodeURIComponent(decodeURIComponent(value));
  return keys.find((key) => signedValue(id, key) === signed);
}

/** Whoever forges cookies is nobody, and so is whoever asks from the same address. */
async function mustServeOthers(
  site: Site,
  bad: { headers: Readonly<Record<string, string>> },
): Promise<void> {
  for (let count = 0; count < 30; count++) await site.browser().get("/visits", bad);
  const other = await site.browser().get("/visits");
  must(
    other.succeeded,
    `after 30 forged cookies, everybody else is answered ${other.status}.`,
    ["30 times, with a bad signature: GET /visits", "then, somebody new:", other],
    "A bad signature is what a cookie has after the secret has changed, and one address may be that of a proxy or of a whole school: a cookie that says nothing is answered as none.",
  );
}

/** Whatever a cookie holds, somebody wrote it there. */
async function mustBearAnything(
  { open, step }: WorldGoal,
  name: string,
  value: string,
): Promise<void> {
  const env = step >= 6 ? "production" : "development";
  const site = await open({ env, previousSessionSecrets: [retiredSecret] });
  const signed = decodeURIComponent(value);
  for (const other of [
    "s:x.y",
    "s:x",
    "s:",
    "s:.",
    "j:{}",
    "j:null",
    signed.slice(0, -1),
    `${signed}A`,
    signed.replace(/\..*/, "."),
    `${signed.slice(0, -1)}é`,
    "s:__proto__.x",
    "x".repeat(3_000),
    "%00",
  ]) {
    const headers = { Cookie: `${name}=${encodeURIComponent(other)}` };
    const answer = await site.browser().get("/visits", { headers });
    must(
      answer.data.visits === 1,
      `GET /visits with a cookie that nobody has signed is answered ${answer.status}, and not as for somebody new.`,
      [`Cookie: ${name}=${encodeURIComponent(other).slice(0, 60)}`, answer],
      "Anybody can send anything as a cookie. What is no value of yours, or not as long as a signature is, is no cookie: look before you compare, `timingSafeEqual` throws for two of different lengths.",
    );
  }
  await site.close();
}

/** Of a secret, each part counts, whatever characters it has. */
async function mustSignWithAllOfIt({ open, step }: WorldGoal): Promise<void> {
  const env = step >= 6 ? "production" : "development";
  const parts = ["kept long enough by itself: 3f9c0d5b", "and as long once more: 81aa04ce2296"];
  const keyOf = async (sessionSecret: string) => {
    const site = await open({ env, sessionSecret });
    const { name, value, id } = await ownSession(site, step);
    const keys = await keysUsedDuring(() =>
      site.browser().get("/visits", { headers: { Cookie: `${name}=${value}` } }),
    );
    await site.close();
    return signingKeyAmong(keys, id, value);
  };
  for (const separator of [",", " ", "\n", "|"]) {
    const whole = await keyOf(parts.join(separator));
    for (const other of [
      [parts[0], "of somebody else, and as long: 7e11"],
      ["of somebody else, and as long: 7e11", parts[1]],
    ]) {
      const key = await keyOf(other.join(separator));
      must(
        !whole || !key || !bytesOf(whole).equals(bytesOf(key)),
        `of a secret with ${JSON.stringify(separator)} in it, one part is enough to sign cookies with.`,
        ["two apps whose secrets differ in the other part sign alike"],
        "A secret is one text, whatever stands in it: whoever takes it apart signs with less of it than was chosen. Of several secrets, `config.previousSessionSecrets` is a list already.",
      );
    }
  }
}

/** The starter's fallback signs, or the app refuses to start: nothing else can be relied on. */
async function withoutSecret({ open, step }: WorldGoal): Promise<void> {
  const site = await open({ sessionSecret: undefined }).catch(() => undefined);
  if (!site) return;
  const visitor = site.browser();
  const first = await visitor.get("/visits");
  must(
    first.succeeded,
    "the app starts, and then answers nobody.",
    first,
    "It has the starter's fallback to sign with, or it refuses to start; but it does not fail request by request.",
  );
  if (step < 2) return;
  await site.restart();
  const second = await visitor.get("/visits");
  must(
    second.data.visits === 2,
    "a restart forgets the visitor.",
    [first, "the app restarts", second],
    "A secret that is made up at each start invalidates every cookie. The starter's fallback is no secret at all, and stays the same until step 6 forbids it.",
  );
}

const retiredSecret = "a secret of last year, which was long enough";

async function poorSecrets({ open }: WorldGoal): Promise<void> {
  const site = await open();
  const previous = { previousSessionSecrets: [retiredSecret] };
  const short = { sessionSecret: "hunter2-hunter2-hunter2" };
  for (const [what, config] of [
    ["an empty secret", { sessionSecret: "" }],
    ["a short secret", short],
    ["a secret of 16 characters", { sessionSecret: "é".repeat(16) }],
    ["a short secret beside a long previous one", { ...short, ...previous }],
    ["a previous secret alone", { sessionSecret: undefined, ...previous }],
  ] as const) {
    const { call, refusal } = await refusalToStart(site, { ...config, env: "production" });
    must(
      refusal,
      `createApp starts with ${what}.`,
      call,
      "It can be guessed, or somebody may know it: that is why it was replaced. Nothing new is signed with it.",
    );
    must(
      !refusal.message.includes("process.exit"),
      "createApp ends the process instead of throwing.",
      call,
      "The main program decides when to end; a test, a script or a second app in the same process must survive. Throw an Error that names SESSION_SECRET.",
    );
    must(
      !config.sessionSecret || !refusal.message.includes(config.sessionSecret),
      "createApp writes the secret into its error.",
      [call, `→ ${refusal.name}: ${refusal.message}`],
      "Errors end up in logs, and a short secret is still one that somebody uses. Say what is wrong with it, not what it is.",
    );
  }
}

/** A leaked secret is changed so that nothing signed with it counts. */
async function otherSecret({ open, step }: WorldGoal): Promise<void> {
  const rotated = await open({ previousSessionSecrets: [retiredSecret] });
  const { id: signedId, value: signed } = await ownSession(rotated, step);
  must(
    decodeURIComponent(signed) !== decodeURIComponent(signedValue(signedId, retiredSecret)),
    "new cookies are still signed with the secret from before.",
    [`Cookie: …=${signed}`, "previousSessionSecrets holds the secret that signed it"],
    "Of several secrets, the first one signs and all of them verify. The new one has to come first: once the old one is taken out of the list, everybody whom it signed is logged out.",
  );
  if (step < 2) return;
  if (step >= 6) await inTwoTabsAfterTheChange(rotated);
  const site = await open();
  const { header } = await ownSession(site, step);
  const neighbour = await open({
    db: site.db,
    sessionSecret: "the secret of another app, at this Redis",
  });
  const { answer, opened } = await opens(neighbour, header);
  must(
    answer.status < 500,
    `the cookie of before crashes ${answer.route}.`,
    answer,
    "`secret` takes one text, or one flat list of texts: the secret, then the previous ones.",
  );
  must(
    !opened,
    "the cookie of before still opens its session.",
    ["the cookie comes from an app with another SESSION_SECRET", answer],
    "Two apps with different secrets accept each other's cookies: something that both of them know signs them.",
  );
}

/** A page asks for several things at once, with the cookie that the secret of last year has signed. */
async function inTwoTabsAfterTheChange(site: Site): Promise<void> {
  const member = site.browser();
  await member.logIn(ada);
  const name = ((await member.sessionCookie()) ?? "").split("=")[0];
  const Cookie = `${name}=${signedValue((await member.sessionId()) ?? "", retiredSecret)}`;
  const ask = () => site.browser().get("/me", { headers: { Cookie } });
  // Sent at once, and served one after the other: the second has left before the first is answered.
  const answers = [await ask(), await ask()];
  must(
    // Whoever signs with something made of the secret does not know this cookie.
    !answers[0]?.succeeded || answers[1]?.succeeded,
    "of two requests at once with a cookie that a previous secret has signed, one finds nobody.",
    answers,
    "The session is the same, and so is its id: express-session signs the cookie anew by itself. An id that changes at the first request is gone for the second.",
  );
}

// What one request says of itself, another one can say as well.
const saidByTheClient = "0f8fad5bd9cb469fa16570867728950e";

const headers = Object.fromEntries(
  ["X-Request-Id", "X-Correlation-Id", "X-Session-Id", "X-Trace-Id", "Idempotency-Key"].map(
    (name) => [name, saidByTheClient],
  ),
);

const headerLines = Object.entries(headers).map((each) => each.join(": "));

const manyIds = 20_000;

/** Whoever makes ids out of a store of chance has to fill it up. */
function mustNotComeAgain(genid: unknown): void {
  if (typeof genid !== "function") return;
  const ids = new Set<unknown>();
  try {
    for (let n = 0; n < manyIds; n++) ids.add(genid({ headers: {} }));
  } catch {
    // It looks at the request, which is judged elsewhere.
    return;
  }
  must(
    ids.size === manyIds,
    "session ids come again: two visitors share a session.",
    `genid(req), ${manyIds} times → ${ids.size} ids`,
    "Each new session gets an id that nobody has or had. express-session makes them with `node:crypto`, and needs no `genid`.",
  );
}

/** With a clock that stands still, and a `Math.random` that always says the same. */
async function foreseeableIds({ open, redis, step }: WorldGoal): Promise<void> {
  const site = await open();
  const { random } = Math;
  for (const [chance, claim, reason] of [
    [
      random,
      "after a restart, with the clock where it was, a new visitor is given the session id of an earlier one.",
      "A session id has to be random: one that is counted up, or made of the time, comes again, and can be guessed.",
    ],
    [
      () => 0.5,
      "session ids are made with `Math.random`.",
      "It looks random, and is computed: from a few ids that somebody was given follow all the others. express-session makes them with `node:crypto`, and needs no `genid`.",
    ],
  ] as const) {
    const [earlier, later] = [site.browser(), site.browser()];
    Math.random = chance;
    try {
      await withClock(redis, async () => {
        await earlier.get("/visits");
        await site.restart();
        await later.get("/visits");
      });
    } finally {
      Math.random = random;
    }
    must(
      (await earlier.sessionId()) !== (await later.sessionId()),
      claim,
      chance === random
        ? `both: ${await later.sessionCookie()}`
        : `while Math.random() gives 0.5, two visitors get one id: ${await later.sessionId()}`,
      reason,
    );
  }
  const guests = [site.browser(), site.browser()];
  for (const guest of guests) await guest.get("/visits", { headers });
  const [one, other] = await Promise.all(guests.map((guest) => guest.sessionId()));
  must(
    !one?.includes(saidByTheClient) && one !== other,
    "a client chooses its session id, by a header.",
    [...headerLines, `Cookie afterwards: ${one}`],
    "Whoever knows the id has the session: it is made by the server, out of nothing but chance.",
  );
  const newcomers = Array.from({ length: 40 }, () => site.browser());
  await Promise.all(newcomers.map((newcomer) => newcomer.get("/visits")));
  const ids = await Promise.all(newcomers.map((newcomer) => newcomer.sessionId()));
  const bits = bitsOf(ids.filter((id) => id !== undefined));
  must(
    bits >= 50,
    `session ids hold ${Math.round(bits)} bits of chance.`,
    ids.slice(0, 3).map((id) => `session id: ${id}`),
    "Few are soon tried out, and of a few thousand visitors two get the same id: then both have one session. OWASP asks for 64 bits at least; express-session makes 192.",
  );
  mustNotComeAgain(sessionOption("genid"));
  if (step >= 3) await mustNotBeTakenForAnother(site, step);
}

/** What a client calls its requests, others may call theirs. */
async function mustNotBeTakenForAnother(site: Site, step: number): Promise<void> {
  const mustBeOwn = (id: string, answer: Answer) =>
    must(
      !answer.succeeded || answer.data.id === id,
      `${answer.route} gives an answer that was meant for somebody else.`,
      [...headerLines, "another user has sent the same", answer],
      "Clients make these names up, and two may make up the same. An answer that is kept for who repeats a request is kept under the user and the request as well.",
    );
  for (const { id, email, password, displayName } of [ada, grace]) {
    const browser = site.browser();
    mustBeOwn(id, await browser.post("/auth/login", { email, password }, { headers }));
    if (step < 4) continue;
    mustBeOwn(id, await browser.patch("/me", { displayName }, { headers }));
    mustBeOwn(id, await browser.get("/me", { headers }));
  }
}

/** How much chance there is in texts, at the least: what their characters differ in, place by place. */
function bitsOf(texts: readonly string[]): number {
  const longest = Math.max(0, ...texts.map(({ length }) => length));
  let bits = 0;
  for (let place = 0; place < longest; place++) {
    bits += Math.log2(new Set(texts.map((text) => text[place])).size);
  }
  return bits;
}

async function otherNames({ open, step }: WorldGoal): Promise<void> {
  const site = await open({ env: "production" });
  const { name, value } = await ownSession(site, step);
  const bare = name.replace(/^__Host-(Http-)?/, "");
  // A byte that looks like a blank is part of a name for a browser, and not for everybody who trims.
  const alike = [`\u00a0${name}`, name.toLowerCase(), name.toUpperCase()];
  for (const other of new Set(["connect.sid", bare, "sid", "session", ...alike])) {
    if (other === name) continue;
    const { answer, opened } = await opens(site, `${other}=${value}`);
    must(
      !opened,
      `a session cookie that is called ${other.replace("\u00a0", "\\xA0")} is accepted as well.`,
      answer,
      "Any subdomain can plant a cookie of that name for the whole domain. The prefix protects nobody as long as another name opens the session too.",
    );
  }
}

/** An address is written by whoever sends somebody there. */
async function moreInTheAddress({ open, step }: WorldGoal): Promise<void> {
  const site = await open();
  const { owner, value, id } = await ownSession(site, step);
  const why =
    "Which session it is comes from the signed cookie alone, and what is in it from the server. Addresses are sent around, and end up in logs and in the browser's history.";
  for (const planted of [decodeURIComponent(value), id]) {
    const names = plant(site.app, planted);
    const answer = await site
      .browser()
      .get("/visits")
      .finally(() => names.remove());
    must(
      !(Number(answer.data.visits) > 1),
      `the id of a session in ${namesOf(names).join(" or ")} opens it.`,
      answer,
      why,
    );
  }
  const before = await owner.get("/visits");
  const after = await owner.get("/visits?visits=41&count=41&n=41&userId=41");
  must(
    after.data.visits === Number(before.data.visits) + 1,
    `GET /visits counts ${String(after.data.visits)} after ${String(before.data.visits)}.`,
    [before, after],
    why,
  );
  for (const field of ["cookie", "save", "__proto__"]) {
    const named = plant(site.app, field);
    const asked = () => owner.get("/visits").catch(() => undefined);
    const answer = await asked().finally(() => named.remove());
    const next = await asked();
    must(
      answer && next && answer.status < 500 && next.status < 500,
      `whoever writes ${field} into ${namesOf(named).join(" or ")} breaks the session.`,
      [answer ?? "GET /visits\n→ no answer", next ?? "GET /visits\n→ no answer"],
      "A name that a client chooses is a field of the session that a client chooses: `cookie`, `save` and `regenerate` are fields, too. Look it up in a list of those that you know.",
    );
  }
  await mustStayJson(site, owner, "/visits");
  await mustStayHere(site, owner, step);
}

/** Whoever follows a link to the site must not end up elsewhere, on a page that looks like it. */
async function mustStayHere(site: Site, owner: Browser, step: number): Promise<void> {
  const { email, password } = ada;
  const requests: [since: number, method: string, path: string, body?: unknown][] = [
    [1, "GET", "/visits"],
    [4, "GET", "/me"],
    [5, "POST", "/auth/logout"],
    [3, "POST", "/auth/login", { email, password }],
  ];
  // Without a scheme, an address is one of another host all the same.
  const elsewhere = ["https://elsewhere.example/login", "//elsewhere.example/login"];
  for (const [[since, method, path, body], where] of requests.flatMap((request) =>
    elsewhere.map((where) => [request, where] as const),
  )) {
    if (step < since) continue;
    const address = plant(site.app, where);
    const answer = await owner.begin(method, path, body).answer.finally(() => address.remove());
    const location = String(answer.headers.location ?? "");
    must(
      !location.includes("elsewhere.example"),
      `${answer.route} sends people to whichever address stands in ${namesOf(address).join(" or ")}.`,
      [answer, `Location: ${location}`],
      "Whoever sends a link to your site then leads your users to a page that looks like yours, and asks for their password (open redirect). Where to go next is for the page to know that sent the request.",
    );
  }
}

/** What is read as a script, every page may load. */
async function mustStayJson(site: Site, owner: Browser, path: string): Promise<void> {
  const script = plant(site.app, "show");
  const padded = await owner.get(path).finally(() => script.remove());
  must(
    !padded.succeeded || padded.body !== undefined,
    `asked with ${namesOf(script).join(" or ")}, ${path} answers with a script instead of JSON.`,
    padded,
    "Any page may load a script from your site, with the cookie of its reader, and gets the answer handed to its own function (JSONP). JSON stays unreadable to other sites.",
  );
}

async function saidBesideTheCookie({ open, step }: WorldGoal): Promise<void> {
  const site = await open();
  const { owner, header, value, id } = await ownSession(site, step);
  const opening =
    (await openedBesideTheCookie(
      site,
      {
        "Ada's id": ada.id,
        "Ada's email": ada.email,
        "the id of Ada's session": id,
        "the value of Ada's cookie": decodeURIComponent(value),
      },
      (answer) => answer.succeeded,
    )) ??
    (await openedBesideTheCookie(
      site,
      { "Grace's id": grace.id, "Grace's email": grace.email },
      (answer) => answer.data.email === grace.email,
      header,
    ));
  must(
    !opening,
    `${opening?.what} in ${opening?.where} opens /me.`,
    opening?.evidence,
    "Who is asking comes from the session alone, and only the signed cookie opens a session. Addresses, headers and other cookies are written by whoever asks, and addresses end up in logs and in the browser's history.",
  );

  await mustStayJson(site, owner, "/me");

  const planted = plant(site.app, grace.id);
  const whom = { id: grace.id, userId: grace.id, user: { id: grace.id } };
  const others = { email: "ada@elsewhere.example", role: "admin", passwordHash: "none" };
  const before = await site.db.users.findById(ada.id);
  const rename = await owner
    .patch("/me", { displayName: "Augusta Ada", ...whom, ...others })
    .finally(() => planted.remove());
  const other = await site.db.users.findById(grace.id);
  must(
    other?.displayName === grace.displayName,
    "PATCH /me renames somebody else.",
    [
      rename,
      ...namesOf(planted).map((name) => `${name} = Grace's id`),
      `Grace is now called ${JSON.stringify(other?.displayName)}`,
    ],
    "Whom to change comes from the session alone. Everything in the body or the address was chosen by whoever sent it.",
  );
  const after = await site.db.users.findById(ada.id);
  const changed = Object.entries(before ?? {})
    .filter(
      ([field, value]) => field !== "displayName" && Reflect.get(after ?? {}, field) !== value,
    )
    .map(([field]) => field);
  must(
    changed.length === 0,
    `PATCH /me changes more than the name: ${changed.join(", ")}.`,
    [rename, `role in the database: ${before?.role} → ${after?.role}`],
    "Whatever the body carries beside `displayName` was put there by somebody who is curious. A schema of `z.object` drops it, `z.looseObject` does not: update what it let through, and not `req.body`.",
  );

  if (step < 5) return;
  const naming = plant(site.app, id);
  const logout = await site
    .browser()
    .post("/auth/logout", { id, sid: id, sessionId: id, sessionID: id })
    .finally(() => naming.remove());
  const still = await owner.get("/me");
  must(
    still.status === 200,
    "anybody can log out somebody else, by naming the session.",
    [...namesOf(naming).map((name) => `with ${name} = the id of the session`), logout, still],
    "Which session ends comes from the cookie alone. Body, address and headers are written by whoever asks.",
  );
}

async function links({ open, step }: WorldGoal): Promise<void> {
  const site = await open();
  const { owner } = await ownSession(site, step);
  const planted = plant(site.app, "POST");
  const disguised = await owner.get("/auth/logout").finally(() => planted.remove());
  const afterwards = await owner.get("/me");
  const where = namesOf(planted).join(" or ");
  must(
    afterwards.status === 200,
    `GET /auth/logout logs out when ${where} says POST.`,
    [`with ${where} = POST`, disguised, afterwards],
    "A link, an image or a redirect on another site can say so too. The method of a request is the one that it was sent with.",
  );
  for (const path of getRoutesOf(site.app)) {
    if (["/health", "/visits", "/me"].includes(path)) continue;
    const link = await owner.get(path);
    const still = await owner.get("/me");
    must(
      still.status === 200,
      `GET ${path} logs out.`,
      [link, still],
      "Browsers and mail programs follow links on their own, and an image on any page sends a GET. What changes something is a POST.",
    );
  }
  if (step >= 7) await administratorsLinks(site);
}

/** An administrator's click can do more harm than anybody's. */
async function administratorsLinks(site: Site): Promise<void> {
  const administrator = site.browser();
  await administrator.logIn(grace);
  const link = await administrator.get(`/admin/users/${ada.id}/ban`);
  const user = await site.db.users.findById(ada.id);
  must(
    !user?.banned,
    `${link.route} bans when an administrator follows a link.`,
    link,
    "Any page or mail can hold that link, and the browser of whoever follows it sends the cookie along. What changes something is a POST.",
  );
}
