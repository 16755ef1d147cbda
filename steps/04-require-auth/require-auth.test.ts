import { seededUsers } from "../../shared/app/database.ts";
import { forge } from "../../shared/testing/cookies.ts";
import type { Browser } from "../../shared/testing/browser.ts";
import { goalsFor } from "../../shared/testing/goals.ts";
import { containsHash } from "../../shared/testing/hashes.ts";
import { namesOf, openedBesideTheCookie, plant } from "../../shared/testing/planted.ts";
import { sessionKeyOf } from "../../shared/testing/session-keys.ts";
import type { Site } from "../../shared/testing/site.ts";
import { pause } from "../../shared/testing/time.ts";
import { tryOut } from "../../shared/testing/trials.ts";
import { must, notJudged } from "../../shared/testing/verdict.ts";
import * as app from "./app.ts";

const goal = goalsFor(app);
tryOut(goal, 4);
const { ada, alan, grace } = seededUsers;

goal("after login, /me answers with the profile", async ({ site }) => {
  for (const person of [ada, grace]) {
    const browser = site.browser();
    const login = await browser.post("/auth/login", {
      email: person.email,
      password: person.password,
    });
    login.mustBe(
      200,
      "Nobody can log in any more.",
      "`POST /auth/login` is for people who are not logged in: a guard must not stand before it.",
    );
    const answer = await browser.get("/me");
    answer.mustBe(
      200,
      "/me refuses somebody who is logged in.",
      "`requireAuth` finds the id in `req.session` under the name that the login stored it, looks the user up, waits for the result, and calls `next()`.",
      "/me crashes for somebody who is logged in: the handler finds no user in `req.user`.",
    );
    must(
      Object.keys(answer.data).length > 0,
      "/me answers with an empty profile: `req.user` is no user, or not one yet.",
      answer,
      "`db.users.findById` returns a Promise, and a Promise has none of a user's fields: await it.",
    );
    const user = await site.db.users.findByEmail(person.email);
    const { id, email, displayName } = answer.data;
    must(
      id === user?.id && email === user?.email && displayName === user?.displayName,
      "/me does not answer with the profile of the person who asks.",
      answer,
      "The contract: 200 { data: { id, email, displayName } }.",
    );
    const planted = plant(site.app, "show");
    const script = await browser.get("/me").finally(() => planted.remove());
    must(
      !script.succeeded || script.body !== undefined,
      `Asked with ?${[...planted.query].join(" or ?")}, /me answers with a script instead of JSON.`,
      script,
      "Any page may load a script from your site, with the cookie of its reader, and gets the profile handed to its own function (JSONP). JSON stays unreadable to other sites.",
    );
  }
});

goal("two people at the same time get each their own profile", async ({ site }) => {
  const [first, second] = [await profileOf(site), await profileOf(site, grace)];
  for (let pair = 0; pair < 3; pair++) {
    // Both wait for their sessions, which then arrive together.
    const reads = site.commands.hold("read");
    const exchanges = [first.begin("GET", "/me"), second.begin("GET", "/me")];
    for (let look = 0; look < 50 && reads.waiting < 2; look++) await pause(1);
    reads.release();
    const [adas, graces] = await Promise.all(exchanges.map(({ answer }) => answer));
    must(
      adas?.data.email === ada.email && graces?.data.email === grace.email,
      "Two people who ask at the same time get each other's profile.",
      [adas ?? "", graces ?? ""],
      "A variable outside the handler is shared by all requests under way. Put the user on `req`.",
    );
  }

  const opening = await openedBesideTheCookie(
    site,
    { "Grace's id": grace.id, "Grace's email": grace.email },
    (answer) => answer.data.email === grace.email,
    await first.cookieHeader(),
  );
  must(
    !opening,
    `Ada gets Grace's profile with ${opening?.what} in ${opening?.where}.`,
    opening?.evidence,
    "Whose profile this is comes from the session alone. Addresses, headers and other cookies are written by whoever asks.",
  );
});

goal("without a session, /me answers 401", async ({ site }) => {
  const member = await profileOf(site);
  const answer = await site.browser().get("/me");
  answer.mustBe(
    401,
    answer.succeeded
      ? "/me answers somebody who never logged in."
      : `/me answers ${answer.status} without a session, not 401.`,
    "Nobody in the session means 401: `requireAuth` answers, and the handler behind it is not reached.",
    "/me crashes for somebody who never logged in: nothing stops them before the handler.",
  );
  must(
    answer.errorCode === "not_authenticated",
    "The refusal does not carry the code of the contract, not_authenticated.",
    answer,
    'The contract: 401 { error: { code: "not_authenticated" } }. People read a status, programs decide by the code.',
  );
  const visitor = site.browser();
  (await visitor.get("/visits")).orNotJudged(200, "visits are not counted any more");
  const anonymous = await visitor.get("/me");
  anonymous.mustBe(
    401,
    anonymous.succeeded
      ? "/me answers a visitor with a session, who never logged in."
      : `/me answers ${anonymous.status} to a visitor who never logged in, not 401.`,
    "A session is not a login: a visitor who was counted has one too. What counts is whose id stands in it.",
    "/me crashes for a visitor with a session, who never logged in: nothing stops them before the handler.",
  );

  const [, cookieValue = ""] = ((await member.sessionCookie()) ?? "").split("=");
  const opening = await openedBesideTheCookie(
    site,
    {
      "Ada's id": ada.id,
      "Ada's email": ada.email,
      "the id of Ada's session": (await member.sessionId()) ?? "",
      "the value of Ada's cookie": decodeURIComponent(cookieValue),
    },
    (each) => each.succeeded,
  );
  must(
    !opening,
    `Without a session cookie, ${opening?.what} in ${opening?.where} opens /me.`,
    opening?.evidence,
    "Anybody can write a header or an address, and addresses end up in logs and in the browser's history. Only the signed cookie opens a session, and only the session says who is asking.",
  );
});

goal("a store that cannot be read is an error, not a stranger", async ({ site }) => {
  const browser = await profileOf(site);
  site.commands.fail("read");
  const answer = await browser.get("/me");
  site.commands.releaseAll();
  must(
    answer.status >= 500,
    `When Redis cannot be read, /me answers ${answer.status} to somebody who is logged in.`,
    [answer, "GET → OOM command not allowed when used memory > 'maxmemory'."],
    "Nobody knows who this is: that is an error of the server. A 401 would send people to log in again, who are logged in.",
  );
});

goal("a forged cookie answers 401", async ({ site }) => {
  const browser = await profileOf(site);
  const [name = "", value = ""] = (
    (await browser.sessionCookie()) ?? notJudged("nobody has a session cookie")
  ).split("=");
  const id = decodeURIComponent(value).slice(2).split(".")[0] ?? "";
  const attempts = {
    "a changed signature": forge(value),
    "no signature": `s%3A${id}`,
    "the bare id": id,
    "anything at all": "1",
  };
  for (const [what, forged] of Object.entries(attempts)) {
    const answer = await site.browser().get("/me", { headers: { Cookie: `${name}=${forged}` } });
    answer.mustBe(
      401,
      answer.succeeded
        ? `A cookie with ${what} is let in.`
        : `A cookie with ${what} answers ${answer.status}, not 401.`,
      "That a cookie is there proves nothing: anybody can send one. express-session opens a session only when the signature is right; ask the session, not the cookie.",
      `A cookie with ${what} gets past the guard, and /me crashes.`,
    );
  }
});

goal("an unknown or expired session answers 401", async ({ site, redis }) => {
  const endings = {
    "was deleted": (key: string) => redis.remove(key),
    "has expired": (key: string) => redis.expire(key),
  };
  for (const [what, end] of Object.entries(endings)) {
    const before = await redis.keys();
    const browser = await profileOf(site);
    for (const key of await redis.keys()) if (!before.includes(key)) await end(key);
    const answer = await browser.get("/me");
    answer.mustBe(
      401,
      answer.succeeded
        ? `A cookie is let in although its session ${what}.`
        : `A cookie whose session ${what} answers ${answer.status}, not 401.`,
      "The session in Redis is the login. When it is gone, so is the right to be here, however well the cookie is signed.",
      `A cookie whose session ${what} gets past the guard, and /me crashes.`,
    );
  }
});

goal("a deleted user is out at once, and the session is gone", async ({ site, redis }) => {
  const browser = await profileOf(site);
  const key =
    (await sessionKeyOf(site, redis, () => browser.get("/me"))) ??
    notJudged("a login leaves no session in Redis");
  const user = (await site.db.users.findByEmail(ada.email)) ?? notJudged("Ada is missing");
  await site.db.users.remove(user.id);
  const answer = await browser.get("/me");
  answer.mustBe(
    401,
    answer.succeeded
      ? "A deleted user is still let in."
      : `A deleted user answers ${answer.status}, not 401.`,
    "The session remembers who logged in; only the database knows whether they still exist. Look the user up on every request.",
    "A deleted user gets past the guard, and /me crashes.",
  );
  const stranger = await site.browser().get("/me");
  must(
    answer.errorCode === stranger.errorCode,
    `A deleted user is refused in other words than a stranger: ${answer.errorCode}.`,
    [stranger, answer],
    'The contract knows one refusal, 401 { error: { code: "not_authenticated" } }. What became of an account is not for whoever holds an old cookie.',
  );
  // The key may still be on its way out when the refusal is answered.
  for (let look = 0; look < 20 && (await redis.read(key)) !== undefined; look++) await pause(5);
  must(
    (await redis.read(key)) === undefined,
    "A deleted user is refused, but the session stays in Redis.",
    [answer, `${key} = ${await redis.read(key)}`],
    "It would be checked again and again until it expires, and work again should the id ever be given out anew. Destroy it.",
  );

  // A database that fails is no reason to log anybody out.
  const unlucky = await profileOf(site, alan);
  const { findById } = site.db.users;
  site.db.users.findById = () => Promise.reject(new Error("the database is away"));
  const during = await unlucky.get("/me");
  site.db.users.findById = findById;
  const afterwards = await unlucky.get("/me");
  must(
    during.status >= 500 && afterwards.status === 200,
    "A database that fails for a moment logs people out.",
    [during, afterwards],
    "Not found and not answered are two things: an error belongs to the error handler, and the session stays.",
  );

  // Whoever does not wait for the end of the session never hears that Redis refused it: the error
  // escapes, which this goal cannot survive.
  const other = await profileOf(site, grace);
  await site.db.users.remove(grace.id);
  site.commands.fail("delete");
  const refusal = await other.get("/me");
  site.commands.releaseAll();
  must(
    !refusal.succeeded,
    "A deleted user is let in when the session cannot be ended.",
    refusal,
    "401 or 500, but never the profile.",
  );
});

goal("a changed name shows on the next request", async ({ site }) => {
  const browser = await profileOf(site);
  const user = (await site.db.users.findByEmail(ada.email)) ?? notJudged("Ada is missing");
  await site.db.users.update(user.id, { displayName: "Countess of Lovelace" });
  const answer = await browser.get("/me");
  must(
    answer.data.displayName === "Countess of Lovelace",
    "/me answers with the name of yesterday.",
    answer,
    "A copy in the session, or in a variable, goes stale: today it is the name, tomorrow the role. Look the user up on every request.",
  );
  must(
    !answer.mayBeKept,
    "Browsers and proxies may keep the profile, and show it later: /me is not sent with no-store.",
    [answer, `Cache-Control: ${answer.caching}`],
    "What is kept on the way shows yesterday's name, and shows it to the next person at this computer as well, after logging out. What is personal is not stored: Cache-Control: no-store.",
  );
});

goal("PATCH /me changes the display name and nothing else", async ({ site }) => {
  const browser = await loggedIn(site);
  const before = await site.db.users.findByEmail(ada.email);
  const planted = plant(site.app, grace.id);
  if ((await browser.get("/me")).data.email === grace.email) {
    notJudged("/me answers with somebody else's profile");
  }
  const whom = { id: grace.id, userId: grace.id, user: { id: grace.id } };
  const answer = await browser.patch("/me", {
    displayName: "  Augusta Ada  ",
    ...whom,
    email: grace.email,
    role: "admin",
    passwordHash: "none",
  });
  planted.remove();
  // A schema may also refuse fields that it does not know, and a guard a token that is none.
  const change =
    answer.status === 200 ? answer : await browser.patch("/me", { displayName: "  Augusta Ada  " });
  change.mustBe(
    200,
    `PATCH /me answers ${change.status}, not 200.`,
    "The contract: 200 with the profile, as GET /me has it.",
    "PATCH /me crashes for somebody who is logged in: the handler finds no user in `req.user`, or no body in `req.validBody`.",
  );
  const other = await site.db.users.findById(grace.id);
  must(
    other?.displayName === grace.displayName,
    "PATCH /me renamed somebody else.",
    [
      change,
      ...namesOf(planted).map((name) => `${name} = Grace's id`),
      `Grace is now called ${JSON.stringify(other?.displayName)}`,
    ],
    "Whom to change comes from the session alone. Everything in the body or the address was chosen by whoever sent it.",
  );
  const after = before && (await site.db.users.findById(before.id));
  const others = (user: object) => JSON.stringify({ ...user, displayName: "" });
  must(
    before && after && others(after) === others(before),
    "A profile change can change more than the name.",
    [answer, `role in the database: ${before?.role} → ${after?.role}`],
    "Whatever the body carries beside `displayName` was put there by somebody who is curious. Update what the schema let through, not `req.body`.",
  );
  const stored = `displayName in the database: ${JSON.stringify(after.displayName)}`;
  must(
    after.displayName === "Augusta Ada",
    "PATCH /me does not store the trimmed name.",
    [change, stored],
    "The new name is trimmed by the schema and stored with `db.users.update`.",
  );
  must(
    change.data.displayName === "Augusta Ada",
    "PATCH /me does not answer with the new name.",
    [change, stored],
    "`req.user` was looked up before the change. `db.users.update` resolves to the user as it is now: await it, and answer with that.",
  );

  site.db.users.update = () => Promise.reject(new Error("the database is away"));
  const lost = await browser.patch("/me", { displayName: "Ada" });
  must(
    !lost.succeeded,
    `PATCH /me answers ${lost.status} although the name could not be stored.`,
    [lost, "db.users.update → Error: the database is away"],
    "Whoever answers before the change is stored promises what nobody knows yet. Await it: an error then reaches the error handler by itself.",
  );

  // Deleted between the guard's look and the change.
  site.db.users.update = () => Promise.resolve(undefined);
  const late = await browser.patch("/me", { displayName: "Ada" });
  must(
    !late.succeeded || late.data.email === ada.email,
    `PATCH /me answers ${late.status} without a profile to somebody who was deleted meanwhile.`,
    [late, "db.users.update → undefined: nobody has that id any more"],
    "A success says that the name was changed, and to what. Nothing was: whoever is gone is refused, as the guard does it.",
  );
  must(
    late.status !== 401 || late.errorCode === "not_authenticated",
    "The refusal of somebody who was deleted meanwhile does not carry the code not_authenticated.",
    late,
    'The contract knows one 401 here: { error: { code: "not_authenticated" } }.',
  );
});

goal("a display name has 1 to 80 characters", async ({ site }) => {
  const browser = await loggedIn(site);
  (await browser.patch("/me", { displayName: "x".repeat(80) })).orNotJudged(
    200,
    "a name of 80 characters is not accepted",
  );
  const bodies = {
    "an empty name": { displayName: "" },
    "a name of blanks": { displayName: "   " },
    "81 characters": { displayName: "x".repeat(81) },
    "a number": { displayName: 42 },
    "no name": {},
  };
  for (const [what, body] of Object.entries(bodies)) {
    const answer = await browser.patch("/me", body);
    answer.mustBe(
      [400, 422],
      `PATCH /me answers ${answer.status} to ${what}, not 400.`,
      "Trim first, then count: `validate` with a schema does both before your handler runs.",
    );
    must(
      answer.status !== 400 || answer.errorCode === "invalid_body",
      "The refusal of a bad body does not carry the code of the contract, invalid_body.",
      answer,
      'The contract: 400 { error: { code: "invalid_body" } }, which `validate` sends.',
    );
  }
  (await browser.patch("/me", { displayName: `  ${"é".repeat(80)} ` })).mustBe(
    200,
    "80 characters with blanks around them are refused.",
    "Trim first, then count: characters, not bytes.",
  );
});

goal("a refused request is answered once, and its handler never runs", async ({ site }) => {
  const member = await loggedIn(site);
  (await member.patch("/me", { displayName: "Ada L." })).orNotJudged(
    200,
    "PATCH /me does not work yet",
  );
  await member.get("/me");

  const deleted = await loggedIn(site, grace);
  const graceUser = (await site.db.users.findByEmail(grace.email)) ?? notJudged("Grace is missing");
  await site.db.users.remove(graceUser.id);

  const writes: string[] = [];
  const { update } = site.db.users;
  site.db.users.update = (id, changes) => {
    writes.push(`db.users.update(${JSON.stringify(id)}, ${JSON.stringify(changes)})`);
    return update(id, changes);
  };
  const visitors = { "somebody who is not logged in": site.browser(), "a deleted user": deleted };
  for (const [who, browser] of Object.entries(visitors)) {
    for (const [method, path, body] of [
      ["PATCH", "/me", { displayName: "Mallory" }],
      // Whoever is refused learns nothing about the form either.
      ["PATCH", "/me", { displayName: "" }],
      ["GET", "/me"],
      // Express takes these for the same route, and answers HEAD with the handler of GET.
      ["GET", "/me/"],
      ["GET", "/ME"],
      ["HEAD", "/me"],
    ] as const) {
      const errorsBefore = site.errors.length;
      const answer = await browser.begin(method, path, body).answer;
      const plain = method !== "HEAD" && path === "/me";
      answer.mustBe(
        plain ? 401 : [401, 404, 405],
        answer.succeeded
          ? `${answer.route} lets ${who} in.`
          : `${answer.route} answers ${answer.status} to ${who}, not 401.`,
        "Every route that is personal stands behind `requireAuth`: on the route itself, however its address is written, and before anything looks at the body.",
        `${answer.route} crashes for ${who}: nothing stops them before the handler.`,
      );
      // A handler that goes on does so in later turns of the event loop.
      await site.commands.quiet();
      const escaped = site.errors.slice(errorsBefore).map((error) => `then: ${error.message}`);
      must(
        writes.length === 0 && escaped.length === 0,
        `The handler behind requireAuth ran although ${who} was refused.`,
        [answer, ...writes.map((write) => `then: ${write}`), ...escaped],
        "The client sees a clean 401, and the work is done all the same. Answering does not end a function: return after it, and call `next()` only for those who may pass.",
      );
    }
  }
});

goal("no password hash leaves the server", async ({ site, redis }) => {
  const browser = await profileOf(site);
  const answers = [await browser.get("/me"), await browser.patch("/me", { displayName: "Ada" })];
  for (const answer of answers) {
    must(
      !containsHash(answer.text + JSON.stringify(answer.headers)),
      `The answer to ${answer.route} contains a password hash.`,
      answer,
      "A hash can be guessed at offline. Name the fields that may leave, instead of answering with the whole user.",
    );
  }
  const admin = await profileOf(site, grace);
  for (const answer of [
    await admin.get("/me"),
    await admin.patch("/me", { displayName: "Grace" }),
  ]) {
    must(
      !answer.text.includes('"role"'),
      `The answer to ${answer.route} tells the role, which the contract does not name.`,
      answer,
      "The contract: { id, email, displayName }. What leaves unnoticed today is a role, which tells a thief whose cookie is worth most; the next column may be a secret.",
    );
  }
  for (const [key, value] of await redis.contents()) {
    must(
      !containsHash(value),
      "A password hash is stored in the session.",
      `${key} = ${value}`,
      "`req.user` lives as long as the request. Nothing of it belongs into `req.session`.",
    );
  }
});

/** A browser that is logged in, or the end of the goal as not judged. */
async function loggedIn(
  site: Site,
  person: { email: string; password: string } = ada,
): Promise<Browser> {
  const browser = site.browser();
  await browser.logIn(person);
  return browser;
}

/** A browser that is logged in and gets its profile, or the end of the goal as not judged. */
async function profileOf(
  site: Site,
  person: { email: string; password: string } = ada,
): Promise<Browser> {
  const browser = await loggedIn(site, person);
  (await browser.get("/me")).orNotJudged(200, "/me does not answer those who are logged in");
  return browser;
}
