import { seededUsers } from "../../shared/app/database.ts";
import { guessByAnswer } from "../../shared/attacks/account-guessing.ts";
import { sessionFixation } from "../../shared/attacks/session-fixation.ts";
import { deletes, fullRedis, isOf } from "../../shared/testing/commands.ts";
import { sessionIdInHeader } from "../../shared/testing/cookies.ts";
import { goalsFor } from "../../shared/testing/goals.ts";
import { mustTakeAsLong } from "../../shared/testing/guessing.ts";
import { containsHash, hashingDuring } from "../../shared/testing/hashes.ts";
import { mustLetIn } from "../../shared/testing/refused-logins.ts";
import { knows, sessionKeyOf } from "../../shared/testing/session-keys.ts";
import { pause } from "../../shared/testing/time.ts";
import { playAt } from "../../shared/testing/stage.ts";
import { tryOut } from "../../shared/testing/try-out.ts";
import { must, notJudged } from "../../shared/testing/verdict.ts";
import * as app from "./app.ts";

const goal = goalsFor(app);
tryOut(goal, 3);
const { ada } = seededUsers;
const route = "/auth/login";
const right = { email: ada.email, password: ada.password };
const wrong = { email: ada.email, password: "not her password" };
const unknown = { email: "nobody@example.com", password: "not her password" };

goal("the right password logs in", async ({ site, browser, redis }) => {
  const answer = await browser.post(route, right);
  await mustLetIn(site, answer, right);
  must(
    answer.data.id === ada.id && answer.data.email === ada.email,
    "The answer to a login does not say who logged in.",
    answer,
    "The contract: 200 { data: { id, email } }.",
  );
  await browser.mustHaveSession(answer, "express-session sends one when it holds something.");
  const contents = [...(await redis.contents())];
  must(
    contents.some(([, value]) => knows(value, ada.id)),
    contents.length > 0
      ? "The session that a login stores does not hold the user's id."
      : "After a login, there is no session in Redis.",
    [answer, ...contents.map(([key, value]) => `${key} = ${value}`)],
    "The session is what the server remembers: put the user's id into `req.session`, once `regenerateSession` has begun an empty one. What was put there before is gone.",
    4,
  );
});

goal("a wrong password answers 401", async ({ site }) => {
  await site.browser().logIn(ada);
  const answer = await site.browser().post(route, wrong);
  answer.mustBe(
    401,
    answer.succeeded && answer.errorCode === undefined
      ? "A wrong password logged in."
      : `A wrong password answers ${answer.status}, not 401.`,
    answer.succeeded && answer.errorCode === undefined
      ? "No such user, or no match: either is enough to refuse. `bcrypt.compare` returns a Promise, and a Promise is always truthy: what it resolves to is the verdict."
      : "401 says: I do not know you. The form was right, so it is not a 400, and nobody is in, so it is not a 200.",
  );
  answer.mustSay("invalid_credentials");
  await site.mustEndWith(answer);
});

goal("a body that is no login answers 400", async ({ browser }) => {
  await browser.logIn(ada);
  const bodies = {
    "no body": undefined,
    "no password": { email: ada.email },
    "an email that is none": { email: "ada", password: ada.password },
    "an object as email": { email: { $ne: null }, password: ada.password },
    "a list as password": { email: ada.email, password: [ada.password] },
  };
  for (const [what, body] of Object.entries(bodies)) {
    const answer = await browser.post(route, body);
    answer.mustBe(
      [400, 415, 422],
      answer.succeeded
        ? `A login with ${what} logged in.`
        : `A login with ${what} answers ${answer.status}, not 400.`,
      "Whatever arrives is somebody else's choice: check its shape with zod before you use it. 401 means that the password was wrong; a body that is no login was never compared with anything.",
      `at a login with ${what}`,
    );
    if (answer.status === 400) answer.mustSay("invalid_body");
  }
});

goal("an email may be typed with capitals and blanks", async ({ site }) => {
  await site.browser().logIn(ada);
  const answer = await site.browser().post(route, { ...right, email: " Ada@Example.com " });
  const parsed = JSON.stringify(site.watch.validBodies.get(answer.route) ?? "");
  answer.mustBe(
    200,
    answer.status === 401
      ? `" Ada@Example.com " is not recognised: ${parsed.includes(`"${ada.email}"`) ? "`req.validBody` has it without capitals and blanks, and the handler looks for another" : parsed.includes(`"${ada.email}`) ? "its blanks are left" : parsed.includes('"Ada@Example.com"') ? "its capitals are left" : "it is looked for as it was typed"}.`
      : '" Ada@Example.com " is not recognised: it is not trimmed before the schema asks whether it is an email.',
    answer.status === 401
      ? "Phones add capitals and blanks. The schema takes them away; what `validate` made of the body is in `req.validBody`."
      : "Phones add capitals and blanks. The order matters: trim and lower the text first, then ask whether it is an email.",
  );
});

goal("an unknown email and a wrong password answer alike", async ({ site }) => {
  await site.browser().logIn(ada);
  const { worked, says, answers } = await playAt(site, guessByAnswer);
  const [known, stranger] = answers;
  known?.orNotJudged(401, "a wrong password is not refused yet");
  const why =
    "Whoever can tell the two apart learns who has an account here: one status, one message for both.";
  stranger?.mustBe(401, `An unknown email answers ${stranger.status}, a wrong password 401.`, why);
  must(
    !worked,
    "The answer tells an unknown email from a wrong password.",
    [...answers, says],
    why,
  );
});

goal("no password hash leaves the server", async ({ browser, redis }) => {
  const answer = await browser.logIn(ada);
  const shown = answer.text + JSON.stringify(answer.headers);
  const places = [["the answer to a login", shown], ...(await redis.contents())] as const;
  const [place] = places.find(([, text]) => containsHash(text)) ?? [];
  must(
    place === undefined,
    `A password hash stands in ${place}.`,
    answer,
    "A hash can be guessed at offline, where no limit of a login counts, and Redis is backed up, monitored and shared. Answer with the fields that you name, store the id, and never the whole user.",
  );
});

goal("of the user, the session holds the id alone", async ({ site, redis }) => {
  const user = seededUsers.grace;
  await site.browser().logIn(user);
  const contents = [...(await redis.contents())];
  // A sealed session knows as well: nothing of it can be read, which is as good.
  const [key, value] =
    contents.find((each) => knows(each[1], user.id)) ?? notJudged("no session knows who logged in");
  for (const field of ["email", "displayName", "role"] as const) {
    must(
      !value.includes(field === "role" ? `"${user.role}"` : user[field]),
      `The session keeps a copy of the user's ${field}.`,
      `${key} = ${value}`,
      "A copy goes stale: change the role, and the session still says what was true at login. Store the id, look the rest up.",
    );
  }
});

goal("the session id from before login is nobody afterwards", async ({ site, browser, redis }) => {
  await site.browser().logIn(ada);
  const { seen, answers } = await playAt(site, sessionFixation);
  const headers = { Cookie: seen.planted };
  const key = await sessionKeyOf(site, redis, () => browser.get("/visits", { headers }));
  const former = key && (await redis.read(key));
  const others = [...(await redis.contents())].filter(([name]) => name !== key);
  const isEnded = deletes(site.commands.sent, sessionIdInHeader(seen.planted) ?? "none");
  const inTheNewOne = others.filter(([, value]) => value.includes(ada.id)).length > 1;
  must(
    !seen.sameId && !former?.includes(ada.id),
    seen.sameId
      ? isEnded
        ? "A login is answered before its new session is there: nothing waits for `regenerate`."
        : "A login keeps the session id from before."
      : inTheNewOne
        ? "The session id from before login is logged in afterwards, too."
        : `A login stores the user in the session from before, and not in the new one: nothing ${isEnded ? "waits for" : "calls"} \`regenerate\`.`,
    [...answers, `the session that it opens: ${key} = ${former ?? "none"}`],
    "An attacker who gets a victim to start with a session id of the attacker's choice owns the session that the victim logs in to (session fixation). A fresh id at every login, waited for before anything is stored, makes the old one worthless.",
  );
});

goal("a failed login stores nothing", async ({ site, redis }) => {
  await site.browser().logIn(ada);
  const before = await redis.contents();
  for (const body of [wrong, unknown]) {
    const failed = (await site.browser().post(route, body)).orNotJudged(401, "nobody is refused");
    const added = [...(await redis.contents())].filter(([name]) => !before.has(name));
    const [key] = added.find(([, value]) => value.includes('"cookie"')) ?? [];
    must(
      failed.sessionCookie === undefined && key === undefined,
      "A failed login leaves a session behind.",
      [failed, `new key: ${key}`],
      "Nothing is known about this visitor. A session per wrong guess fills Redis at the speed of whoever guesses. `regenerate` comes when the password has matched.",
    );
  }
});

goal("an unknown email takes as long as a known one", async ({ open }) => {
  await mustTakeAsLong(open);
});

goal("nobody logs in on the first 72 bytes of a password", async ({ site }) => {
  await site.browser().logIn(ada);
  for (const password of ["a".repeat(71) + "z", "€".repeat(24)]) {
    const email = `${password.length > 50 ? "long" : "wide"}@example.com`;
    await site.db.users.add({ email, password, displayName: "Long" });
    (await site.browser().post(route, { email, password })).mustBe(
      200,
      "A password of exactly 72 bytes is refused.",
      "72 bytes are what bcrypt can take, so they have to be allowed.",
    );
    (await site.browser().post(route, { email, password: `${password}X` })).mustBe(
      [400, 401, 413, 422],
      "Somebody logged in with the first 72 bytes of a password and a letter more.",
      "bcrypt silently ignores everything after 72 bytes. Refuse longer passwords, and count bytes: `string.length` and zod's `max` count characters.",
    );
  }
});

goal("the answer waits until the session is stored", async ({ site, browser, redis }) => {
  await site.browser().logIn(ada);
  const loggedIn = async () =>
    [...(await redis.contents())].filter(([, value]) => value.includes(ada.id)).length;
  const before = await loggedIn();
  // Write by write: the answer may come when the one that stores the user has been let go.
  const writes = site.commands.hold("store");
  const login = browser.begin("POST", route, right);
  await Promise.race([writes.reached, login.answer]);
  for (let write = 0; write < 5 && !login.headersArrived; write++) {
    await Promise.race([login.headers, pause(15)]);
    if (!login.headersArrived) writes.releaseOne();
  }
  const whenAnswered = await loggedIn();
  writes.release();
  const answer = await login.answer;
  const [former] = site.commands.sent.filter((command) => isOf(command, "store")).slice(-2);
  must(
    whenAnswered === (await loggedIn()) || whenAnswered > before,
    `The answer to a login leaves before the ${former?.args.join(" ").includes(ada.id) ? "session" : "user's id"} is stored.`,
    [answer, "SET was still on its way to Redis when the headers arrived"],
    "A browser acts on the headers: its next request can overtake the write, and is anonymous. Put the user into the session, `await saveSession(req)`, then answer; `req.session.save()` returns no Promise.",
  );
});

goal("a login that cannot be stored is an error", async ({ site, browser }) => {
  await site.browser().logIn(ada);
  site.commands.fail("store");
  const answer = await browser.post(route, right);
  site.commands.releaseAll();
  must(
    answer.status >= 500,
    `Redis refused to store the session, and the login answers ${answer.status}${answer.succeeded ? "" : ", as if it were the user's fault"}.`,
    [answer, `SET → ${fullRedis}`],
    answer.succeeded
      ? "The user is told that they are in, and the next request says that they are not. Save before you answer and wait for it; its error, which `req.session.save` hands to the callback, goes to the error handler."
      : "The password was right. An error that is not the user's goes to the error handler, which logs it and answers 500: a `catch` around everything takes it for a refusal.",
  );
});

goal("a login keeps nobody else waiting", async ({ site }) => {
  await site.browser().logIn(ada);
  for (const body of [wrong, unknown]) {
    const { synchronous } = await hashingDuring(() => site.browser().post(route, body));
    must(
      synchronous.length === 0,
      "While somebody logs in, the whole server stands still.",
      `a login as ${body.email} calls ${synchronous.join(" and ")}`,
      "What ends in Sync blocks the only thread that answers requests, for as long as it takes. `bcrypt.compare` works on another one.",
    );
  }
});
