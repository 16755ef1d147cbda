import bcrypt from "bcrypt";
import { createDatabase, seededUsers } from "../../shared/app/database.ts";
import type { Answer } from "../../shared/testing/answer.ts";
import type { Browser, Exchange } from "../../shared/testing/browser.ts";
import { goalsFor } from "../../shared/testing/goals.ts";
import { containsHash, hashingDuring } from "../../shared/testing/hashes.ts";
import { sessionKeyOf } from "../../shared/testing/session-keys.ts";
import type { Site } from "../../shared/testing/site.ts";
import { printedDuring } from "../../shared/testing/output.ts";
import { pause } from "../../shared/testing/time.ts";
import { tryOut } from "../../shared/testing/trials.ts";
import { must, notJudged } from "../../shared/testing/verdict.ts";
import * as app from "./app.ts";

const goal = goalsFor(app);
tryOut(goal, 3);
const { ada, grace } = seededUsers;
const route = "/auth/login";

goal("the right password logs in", async ({ site, redis }) => {
  for (const person of [ada, grace]) {
    const browser = site.browser();
    const before = await redis.keys();
    const answer = await browser.post(route, { email: person.email, password: person.password });
    must(
      answer.status !== 400,
      "The right password is refused, before the handler sees it.",
      answer,
      "400 says that the schema refused the body. What is given to `refine` returns true for what it accepts; with braces around its body, it needs a `return`.",
      1,
    );
    answer.mustBe(
      200,
      "The right password is refused.",
      "Compare the password with the hash of the user whose email it is. A `return` inside a callback of `bcrypt.compare` leaves the callback, not your handler.",
    );
    const user = await site.db.users.findByEmail(person.email);
    must(
      answer.data.id === user?.id && answer.data.email === person.email,
      "The answer to a login does not say who logged in.",
      answer,
      "The contract: 200 { data: { id, email } }.",
    );
    must(
      await browser.sessionCookie(),
      "A login sets no session cookie.",
      answer,
      "Without a cookie the next request is anonymous again. express-session sends one when the session holds something.",
    );
    must(
      !answer.mayBeKept,
      "A cache may keep the answer to a login.",
      [answer, `Cache-Control: ${answer.caching}`],
      "What is personal says `Cache-Control: no-store`.",
    );
    const added = [...(await redis.contents())].filter(([key]) => !before.includes(key));
    // A value that cannot be read may be sealed: then step 4 will tell.
    must(
      added.some(([, value]) => user && (value.includes(user.id) || !isReadable(value))),
      "After a login, no session in Redis knows who logged in.",
      [answer, ...added.map(([key, value]) => `${key} = ${value}`)],
      "The session is what the server remembers: put the user's id into `req.session`.",
    );
  }
});

goal("a wrong password answers 401", async ({ site }) => {
  await loggedIn(site);
  const errorsBefore = site.errors.length;
  const wrong = await site
    .browser()
    .post(route, { email: ada.email, password: "not her password" });
  const loggedInAnyway = wrong.succeeded && (wrong.setCookies.length > 0 || "id" in wrong.data);
  wrong.mustBe(
    401,
    loggedInAnyway
      ? "A wrong password logged in."
      : `A wrong password answers ${wrong.status}, not 401.`,
    loggedInAnyway
      ? "`bcrypt.compare` returns a Promise, and a Promise is always truthy: what it resolves to is the verdict."
      : "401 says: I do not know you. The form was right, so it is not a 400, and nobody is in, so it is not a 200.",
  );
  must(
    wrong.errorCode === "invalid_credentials",
    "The refusal does not carry the code of the contract, invalid_credentials.",
    wrong,
    "Clients tell refusals apart by their code: { error: { code } }.",
  );
  await site.commands.quiet();
  const [afterwards] = site.errors.slice(errorsBefore);
  must(
    !afterwards,
    `The handler goes on after it answered 401: ${afterwards?.message}.`,
    wrong,
    "Answering does not end a function. Return after the refusal, or the rest of the login is done all the same.",
  );
  const nearMisses = {
    "somebody else's password": grace.password,
    "the password in capitals": ada.password.toUpperCase(),
    "the password with a blank at its end": `${ada.password} `,
    "the start of the password": ada.password.slice(0, -1),
    "an empty password": "",
    "the hash itself": (await site.db.users.findByEmail(ada.email))?.passwordHash ?? "",
  };
  const answers = Object.entries(nearMisses).map(
    ([what, password]) =>
      [what, site.browser().post(route, { email: ada.email, password })] as const,
  );
  for (const [what, sent] of answers) {
    const answer = await sent;
    answer.mustBe(
      [401, 400],
      answer.succeeded
        ? `A wrong password logged in: ${what}.`
        : "A wrong password does not answer 401.",
      "A password is compared exactly as it was typed, through `bcrypt.compare`, with the hash of that user.",
    );
  }
  await bothAtOnce(site);

  const passwordHash = await bcrypt.hash("a newer engine", site.db.bcryptCost);
  // Of somebody who has not mistyped yet: after some failures, an app may well answer 429.
  await site.db.users.update(grace.id, { passwordHash });
  const outdated = await site.browser().post(route, credentials(grace));
  outdated.mustBe(
    401,
    outdated.succeeded
      ? "After a change of the password, the old one still logs in."
      : "A password that was changed does not answer 401.",
    "The database knows the password; what a process remembers of it goes stale. Compare with the hash that is stored now.",
  );
});

goal("a body that is no login answers 400", async ({ site }) => {
  await loggedIn(site);
  const browser = site.browser();
  const bodies: Record<string, () => Promise<Answer>> = {
    "no body": () => browser.post(route),
    "no password": () => browser.post(route, { email: ada.email }),
    "no email": () => browser.post(route, { password: ada.password }),
    null: () => browser.post(route, null),
    "a list": () => browser.post(route, [ada.email, ada.password]),
    "an email that is none": () => browser.post(route, { email: "ada", password: ada.password }),
    "an object as email": () =>
      browser.post(route, { email: { $ne: null }, password: ada.password }),
    "a list as password": () => browser.post(route, { email: ada.email, password: [ada.password] }),
    "a number as password": () => browser.post(route, { email: ada.email, password: 42 }),
    "an object as password": () => browser.post(route, { email: ada.email, password: { $gt: "" } }),
    "text instead of JSON": () =>
      browser.post(route, undefined, { rawBody: "ada", contentType: "text/plain" }),
    "a form": () =>
      browser.post(route, undefined, {
        rawBody: new URLSearchParams({ email: ada.email, password: ada.password }).toString(),
        contentType: "application/x-www-form-urlencoded",
      }),
    // What a form on another site can send without asking first.
    "JSON that says it is text": () =>
      browser.post(route, undefined, {
        rawBody: JSON.stringify(credentials(ada)),
        contentType: "text/plain",
      }),
    "half a JSON": () => browser.post(route, undefined, { rawBody: '{"email":' }),
  };
  for (const [what, send] of Object.entries(bodies)) {
    const answer = await send();
    const known = `A login with ${what}`;
    must(
      !answer.succeeded || what === "a form",
      `${known} logged in.`,
      answer,
      "Only two strings are a login.",
    );
    must(
      answer.status < 500,
      `${known} crashes the handler.`,
      answer,
      "Whatever arrives is somebody else's choice. Check its shape with zod before you use it: without a JSON body, `req.body` is undefined.",
    );
    must(
      [400, 415, 422].includes(answer.status) || what === "a form",
      `${known} answers ${answer.status}, not 400.`,
      answer,
      "401 means that the password was wrong. A body that is no login was never compared with anything.",
    );
  }
});

goal("an email may be typed with capitals and blanks", async ({ site }) => {
  await loggedIn(site);
  const answer = await site
    .browser()
    .post(route, { ...credentials(ada), email: " Ada@Example.com " });
  answer.mustBe(
    200,
    '" Ada@Example.com " is not recognised as ada@example.com.',
    answer.status === 401
      ? "Phones add capitals and blanks. The schema lets the email through, and the handler looks for it as it was typed. What `validate` made of the body is in `req.validBody`."
      : "Phones add capitals and blanks. The order matters: trim and lower the text first, then ask whether it is an email.",
  );
  must(
    answer.data.email === ada.email,
    "The answer to a login repeats the email as it was typed.",
    answer,
    "The contract says who logged in: { id, email } of the user who was found.",
  );
  const other = { email: "ada+work@example.com", password: "another engine" };
  const { id } = await site.db.users.add({ ...other, displayName: "Ada at work" });
  const atWork = await site.browser().post(route, other);
  must(
    atWork.status === 200 && atWork.data.id === id,
    "ada+work@example.com is taken for somebody else.",
    atWork,
    "Capitals and blanks are slips of the finger. Whatever else differs in an email is another address, and another account.",
  );
});

goal("an unknown email and a wrong password answer alike", async ({ site }) => {
  await loggedIn(site);
  const wrong = await site
    .browser()
    .post(route, { email: ada.email, password: "not her password" });
  wrong.orNotJudged(401, "a wrong password is not refused yet");
  const unknown = await site
    .browser()
    .post(route, { email: "nobody@example.com", password: "not her password" });
  const nobody = await site.browser().post(route, { email: "nobody@example.com", password: "" });
  must(
    !nobody.succeeded,
    "An unknown email logs in with an empty password.",
    nobody,
    "Whatever stands in for a user who was not found must never be able to log in.",
  );
  unknown.mustBe(
    401,
    `An unknown email answers ${unknown.status}, a wrong password 401.`,
    "Whoever can tell the two apart learns who has an account here.",
  );
  must(
    wrong.text === unknown.text,
    "The answer tells an unknown email from a wrong password.",
    [wrong, unknown],
    "Whoever can tell the two apart learns who has an account here: one message for both.",
  );
  const names = (answer: Answer) => Object.keys(answer.headers).toSorted().join(", ");
  must(
    names(wrong) === names(unknown),
    "The headers tell an unknown email from a wrong password.",
    [`wrong password: ${names(wrong)}`, `unknown email: ${names(unknown)}`],
    "Whoever can tell the two apart learns who has an account here.",
  );
});

goal("no password hash leaves the server", async ({ site, redis }) => {
  const browser = site.browser();
  const answer = await browser.logIn(ada);
  let failed = answer;
  const printed = await printedDuring(async () => {
    failed = await site.browser().post(route, { email: ada.email, password: "not her password" });
    await browser.post(route, credentials(ada));
    await browser.get("/visits");
  });
  must(
    !printed.some((line) => line.includes("not her password") || line.includes(ada.password)),
    "A login writes the typed password into the log.",
    printed,
    "Most wrong passwords are right ones with a slip of the finger, and logs are read by many.",
  );
  const cookie = decodeURIComponent((await browser.sessionCookie())?.split("=")[1] ?? "");
  must(
    !printed.some((line) => decodedOnce(line).includes(cookie)),
    "The log shows session cookies: whoever reads it can be anybody.",
    "POST /auth/login and GET /visits were logged, with the value of the cookie",
    "Logs are copied, searched and kept, and read by many. A cookie is as good as a password: method, path and status are enough.",
  );
  for (const each of [answer, failed]) {
    must(
      !each.text.includes(ada.password) && !each.text.includes("not her password"),
      "The answer to a login repeats the password.",
      each,
      "Answers are logged and cached on their way. Answer with the fields that the contract names.",
    );
    must(
      !containsHash(each.text + JSON.stringify(each.headers)),
      "The answer to a login contains a password hash.",
      each,
      "A hash can be guessed at offline, at billions of guesses a day. Answer with the fields that you name, never with the whole user.",
    );
  }
  for (const [key, value] of await redis.contents()) {
    must(
      !contains(value, ada.password),
      "The password is stored in the session, as it was typed.",
      `${key} = ${value}`,
      "Whoever reads Redis, a backup or a log of it logs in as her, here and wherever else she uses it.",
    );
    must(
      !containsHash(value),
      "A password hash is stored in the session.",
      `${key} = ${value}`,
      "Redis is no place for hashes: it is backed up, monitored and shared. The id is enough.",
    );
  }
});

goal("of the user, the session holds the id alone", async ({ site, redis }) => {
  const person = {
    email: "katherine@example.com",
    password: "trajectory analysis",
    displayName: "Katherine of the sessions",
    role: "admin",
  } as const;
  const user = await site.db.users.add(person);
  await loggedIn(site, person);
  const contents = [...(await redis.contents())];
  // Of a sealed session nothing can be read, which is as good.
  if (contents.length > 0 && contents.every(([, value]) => !isReadable(value))) return;
  const stored = contents.find(([, value]) => value.includes(user.id));
  if (!stored) notJudged("no session knows who logged in");
  const [key, value] = stored;
  for (const field of ["email", "displayName", "role", "passwordHash"] as const) {
    must(
      !value.includes(JSON.stringify(user[field])) &&
        !value.includes(user[field].length > 8 ? user[field] : "\0"),
      `The session keeps a copy of the user's ${field}.`,
      `${key} = ${value}`,
      "A copy goes stale: change the role, and the session still says what was true at login. Store the id, look the rest up.",
    );
  }
});

goal("the session id from before login is nobody afterwards", async ({ site, redis }) => {
  const [user, guest] = await Promise.all(
    [ada, grace].map(async ({ email }) => site.db.users.findByEmail(email)),
  );
  if (!user || !guest) notJudged("a seeded user is missing");
  await loggedIn(site);
  const attempts = {
    "an anonymous visit": (browser: Browser) => browser.get("/visits"),
    "a login of the attacker's own": (browser: Browser) => browser.post(route, credentials(grace)),
  };
  for (const [what, plant] of Object.entries(attempts)) {
    const browser = site.browser();
    const planting = await plant(browser);
    const plantedKey = await sessionKeyOf(site, redis, () => browser.get("/visits"));
    const planted = await browser.sessionCookie();
    const plantedId = await browser.sessionId();
    if (!planting.succeeded || !planted || !plantedId) {
      notJudged(`${what} gives no session that could be planted`);
    }
    const login = await browser.post(route, credentials(ada));
    login.orNotJudged(200, "somebody with a session cannot log in");
    const newId = (await browser.sessionId()) ?? "";
    const why =
      "An attacker who gets a victim to start with a session id of the attacker's choice owns the session that the victim logs in to (session fixation). A fresh id at every login, waited for before anything is stored, makes the old one worthless.";
    const cookies = [`planted, from ${what}: ${decodeURIComponent(planted).slice(0, 26)}…`, login];
    must(newId !== plantedId, "A login keeps the session id from before.", cookies, why);

    const newKey = await sessionKeyOf(site, redis, () => browser.get("/visits"));
    const [former, present] = await Promise.all(
      [plantedKey, newKey].map(async (key) => key && redis.read(key)),
    );
    const shown = [
      `before: ${plantedKey} = ${former ?? "gone"}`,
      `after:  ${newKey} = ${present ?? "gone"}`,
    ];
    must(
      !former?.includes(user.id),
      "The session id from before login is logged in as well.",
      [...cookies, ...shown],
      why,
    );
    must(
      present && (present.includes(user.id) || !isReadable(present)),
      "The new session id is not the one that is logged in.",
      [...cookies, ...shown],
      "Store the user after the fresh id is there: `regenerate` starts with an empty session.",
    );
    must(
      !former?.includes(guest.id),
      "Whoever was logged in before stays logged in, under the session id from before.",
      [...cookies, ...shown],
      "The browser has forgotten that id, Redis has not: no logout reaches the session any more, and a copy of the old cookie works until it expires. `regenerate` deletes the session that it replaces.",
    );

    const victims = [await browser.get("/visits")];
    const attackers = await site.browser().get("/visits", { headers: { Cookie: planted } });
    victims.push(await browser.get("/visits"));
    const [earlier, later] = victims.map(({ data }) => Number(data.visits));
    must(
      later === Number(earlier) + 1,
      "The session id from before login still leads into the session of the victim.",
      [...cookies, attackers, ...victims],
      why,
    );
  }
});

goal("a failed login stores nothing", async ({ site, browser, redis }) => {
  await browser.logIn(ada);
  const id = (await browser.sessionId()) ?? notJudged("a login sets no session cookie");
  const own =
    (await sessionKeyOf(site, redis, () => browser.get("/visits"))) ??
    notJudged("a login stores no session");
  const before = await redis.keys();
  // Counting failures elsewhere in Redis is no session.
  const prefix = own.slice(0, own.includes(id) ? own.indexOf(id) : own.lastIndexOf(":") + 1);
  for (const email of [ada.email, "nobody@example.com"]) {
    const failed = await site.browser().post(route, { email, password: "not her password" });
    failed.orNotJudged(401, "a failed login is not refused yet");
    const added = (await redis.keys()).filter(
      (key) => !before.includes(key) && key.startsWith(prefix),
    );
    must(
      failed.setCookies.length === 0 && added.length === 0,
      "A failed login leaves a session behind.",
      [failed, ...added.map((key) => `new key: ${key}`)],
      "Nothing is known about this visitor. A session per wrong guess fills Redis at the speed of whoever guesses.",
    );
  }
});

goal("an unknown email takes as long as a known one", async ({ open }) => {
  const cheap = await guessesAt(6);
  // A decoy that was written down has the cost that the server uses.
  const { known, unknown } = cheap.unknown > cheap.known ? await guessesAt(10) : cheap;
  must(
    unknown === known || (unknown > known / 2 && unknown < known * 2),
    `An unknown email is answered ${unknown < known ? "faster" : "slower"} than a known one.`,
    [
      `wrong password, known email:   ${known} iterations of bcrypt`,
      `wrong password, unknown email: ${unknown} iterations of bcrypt`,
    ],
    "Hashing takes nearly all of a login's time, so the clock tells who has an account here. Compare the password even when nobody was found, once: with a real hash, of the same cost, that matches no password.",
  );

  async function guessesAt(bcryptCost: number) {
    const site = await open({ db: await createDatabase({ bcryptCost, people: [ada] }) });
    await loggedIn(site);
    const guess = async (email: string) =>
      (await site.browser().post(route, { email, password: "not her password" })).orNotJudged(
        401,
        "a wrong password is not refused yet",
      );
    // Whatever is prepared at the first login is prepared now.
    await guess("somebody@example.com");
    const { iterations: known } = await hashingDuring(() => guess(ada.email));
    const { iterations: unknown } = await hashingDuring(() => guess("nobody@example.com"));
    return { known, unknown };
  }
});

goal("nobody logs in on the first 72 bytes of a password", async ({ site }) => {
  await loggedIn(site);
  const passwords = {
    "ASCII characters": "a".repeat(71) + "z",
    "characters of 3 bytes": "€".repeat(24),
  };
  for (const [what, password] of Object.entries(passwords)) {
    const email = `long-${password.length}@example.com`;
    await site.db.users.add({ email, password, displayName: "Long" });
    const right = await site.browser().post(route, { email, password });
    right.mustBe(
      200,
      `A password of exactly 72 bytes (${what}) is refused.`,
      "72 bytes are what bcrypt can take, so they have to be allowed.",
    );
    const longer = await site.browser().post(route, { email, password: `${password}X` });
    longer.mustBe(
      [400, 401, 413, 422],
      `Somebody logged in with the first 72 bytes of a password (${what}) and a letter more.`,
      "bcrypt silently ignores everything after 72 bytes. Refuse longer passwords, and count bytes: `string.length` and zod's `max` count characters.",
    );
  }
});

goal("the answer waits until the session is stored", async ({ site, browser, redis }) => {
  await loggedIn(site);
  const user = (await site.db.users.findByEmail(ada.email)) ?? notJudged("Ada is missing");
  const knowsAda = async () =>
    [...(await redis.contents())].filter(([, value]) => value.includes(user.id)).length;
  const before = await knowsAda();

  // Write by write: the answer may come when the one that stores the user has been let go.
  const writes = site.commands.hold("store");
  const login = browser.begin("POST", route, credentials(ada));
  await Promise.race([writes.reached, login.answer]);
  for (let write = 0; write < 5; write++) {
    await Promise.race([login.headers, pause(15)]);
    if (login.headersArrived) break;
    writes.releaseOne();
  }
  const whenAnswered = await knowsAda();
  writes.release();
  const answer = await login.answer;
  must(
    whenAnswered === (await knowsAda()) || whenAnswered > before,
    "The answer to a login leaves before the session is stored.",
    [answer, "SET was still on its way to Redis when the headers arrived"],
    "A browser acts on the headers: its next request can overtake the write, and is anonymous. Put the user into the session, save it, wait, then answer.",
  );
});

goal("a login that cannot be stored is an error", async ({ site, browser }) => {
  await loggedIn(site);
  site.commands.fail("store");
  const answer = await browser.post(route, credentials(ada));
  site.commands.releaseAll();
  must(
    answer.status >= 500,
    `A login answers ${answer.status} although Redis refused to store the session.`,
    [answer, "SET → OOM command not allowed when used memory > 'maxmemory'."],
    "The user is told that they are in, and the next request says that they are not. express-session saves after the answer, unless you save first and wait for it: an error then reaches the error handler.",
  );
});

goal("a login keeps nobody else waiting", async ({ site }) => {
  await loggedIn(site);
  for (const [who, email] of [
    ["a known email", ada.email],
    ["an unknown email", "nobody@example.com"],
  ]) {
    const { synchronous } = await hashingDuring(() =>
      site.browser().post(route, { email, password: "not her password" }),
    );
    must(
      synchronous.length === 0,
      "While somebody logs in, the whole server stands still.",
      `a login with ${who} calls ${synchronous.join(" and ")}`,
      "What ends in Sync blocks the only thread that answers requests, for as long as it takes. `bcrypt.compare` works on another one.",
    );
  }
});

/** Somebody's right password and a wrong one of Ada's, who may be the same, at the same time. */
async function bothAtOnce(site: Site): Promise<void> {
  const { users } = site.db;
  const { findByEmail } = users;
  for (const person of [grace, ada]) {
    // Neither goes on before the other has come as far, if it ever asks.
    let meet = () => {};
    const meeting = new Promise<void>((resolve) => (meet = resolve));
    let asking = 0;
    users.findByEmail = async (email) => {
      if (++asking === 2) meet();
      await Promise.race([meeting, pause(20)]);
      return findByEmail(email);
    };
    const [right, wrong] = [credentials(person), { ...credentials(ada), password: "guessed" }].map(
      (body) => site.browser().begin("POST", route, body),
    ) as [Exchange, Exchange];
    const [accepted, refused] = [await right.answer, await wrong.answer];
    users.findByEmail = findByEmail;
    must(
      !refused.succeeded && (!accepted.succeeded || accepted.data.email === person.email),
      "Two logins at the same time get mixed up.",
      [accepted, refused],
      "What is kept outside the handler is shared by all requests under way. What belongs to one request, its password and the verdict on it, stays in its handler, or on `req`.",
    );
  }
}

function credentials({ email, password }: { email: string; password: string }) {
  return { email, password };
}

/** Logs somebody in, or ends the goal as not judged. */
function loggedIn(site: Site, person: { email: string; password: string } = ada): Promise<Answer> {
  return site.browser().logIn(person);
}

/** Without the escapes of a cookie or an address, if it has any. */
function decodedOnce(text: string): string {
  return text.replaceAll(/%[0-9a-f]{2}/gi, (escape) =>
    String.fromCharCode(Number.parseInt(escape.slice(1), 16)),
  );
}

/** Whether a text contains a secret: as it is, or in an encoding that anybody can undo. */
function contains(text: string, secret: string): boolean {
  const words = text.match(/[\w+/=-]{8,}/g) ?? [];
  const decoded = words.flatMap((word) =>
    (["base64", "hex"] as const).map((encoding) => Buffer.from(word, encoding).toString()),
  );
  return [text, ...decoded].some((each) => each.includes(secret));
}

/** Whether a stored session is JSON, as connect-redis writes it, rather than sealed. */
function isReadable(value: string): boolean {
  try {
    return typeof JSON.parse(value) === "object";
  } catch {
    return false;
  }
}
