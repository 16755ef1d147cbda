import { seededUsers } from "../../shared/app/database.ts";
import { staysInAfterBan, staysInAfterNewPassword } from "../../shared/attacks/ended-elsewhere.ts";
import { Account, Device, entryOf, logout } from "../../shared/testing/account.ts";
import { withClock } from "../../shared/testing/clock.ts";
import { describeCommands, startingRedis } from "../../shared/testing/commands.ts";
import { goalsFor } from "../../shared/testing/goals.ts";
import { refusingOne, underWay, visitUnderWay } from "../../shared/testing/moments.ts";
import { lostAtLogin, sessionKeyOf } from "../../shared/testing/session-keys.ts";
import { playAt } from "../../shared/testing/stage.ts";
import { tryOut } from "../../shared/testing/try-out.ts";
import { must } from "../../shared/testing/verdict.ts";
import { grownKey, keptShortBy, workOf } from "../../shared/testing/work.ts";
import * as app from "./app.ts";

const goal = goalsFor(app).extend<{ account: Account }>({
  account: async ({ site }, use) => use(await Account.at(site)),
});
tryOut(goal, 7);
const { grace, alan } = seededUsers;

goal("logging out everywhere ends every session of this user", async ({ account, redis }) => {
  const phone = await account.logIn();
  const lost = await lostAtLogin(redis, phone.id, () => account.logIn());
  const laptop = await account.logIn();
  const answer = (await account.logOutEverywhere(laptop).answer).mustBeDone();
  const why =
    "Somebody lost a phone, and has only this button. Keep an index of a user's sessions where all processes see it, in Redis, and end this session, too: its cookie goes, with name and flags.";
  await phone.mustBeOut(`Logging out everywhere leaves another device in${lost}.`, answer, why);
  await laptop.mustBeOut("Logging out everywhere spares this device.", answer, why);
  must(!(await laptop.browser.sessionCookie()), "The browser keeps its cookie.", answer, why);
});

goal("other people's sessions live on", async ({ account, site }) => {
  const laptop = await account.logIn();
  const other = await Device.of(site, grace);
  const named = { id: grace.id, userId: grace.id, user: grace.id, email: grace.email };
  const answer = await laptop.browser.post("/auth/logout-all", named);
  answer.orNotJudged(204, "logging out everywhere does not work yet");
  const why = "Whose sessions end, the session says that asks. Each user has an index.";
  await other.mustBeIn("Logging out everywhere logs out somebody else.", answer, why);
});

goal("an ended session is gone from Redis, and from the index", async ({ account, redis }) => {
  for (const { name, todo, begin, undo } of [logout, ...(await account.endings())]) {
    const [phone, laptop] = [await account.logIn(), await account.logIn()];
    const ended = name === logout.name ? laptop : phone;
    const key = await sessionKeyOf(account.site, redis, () => ended.replay());
    const answer = await begin(laptop).answer;
    // Whoever compares a number deletes a session when somebody comes with it.
    const replay = await ended.replay();
    const session = key && (await redis.read(key));
    const why = "What is taken out of the index alone lives on, and nobody finds it any more.";
    must(!session, `After ${name}, a session is still in Redis.`, [answer, replay], why, todo);
    const entry = (await entryOf(ended.id, redis)) ?? "";
    const claim = `After ${name}, the index still knows a session that has ended.`;
    must(!entry, claim, [answer, entry], "Whatever ends a session takes its entry along.");
    await undo();
  }
});

goal("a session that was in use for days can still be ended", async ({ account, redis }) => {
  await account.endings("logging out everywhere");
  const why =
    "An entry is over when its session is, which `rolling` prolongs, and the index after both. Are all of them counted in the same unit?";
  for (const [age, times] of Object.entries({ "half a day old": 1, "in use for days": 6 })) {
    const phone = await account.logIn();
    await withClock(redis, async (pass) => {
      for (let time = 0; time < times; time++, await pass(12)) await phone.browser.get("/me");
      const entry = await entryOf(phone.id, redis);
      const answer = await account.logOutEverywhere(await account.logIn()).answer;
      const cause = entry ? "a new login takes its entry out" : "the index is gone";
      await phone.mustBeOut(`A session ${age} cannot be found: ${cause}.`, answer, why);
    });
  }
});

goal("the index of somebody who never logs out does not grow", async ({ account, redis, site }) => {
  await account.endings();
  await withClock(redis, async (pass) => {
    const twoDays = async () => {
      for (let days = 0; days < 2; days += 0.5, await pass(13)) await account.logIn();
      return redis.contents();
    };
    const isShort = keptShortBy(site, redis);
    const { name, value } = grownKey(await twoDays(), await twoDays(), 60, isShort) ?? {};
    const why = "A session that runs out tells nobody: take out what is over when adding.";
    const claim = `A key grows with every login, and never shrinks: ${name}.`;
    must(!name, claim, `${name} = ${value?.slice(0, 160)} …`, why);
  });
});

goal("the cost does not grow with other people's sessions", async ({ account, redis, site }) => {
  await account.endings("logging out everywhere");
  const measure = () =>
    workOf(site, redis, async () => account.logOutEverywhere(await account.logIn()).answer);
  const few = await measure();
  for (let login = 0; login < 12; login++) await Device.of(site, login % 2 ? grace : alan);
  const many = await measure();
  const grows = many.commands.length > few.commands.length || many.size > few.size + 200;
  const evidence = [few, many].map(({ commands }) => describeCommands(commands, redis.prefix));
  const why = "Do not look through a million sessions to end three: keep an index per user.";
  must(!grows, "With twelve sessions more of others, ending all of one costs more.", evidence, why);
});

goal(
  "a store that fails halfway is an error, and nothing escapes the next attempt",
  async ({ account, site }) => {
    await account.endings("logging out everywhere");
    const [phone, laptop] = [await account.logIn(), await account.logIn()];
    const failed = await refusingOne(site, "delete", () => account.logOutEverywhere(laptop));
    const claim = `Logging out everywhere answers ${failed.status} although Redis refused to delete.`;
    const why = "`exec` hides errors in its results. And an entry goes after its session.";
    if (failed.status < 500) await phone.mustBeOut(claim, [failed, startingRedis], why);
    const next = await account.logOutEverywhere(await account.logIn()).answer;
    await phone.mustBeOut("The next attempt spares a session.", [failed, startingRedis, next], why);
  },
);

goal(
  "a new password ends every other session, and this one goes on under a new id",
  async ({ account, site }) => {
    const { seen, answers } = await playAt(site, staysInAfterNewPassword);
    answers[2]?.mustBeDone();
    const why =
      "Somebody else may know the old password, and be logged in with it, or have a copy of this cookie. Whoever changed it said who they are a moment ago: they go on, under a new id.";
    must(seen.after === 401, "A new password leaves the other sessions alive.", answers, why);
    const [laptop, { password }] = [await account.logIn(), account];
    const answer = (await account.changePassword(laptop).answer).mustBeDone();
    await laptop.mustBeOut("A new password leaves this session its old id.", answer, why);
    const me = await laptop.browser.get("/me");
    must(me.status === 200, "A new password logs out whoever changed it.", [answer, me], why);
    const old = await account.beginLogIn(site.browser(), password).answer;
    old.mustBe(401, "The old password still logs in.", "Store the new one.");
  },
);

goal("changing the password takes the current one", async ({ account }) => {
  await account.endings("a new password");
  const [phone, laptop] = [await account.logIn(), await account.logIn()];
  const newPassword = "difference engine";
  for (const currentPassword of ["not this one", grace.password, newPassword]) {
    const answer = await laptop.browser.post("/me/password", { currentPassword, newPassword });
    const why = "Whoever finds a laptop open must not be able to lock its owner out.";
    answer.mustBe(401, `A wrong current password is answered ${answer.status}, not 401.`, why);
    await phone.mustBeIn("A wrong current password ends sessions.", answer, why);
  }
});

goal("a new password has 8 characters at least, and 72 bytes at most", async ({ account }) => {
  await account.endings("a new password");
  const laptop = await account.logIn();
  const why =
    "bcrypt reads 72 bytes, and takes two passwords that begin alike for the same. Fewer than 8 characters are guessed. What is between the two is stored as it was typed.";
  for (const newPassword of ["7 chars", "x".repeat(73), "€".repeat(25)]) {
    const answer = await account.changePassword(laptop, newPassword).answer;
    answer.mustBe([400, 422], `"${newPassword}" is answered ${answer.status}, not 400.`, why);
  }
  for (const newPassword of ["8 chars!", "x".repeat(72), " Blanks AROUND "]) {
    const answer = await account.changePassword(laptop, newPassword).answer;
    answer.mustBe(204, `"${newPassword}" is answered ${answer.status}, not 204.`, why);
    const login = await account.beginLogIn(account.site.browser()).answer;
    login.mustBe(200, `"${newPassword}" does not log in once it is the password.`, why);
  }
});

goal("a banned user is out at the next request, and stays out", async ({ account, site }) => {
  const { seen, answers } = await playAt(site, staysInAfterBan);
  for (const banOrLift of [answers[2], answers[4]]) banOrLift?.mustBeDone();
  const why =
    "A ban that waits for a logout is none: the guard looks the user up at each request. And what it has refused is over, also when the ban is lifted.";
  must(seen.meanwhile === 401, "A banned user is still let in.", answers.slice(2, 4), why);
  must(seen.later === 401, "Once the ban is lifted, old sessions are back.", answers, why);
  const login = await account.beginLogIn(site.browser(), alan.password, alan.email).answer;
  login.mustBe(200, "Once the ban is lifted, its user cannot log in.", "`unban` lifts it.");
});

goal("only administrators ban, and lift a ban", async ({ account, site }) => {
  await account.endings("a ban");
  const people = [
    ["a stranger", 401, site.browser()],
    ["a member", 403, (await account.logIn()).browser],
  ] as const;
  const why = "Each method has its guard. 401: not logged in. 403: no administrator.";
  for (const method of ["POST", "DELETE"]) {
    if (method === "DELETE") await account.ban(alan.id).answer;
    for (const [who, status, browser] of people) {
      const answer = await browser.begin(method, `/admin/users/${alan.id}/ban`).answer;
      answer.mustBe(status, `${method} answers ${answer.status} to ${who}, not ${status}.`, why);
      const user = await site.db.users.findById(alan.id);
      const claim = `${method} is refused to ${who}, and done all the same.`;
      must(user?.banned === (method === "DELETE"), claim, answer, why);
    }
  }
  await site.db.users.update(grace.id, { role: "member" });
  (await account.ban().answer).mustBe(403, "A former administrator still bans.", why);
});

goal("the last administrator cannot be locked out", async ({ account }) => {
  await account.endings("a ban");
  const own = await account.ban(grace.id).answer;
  const why = "Nobody could lift it. `db.users.ban` says what became of it: believe it.";
  own.mustBe([400, 403, 409, 422], `The last administrator bans herself: ${own.status}.`, why);
  const next = await account.ban(grace.id).answer;
  must(next.status === own.status, "Refused, a ban ends sessions all the same.", [own, next], why);
});

goal(
  "a banned user cannot log in, and learns why with the right password alone",
  async ({ account, site }) => {
    await account.endings("a ban");
    await account.ban().answer;
    const browser = site.browser();
    const right = await account.beginLogIn(browser).answer;
    const why =
      "Compare first: whoever guesses learns nothing of an account. Whoever knows the password may be told why it does not help, and gets no session.";
    right.mustBe(403, `A banned user who logs in is answered ${right.status}, not 403.`, why);
    must(!(await browser.sessionCookie()), "A banned user gets a session.", right, why);
    const guess = { email: "nobody@example.com", password: "not this one" };
    const nobody = await site.browser().post("/auth/login", guess);
    const wrong = await account.beginLogIn(site.browser(), guess.password).answer;
    const alike = wrong.status === nobody.status && wrong.text === nobody.text;
    must(alike, "A wrong password tells that somebody is banned.", [wrong, nobody], why);
  },
);

goal("a login meanwhile is ended, or stays within reach", async ({ account, site }) => {
  await account.endings("logging out everywhere");
  const laptop = await account.logIn();
  const slow = await underWay(site, "delete", () => account.logOutEverywhere(laptop));
  const newcomer = await slow.meanwhile(() => account.logIn());
  const next = await account.logOutEverywhere(await account.logIn()).answer;
  const story = ["logging out everywhere reads the index", "a new login", "it deletes", next];
  const why = "It may live, within reach: take out the entries that were read, and no others.";
  await newcomer.mustBeOut("A login during logging out everywhere is in no index.", story, why);
});

goal("a request under way does not bring an ended session back", async ({ account, site }) => {
  for (const { name, begin, undo } of await account.endings()) {
    const [phone, laptop] = [await account.logIn(), await account.logIn()];
    const slow = await visitUnderWay(site, phone.browser);
    const answer = await slow.meanwhile(() => begin(laptop).answer);
    const story = ["GET /visits reads the session", answer, "GET /visits stores it"];
    const why = "As at a logout: what changes a session is written only where its key is.";
    await phone.mustBeOut(`After ${name}, a visit under way brings a session back.`, story, why);
    await undo();
  }
});

goal("a login under way survives neither a new password nor a ban", async ({ account, site }) => {
  for (const { name, begin, undo } of await account.endings("a new password", "a ban")) {
    const [laptop, browser] = [await account.logIn(), site.browser()];
    const slow = await underWay(site, "store", () => account.beginLogIn(browser));
    const answer = await slow.meanwhile(() => begin(laptop).answer);
    const newcomer = await Device.from(site, browser);
    await undo(); // Until then, whoever is banned is refused anyway.
    const story = ["a login has compared the password", answer, "it stores its session"];
    const why = "Nobody could end it yet: look at the user again once it is stored, and end it.";
    await newcomer?.mustBeOut(`A login that is about to be stored survives ${name}.`, story, why);
  }
});
