import { vi } from "vitest";
import { seededUsers } from "../../shared/app/database.ts";
import { startingRedis } from "../../shared/testing/commands.ts";
import { forge } from "../../shared/testing/cookies.ts";
import { goalsFor } from "../../shared/testing/goals.ts";
import { containsHash } from "../../shared/testing/hashes.ts";
import { loggedIn, withProfile } from "../../shared/testing/people.ts";
import { mustKnow } from "../../shared/testing/refused-logins.ts";
import { sessionKeyOf } from "../../shared/testing/session-keys.ts";
import { pause } from "../../shared/testing/time.ts";
import { tryOut } from "../../shared/testing/try-out.ts";
import { must, notJudged } from "../../shared/testing/verdict.ts";
import * as app from "./app.ts";

const goal = goalsFor(app);
tryOut(goal, 4);
const { ada, grace } = seededUsers;

goal("after login, /me answers with the profile", async ({ site, browser }) => {
  const login = await browser.post("/auth/login", { email: ada.email, password: ada.password });
  login.mustBe(
    200,
    "Nobody can log in any more.",
    "`POST /auth/login` is for people who are not logged in: a guard must not stand before it.",
  );
  const answer = await mustKnow(site, browser);
  if (/ada/i.test(answer.text)) answer.mustTell(["id", "email", "displayName"], 2);
  const { id, email, displayName } = answer.data;
  must(
    id === ada.id && email === ada.email && displayName === ada.displayName,
    id === undefined && email === undefined
      ? "/me answers without a profile: `req.user` is no user, or not one yet."
      : "/me does not answer with the profile of the person who asks.",
    answer,
    "The contract: 200 { data: { id, email, displayName } }. `req.user` is the user that `db.users.findById` resolves to: a Promise that nobody awaited, or an id, has none of these fields.",
    2,
  );
});

goal("two people at the same time get each their own profile", async ({ site }) => {
  const [first, second] = [await withProfile(site, ada), await withProfile(site, grace)];
  const reads = site.commands.hold("read");
  const exchanges = [first.begin("GET", "/me"), second.begin("GET", "/me")];
  for (let look = 0; look < 50 && reads.waiting < 2; look++) await pause(1);
  reads.release();
  const [adas, graces] = await Promise.all(exchanges.map(({ answer }) => answer));
  const swapped = adas?.data.email === grace.email || graces?.data.email === ada.email;
  must(
    adas?.data.email === ada.email && graces?.data.email === grace.email,
    swapped
      ? "Two people who ask at the same time get each other's profile."
      : "Of two people who ask at the same time, not both get a profile.",
    [adas ?? "", graces ?? ""],
    "A variable outside the handler is shared by all requests under way. Put the user on `req`.",
  );
});

goal("without a session, /me answers 401", async ({ site }) => {
  await withProfile(site, ada);
  const visitor = site.browser();
  (await visitor.get("/visits")).orNotJudged(200, "visits are not counted any more");
  for (const [who, browser] of [
    ["somebody who never logged in", site.browser()],
    ["a visitor with a session, who never logged in", visitor],
  ] as const) {
    const answer = await browser.get("/me");
    answer.mustBe(
      401,
      answer.succeeded ? `/me answers ${who}.` : `/me answers ${answer.status} to ${who}, not 401.`,
      "A session is not a login: a visitor who was counted has one too. Nobody in it means 401: `requireAuth` answers, and the handler behind it is not reached.",
      `for ${who}`,
    );
    answer.mustSay("not_authenticated");
  }
});

goal("a store that cannot be read is an error, not a stranger", async ({ site }) => {
  const browser = await withProfile(site, ada);
  site.commands.fail("read");
  const answer = await browser.get("/me");
  site.commands.releaseAll();
  must(
    answer.status >= 500,
    `When Redis cannot be read, /me answers ${answer.status} to somebody who is logged in.`,
    [answer, `GET → ${startingRedis}`],
    "Nobody knows who this is: that is an error of the server. A 401 would send people to log in again, who are logged in.",
  );
});

goal("a forged cookie answers 401", async ({ site }) => {
  const cookie =
    (await (await withProfile(site, ada)).sessionCookie()) ?? notJudged("there is no cookie");
  const [name = "", value = ""] = cookie.split("=");
  const [id = ""] = decodeURIComponent(value).slice(2).split(".");
  const attempts = {
    "a changed signature": forge(value),
    "no signature": `s%3A${id}`,
    "the bare id": id,
  };
  for (const [what, forged] of Object.entries(attempts)) {
    const answer = await site.browser().get("/me", { headers: { Cookie: `${name}=${forged}` } });
    answer.mustBe(
      401,
      answer.succeeded
        ? `A cookie with ${what} is let in.`
        : `A cookie with ${what} answers ${answer.status}, not 401.`,
      "That a cookie is there proves nothing: anybody can send one. express-session opens a session only when the signature is right; ask the session, not the cookie.",
      `at a cookie with ${what}`,
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
    const browser = await withProfile(site, ada);
    for (const key of await redis.keys()) if (!before.includes(key)) await end(key);
    const answer = await browser.get("/me");
    answer.mustBe(
      401,
      answer.succeeded
        ? `A cookie is let in although its session ${what}.`
        : `A cookie whose session ${what} answers ${answer.status}, not 401.`,
      "The session in Redis is the login. When it is gone, so is the right to be here, however well the cookie is signed.",
      `when the session ${what}`,
    );
  }
});

goal("a deleted user is out at once, and the session is gone", async ({ site, redis }) => {
  const browser = await withProfile(site, ada);
  const found = await sessionKeyOf(site, redis, () => browser.get("/me"));
  const key = found ?? notJudged("a login leaves no session in Redis");
  await site.db.users.remove(ada.id);
  const lookups = vi.spyOn(site.db.users, "findById");
  const answer = await browser.get("/me");
  answer.mustBe(
    401,
    answer.succeeded
      ? `A deleted user is still let in${lookups.mock.calls.length === 0 ? ": `db`, which createApp receives, is not asked" : ""}.`
      : `A deleted user is answered ${answer.status}, not 401.`,
    "The session remembers who logged in; only the database knows whether they still exist, and others change it, too: what a process remembers of a user goes stale. Look the user up on every request.",
    "for a deleted user",
  );
  answer.mustSay("not_authenticated");
  // The key may still be on its way out when the refusal is answered.
  await site.mustEndWith(answer);
  must(
    (await redis.read(key)) === undefined,
    "A deleted user is refused, but the session stays in Redis.",
    [answer, `${key} = ${await redis.read(key)}`],
    "It would work again, should the id ever be given out anew. `destroySession(req)` takes it out of Redis; `req.session = null` does not.",
  );
});

goal("a changed name shows on the next request", async ({ site }) => {
  const browser = await withProfile(site, ada);
  await site.db.users.update(ada.id, { displayName: "Countess of Lovelace" });
  const answer = await browser.get("/me");
  must(
    answer.data.displayName === "Countess of Lovelace",
    "/me answers with the name of yesterday.",
    answer,
    "A copy in the session, or in a variable, goes stale: today it is the name, tomorrow the role. Look the user up on every request.",
  );
});

goal("PATCH /me changes the display name and nothing else", async ({ site }) => {
  const browser = await loggedIn(site, ada);
  const update = vi.spyOn(site.db.users, "update");
  const answer = await browser.patch("/me", { displayName: "  Augusta Ada  " });
  const [[id, fields] = []] = update.mock.calls;
  answer.mustBe(
    200,
    `PATCH /me answers ${answer.status}, not 200${typeof id === "object" ? `: db.users.update is asked for ${JSON.stringify(id)}, which is no id` : ""}.`,
    "400 says that the schema refused { displayName }. `db.users.update(id, { displayName })` takes the id first, and resolves to undefined when nobody has that id.",
  );
  const after = await site.db.users.findById(ada.id);
  const parsed = JSON.stringify(site.watch.validBodies.get(answer.route));
  must(
    after?.displayName === "Augusta Ada",
    `PATCH /me ${after?.displayName === ada.displayName ? `does not store the new name${id === undefined ? ": nobody calls db.users.update" : typeof fields === "string" ? `: db.users.update is given ${JSON.stringify(fields)}, and not { displayName }` : ""}` : after?.displayName !== "  Augusta Ada  " ? `stores ${JSON.stringify(after?.displayName)}, and not the new name` : parsed?.includes('"Augusta Ada"') ? "stores the name as the client sent it, and not as the schema made it" : parsed ? "stores a name that the schema does not trim" : "stores the name as the client sent it: no `validate` stands before the handler"}.`,
    [answer, `displayName in the database: ${JSON.stringify(after?.displayName)}`],
    "A schema with `.trim()` makes `req.validBody`, an object with `displayName`: that is what `db.users.update` takes, after the id. `req.body` is still the client's, with every other field that it cared to send.",
  );
  must(
    answer.data.displayName === "Augusta Ada",
    `PATCH /me answers ${answer.data.displayName === undefined ? "without data.displayName" : "with another name than the one that it stored"}.`,
    answer,
    "`req.user` was looked up before the change. `db.users.update` resolves to the user as it is now: await it, and answer with that.",
  );
});

goal("a display name has 1 to 80 characters", async ({ site }) => {
  const browser = await loggedIn(site, ada);
  const rename = (displayName?: unknown) => browser.patch("/me", { displayName });
  (await rename("Ada")).orNotJudged(200, "PATCH /me does not work");
  const long = "x".repeat(81);
  const names = { empty: "", blank: "   ", "too long": long, "a number": 42, missing: undefined };
  for (const [what, name] of Object.entries(names)) {
    const answer = await rename(name);
    answer.mustBe(
      [400, 422],
      `PATCH /me answers ${answer.status}, not 400, to a name that is ${what}.`,
      "Trim first, then count: `validate` with a schema does both before your handler runs.",
    );
  }
  for (const [right, what] of [
    ["x".repeat(80), "is refused"],
    [`  ${"x".repeat(80)} `, "between blanks is refused: it is counted before it is trimmed"],
    ["é".repeat(80), "is refused when each takes two bytes"],
  ] as const) {
    const why = "Trim first, then count: letters, not bytes. é and 李 are letters, too.";
    (await rename(right)).mustBe(200, `A name of 80 letters ${what}.`, why);
  }
});

goal("a refused request is answered once, and its handler never runs", async ({ site }) => {
  const member = await loggedIn(site, ada);
  (await member.patch("/me", { displayName: "Ada" })).orNotJudged(200, "PATCH /me does not work");
  const update = vi.spyOn(site.db.users, "update");
  // Whoever is refused learns nothing about the form either.
  for (const body of [{ displayName: "Mallory" }, { displayName: "" }]) {
    const answer = await site.browser().patch("/me", body);
    answer.mustBe(
      401,
      `PATCH /me answers ${answer.status} to somebody who is not logged in, not 401.`,
      "Every route that is personal stands behind `requireAuth`: on the route itself, and before anything looks at the body.",
      "for somebody who is not logged in",
      3,
    );
    await site.commands.quiet();
    must(
      update.mock.calls.length === 0,
      "PATCH /me changes the database although the request is refused.",
      [answer, "then: db.users.update"],
      "The client sees a clean 401, and the work is done all the same. `requireAuth` stands on the route, before its handler. Answering does not end a function: return after it, and call `next()` only for those who may pass.",
    );
  }
});

goal("no password hash leaves the server", async ({ site }) => {
  const browser = await withProfile(site, ada);
  for (const answer of [
    await browser.get("/me"),
    await browser.patch("/me", { displayName: "A" }),
  ]) {
    must(
      !containsHash(answer.text + JSON.stringify(answer.headers)),
      `The answer to ${answer.route} contains a password hash.`,
      answer,
      "A hash can be guessed at offline. Name the fields that may leave, instead of answering with the whole user.",
      answer.request.method === "PATCH" ? 3 : undefined,
    );
  }
});
