import { seededUsers } from "../../shared/app/database.ts";
import type { Answer } from "../../shared/testing/answer.ts";
import { Account, Device, entryOf, logout } from "../../shared/testing/account.ts";
import { withClock } from "../../shared/testing/clock.ts";
import { describeCommands } from "../../shared/testing/commands.ts";
import { goalsFor } from "../../shared/testing/goals.ts";
import { hashingDuring } from "../../shared/testing/hashes.ts";
import { atEveryMoment, failingAtEveryMoment } from "../../shared/testing/moments.ts";
import { sessionKeyOf } from "../../shared/testing/session-keys.ts";
import { tryOut } from "../../shared/testing/trials.ts";
import { must } from "../../shared/testing/verdict.ts";
import { grownKey, workOf } from "../../shared/testing/work.ts";
import * as app from "./app.ts";

const goal = goalsFor(app);
tryOut(goal, 7);
const { ada, grace, alan } = seededUsers;
const notYet = "logging out everywhere does not work yet";

function mustBeDone(answer: Answer): Answer {
  answer.mustBe(
    204,
    `${answer.route} answers ${answer.status}, not 204.`,
    "Done, and nothing to say.",
  );
  return answer;
}

goal("logging out everywhere ends every session of this user", async ({ open, site }) => {
  const account = await Account.at(site);
  const elsewhere = await open({ db: site.db, newProcess: true });
  const phone = await account.logIn(elsewhere);
  for (let more = 0; more < 25; more++) await account.logIn();
  const laptop = await account.logIn();
  const tablet = await account.logIn(elsewhere);
  // Names change; whose session it is does not.
  await site.db.users.update(ada.id, { email: "countess@example.com" });
  const answer = mustBeDone(await account.logOutEverywhere(laptop).answer);
  await site.db.users.update(ada.id, { email: ada.email });
  const why =
    "Somebody lost a phone, and has only this button. Which sessions there are, an index knows that all processes see: in Redis.";
  for (const device of [phone, tablet]) {
    await device.mustBeOut(
      "After logging out everywhere, another device is still logged in.",
      answer,
      why,
    );
  }
  await laptop.mustBeOut(
    "Logging out everywhere spares this device.",
    answer,
    "Everywhere is here, too.",
  );
  const kept = await laptop.browser.sessionCookie();
  must(
    !kept,
    "The browser keeps its cookie.",
    answer,
    "As at a logout: clear it, with name and flags.",
  );
  const again = await account.logIn();
  await again.mustBeIn(
    "Logging out everywhere locks the account.",
    answer,
    "It ends sessions, and no more.",
  );
  const stranger = await site.browser().post("/auth/logout-all");
  stranger.mustBe(
    [204, 401],
    `A stranger is answered ${stranger.status}, not 204 or 401.`,
    "There is nothing to end.",
  );
});

goal("other people's sessions live on", async ({ site }) => {
  const account = await Account.at(site);
  const laptop = await account.logIn();
  // Whoever looks for a part of an id finds this one, too.
  const namesake = { id: `${ada.id}0`, email: "augusta@example.com", password: "another engine" };
  await site.db.users.add({ ...namesake, displayName: "Augusta" });
  const others = [];
  for (const person of [grace, alan, namesake]) others.push(await Device.of(site, person));
  const named = { id: grace.id, userId: grace.id, user: grace.id, email: grace.email };
  const answer = await laptop.browser.post("/auth/logout-all", named);
  answer.orNotJudged(204, notYet);
  const why =
    "Whose sessions end, the session says that asks. Each user has an index of their own.";
  for (const other of others)
    await other.mustBeIn("Logging out everywhere logs out somebody else.", answer, why);
});

goal("an ended session is gone from Redis, and from the index", async ({ site, redis }) => {
  const account = await Account.at(site);
  for (const ending of [logout, ...(await account.endings())]) {
    const [phone, laptop] = [await account.logIn(), await account.logIn()];
    const ended = ending === logout ? [laptop] : [laptop, phone];
    const keys: (string | undefined)[] = [];
    for (const { browser } of ended)
      keys.push(await sessionKeyOf(site, redis, () => browser.get("/me")));
    const answer = await ending.begin(laptop).answer;
    // Whoever compares a number deletes a session when somebody comes with it.
    for (const device of ended) await device.replay();
    const left = (await redis.keys()).find((key) => keys.includes(key));
    must(
      !left,
      `After ${ending.name}, a session is still in Redis.`,
      [answer, left ?? ""],
      "Out of the index alone, it lives on, and nobody finds it any more.",
    );
    for (const { id } of ended) {
      const entry = await entryOf(id, redis);
      must(
        !entry,
        `After ${ending.name}, the index still knows a session that has ended.`,
        [answer, entry ?? ""],
        "Nobody else will ever take it out: whatever ends a session takes its entry along.",
      );
    }
    await account.liftBan();
  }
});

goal("a session that was in use for days can still be ended", async ({ site, redis }) => {
  const account = await Account.at(site);
  const phone = await account.logIn();
  await withClock(redis, async (pass) => {
    for (let halfDay = 1; halfDay < 6; halfDay++) {
      await pass(12);
      await phone.browser.get("/me");
    }
    const answer = await account.logOutEverywhere(await account.logIn()).answer;
    answer.orNotJudged(204, notYet);
    await phone.mustBeOut(
      "A session that was used every twelve hours is in no index any more.",
      answer,
      "`rolling` prolongs a session at each request. Its entry, and the index around it, have to live as long.",
    );
  });
});

goal("the index of somebody who never logs out does not grow for ever", async ({ site, redis }) => {
  const account = await Account.at(site);
  await withClock(redis, async (pass) => {
    const contents = [];
    for (let halfDay = 0; halfDay < 12; halfDay++) {
      for (let login = 0; login < 3; login++) await account.logIn();
      contents.push(await redis.contents());
      await pass(13);
    }
    const grown = grownKey(contents[5] ?? new Map(), contents[11] ?? new Map(), 60);
    must(
      !grown,
      `A key grows with every login, and never shrinks: ${grown?.name}.`,
      `${grown?.name} = ${grown?.value.slice(0, 160)} …`,
      "Hardly anybody logs out. A session that runs out of time tells nobody: note when each one ends, and take out what is over whenever you add one.",
    );
    await pass(24 * 40);
    const left = (await redis.keys()).find((key) => key.includes(ada.id));
    must(
      !left,
      `Of somebody who stays away for forty days, a key is left: ${left}.`,
      `${left} = ${left && (await redis.read(left))}`,
      "An index ends with the last of its sessions: EXPIRE takes seconds.",
    );
    must((await account.endings()).length > 0, notYet);
  });
});

goal("the cost does not grow with other people's sessions", async ({ site, redis }) => {
  const account = await Account.at(site);
  const measure = () =>
    workOf(site, redis, async () => {
      const answer = await account.logOutEverywhere(await account.logIn()).answer;
      answer.orNotJudged(204, notYet);
    });
  await measure();
  const few = await measure();
  for (let login = 0; login < 40; login++) await Device.of(site, login % 2 ? grace : alan);
  const many = await measure();
  const evidence = [few, many].map(({ commands }) => describeCommands(commands, redis.prefix));
  must(
    many.commands.length === few.commands.length && many.size < few.size + 200,
    "With forty more sessions of other people, logging in and out everywhere costs more.",
    evidence,
    "A shop with a million visitors would look through a million sessions to end three. Keep a list per user, and read that one.",
  );
});

goal(
  "a store that fails halfway is an error, and nothing escapes the next attempt",
  async ({ site }) => {
    const account = await Account.at(site);
    const why =
      "Whoever walks away believes that all sessions have ended: what failed is an error, 500. And an entry goes after its session, so that the next attempt finds what is left.";
    for (const { name, begin } of await account.endings()) {
      await failingAtEveryMoment(site, async () => {
        const [phone, laptop] = [await account.logIn(), await account.logIn()];
        return {
          request: () => begin(laptop),
          async afterwards(answer) {
            const claim = `When ${name} fails halfway, it answers ${answer.status}`;
            const evidence = [answer, "one thing that it asked for was refused"];
            must(answer.succeeded || answer.status >= 500, `${claim}, not 500.`, evidence, why);
            if (answer.succeeded) await phone.mustBeOut(`${claim}.`, evidence, why);
            await account.liftBan();
            const next = await account.logOutEverywhere(await account.logIn()).answer;
            next.orNotJudged(204, notYet);
            const never = `After ${name} that failed halfway, a session cannot be ended any more.`;
            await phone.mustBeOut(never, [...evidence, next], why);
          },
        };
      });
    }
  },
);

goal(
  "a new password ends every other session, and this one goes on under a new id",
  async ({ site }) => {
    const account = await Account.at(site);
    const [phone, laptop, before] = [
      await account.logIn(),
      await account.logIn(),
      account.password,
    ];
    let answer!: Answer;
    const { synchronous } = await hashingDuring(async () => {
      answer = mustBeDone(await account.changePassword(laptop).answer);
    });
    must(
      synchronous.length === 0,
      `While a password is changed, nobody else is served: ${synchronous.join(", ")}.`,
      answer,
      "A hash keeps its thread for long. bcrypt's functions that return a Promise use another one.",
    );
    await phone.mustBeOut(
      "A new password leaves the other sessions alive.",
      answer,
      "People change it because somebody else may know the old one, and may be logged in with it.",
    );
    await laptop.mustBeOut(
      "A new password leaves this session its old id.",
      answer,
      "A stolen copy of this cookie may be why it was changed. `regenerate` makes it worthless.",
    );
    const me = await laptop.browser.get("/me");
    must(
      me.status === 200,
      "A new password logs out who has changed it.",
      [answer, me],
      "They said who they are a moment ago: this session goes on, under a new id.",
    );
    const old = await account.beginLogIn(site.browser(), before).answer;
    old.mustBe(
      401,
      "The old password still logs in.",
      "`db.users.changePassword` stores the new one.",
    );
    const again = await account.beginLogIn(site.browser()).answer;
    again.mustBe(200, "The new password does not log in.", "It is the password now.");
  },
);

goal("changing the password takes the current one", async ({ site }) => {
  const account = await Account.at(site);
  await account.endings("a new password");
  const [phone, laptop] = [await account.logIn(), await account.logIn()];
  const newPassword = "difference engine";
  for (const currentPassword of ["not this one", grace.password, newPassword, undefined]) {
    const answer = await laptop.browser.post("/me/password", { currentPassword, newPassword });
    answer.mustBe(
      currentPassword ? 401 : [400, 401, 422],
      `With a wrong current password, it answers ${answer.status}, not 401.`,
      "Whoever finds a laptop open must not be able to lock its owner out.",
    );
    await phone.mustBeIn(
      "A wrong current password ends sessions.",
      answer,
      "What is refused changes nothing.",
    );
  }
  const body = { currentPassword: account.password, newPassword };
  const stranger = await site.browser().post("/me/password", body);
  stranger.mustBe(401, "A password changes without a session.", "Whose it is, the session says.");
  await atEveryMoment(site, async () => {
    const devices = [await account.logIn(), await account.logIn()] as const;
    const current = account.password;
    return {
      first: () => account.changePassword(devices[0], undefined, current),
      second: () => account.changePassword(devices[1], undefined, current),
      async afterwards(...answers) {
        const both = answers.every(({ succeeded }) => succeeded);
        must(
          !both,
          "Two changes at the same moment both take the old password.",
          answers,
          "The second one was asked for by somebody who knows the current password no more. `db.users.changePassword` says which came first: believe it.",
        );
      },
    };
  });
});

goal("a new password has 8 characters at least, and 72 bytes at most", async ({ site }) => {
  const account = await Account.at(site);
  await account.endings("a new password");
  const laptop = await account.logIn();
  for (const newPassword of [
    "",
    "7 chars",
    "x".repeat(73),
    "€".repeat(25),
    ["a list"],
    undefined,
  ]) {
    const body = { currentPassword: account.password, newPassword };
    const answer = await laptop.browser.post("/me/password", body);
    answer.mustBe(
      [400, 422],
      `A new password that is ${JSON.stringify(newPassword)} is answered ${answer.status}, not 400.`,
      "bcrypt reads 72 bytes, and takes two passwords that begin alike for the same. Less than 8 characters are guessed.",
    );
  }
  for (const newPassword of [
    "8 chars!",
    "x".repeat(72),
    "ü".repeat(36),
    "cafe\u0301 cafe\u0301",
    " Blanks AROUND ",
  ]) {
    const answer = await account.changePassword(laptop, newPassword).answer;
    answer.mustBe(
      204,
      `A new password that is ${JSON.stringify(newPassword)} is answered ${answer.status}, not 204.`,
      "Long ones and other scripts are welcome, up to what bcrypt reads whole.",
    );
    const login = await account.beginLogIn(site.browser(), newPassword.normalize("NFC")).answer;
    login.mustBe(
      200,
      `Nobody logs in with ${JSON.stringify(newPassword)} once it is the password.`,
      "It is stored as a login reads it.",
    );
  }
});

goal("a banned user is out at the next request, and stays out", async ({ open, site }) => {
  const account = await Account.at(site);
  const elsewhere = await open({ db: site.db, newProcess: true });
  const devices = [await account.logIn(), await account.logIn(elsewhere)];
  const answer = mustBeDone(await account.ban().answer);
  const why =
    "A ban that waits for a logout is none: the guard looks the user up at each request. And what it has refused is over, also when the ban is lifted.";
  for (const device of devices)
    await device.mustBeOut("A banned user is still let in.", answer, why);
  const lifted = mustBeDone(await account.liftBan());
  for (const device of devices)
    await device.mustBeOut("Once the ban is lifted, old sessions are back.", [answer, lifted], why);
  const login = await account.beginLogIn(site.browser()).answer;
  login.mustBe(
    200,
    "Once the ban is lifted, its user cannot log in.",
    "`db.users.unban` lifts it.",
  );
});

goal("only administrators ban, and lift a ban", async ({ site }) => {
  const account = await Account.at(site);
  await account.endings("a ban");
  const [member, victim] = [await account.logIn(), await Device.of(site, alan)];
  const path = `/admin/users/${alan.id}/ban`;
  const refuses = async (method: string) => {
    for (const [who, status, browser] of [
      ["a stranger", 401, site.browser()],
      ["a member", 403, member.browser],
    ] as const) {
      const answer = await browser.begin(method, path).answer;
      answer.mustBe(
        status,
        `${method} answers ${answer.status} to ${who}, not ${status}.`,
        "401: who are you? 403: you may not. Both guards stand before both methods.",
      );
    }
  };
  await refuses("POST");
  await account.adminGets(path);
  await victim.mustBeIn(
    "Somebody is banned without a POST of an administrator.",
    [],
    "Refused is refused, and a GET changes nothing.",
  );
  mustBeDone(await account.ban(alan.id).answer);
  await refuses("DELETE");
  const login = await site.browser().post("/auth/login", alan);
  must(!login.succeeded, "A ban is lifted by who may not.", login, "Whoever refuses returns.");
  const nobody = await account.ban("nobody").answer;
  nobody.mustBe(
    [400, 404, 422],
    `Banning nobody is answered ${nobody.status}, not 404.`,
    "There is no such user.",
  );
  await site.db.users.update(grace.id, { role: "member" });
  const former = await account.ban(ada.id).answer;
  former.mustBe(
    403,
    "A former administrator still bans.",
    "The role is the database's, as of now.",
  );
});

goal("the last administrator cannot be locked out", async ({ site }) => {
  const account = await Account.at(site);
  (await account.ban(alan.id).answer).orNotJudged(204, "nobody can be banned yet");
  const own = await account.ban(grace.id).answer;
  const why =
    "Nobody is left who could lift the ban. `db.users.ban` says what became of it: believe it.";
  own.mustBe([400, 403, 409, 422], `The last administrator bans herself: ${own.status}.`, why);
  await site.db.users.update(ada.id, { role: "admin" });
  await atEveryMoment(site, async () => {
    const [first, second] = [await Account.at(site), await account.logIn()];
    return {
      first: () => first.ban(ada.id),
      second: () => second.browser.begin("POST", `/admin/users/${grace.id}/ban`),
      async afterwards(...answers) {
        const people = await Promise.all([ada, grace].map(({ id }) => site.db.users.findById(id)));
        const active = people.some((user) => user && !user.banned);
        must(active, "Two administrators lock each other out.", answers, why);
        for (const { id } of [ada, grace]) await site.db.users.unban(id);
      },
    };
  });
});

goal(
  "a banned user cannot log in, and learns why with the right password alone",
  async ({ site }) => {
    const account = await Account.at(site);
    await account.logIn();
    (await account.ban().answer).orNotJudged(204, "nobody can be banned yet");
    const browser = site.browser();
    const right = await account.beginLogIn(browser).answer;
    right.mustBe(
      403,
      `A banned user who logs in is answered ${right.status}, not 403.`,
      "They know the password, so they may know why it does not help.",
    );
    must(
      !(await Device.from(site, browser)),
      "A banned user gets a session.",
      right,
      "Refuse first, and start a session for those who may have one.",
    );
    const wrong = await account.beginLogIn(site.browser(), "not this one").answer;
    const email = "nobody@example.com";
    const nobody = await site.browser().post("/auth/login", { email, password: "not this one" });
    must(
      wrong.status === nobody.status && wrong.text === nobody.text,
      "A wrong password tells that somebody is banned.",
      [wrong, nobody],
      "Whoever guesses learns that there is an account, and what became of it. Compare first.",
    );
  },
);

goal("a login meanwhile is ended, or stays within reach", async ({ site }) => {
  const account = await Account.at(site);
  for (const order of [0, 1, 2] as const) {
    await atEveryMoment(site, async () => {
      const [laptop, browser, other] = [await account.logIn(), site.browser(), site.browser()];
      const login = () => account.beginLogIn(browser);
      const logOut = () => account.logOutEverywhere(laptop);
      const orders = [
        [login, logOut],
        [logOut, login],
        [login, () => account.beginLogIn(other)],
      ] as const;
      const [first, second] = orders[order];
      return {
        first,
        second,
        async afterwards(...answers) {
          const next = await account.logOutEverywhere(await account.logIn()).answer;
          next.orNotJudged(204, notYet);
          for (const each of [browser, other]) {
            const newcomer = await Device.from(site, each);
            await newcomer?.mustBeOut(
              "A login at the same moment as another request can never be ended.",
              [...answers, next],
              "It may live: it is a new login. But whoever deletes the whole index, or writes back a list that was read before, takes out what others have put in. Redis adds and removes single entries.",
            );
          }
        },
      };
    });
  }
});

goal("a request under way does not bring an ended session back", async ({ site }) => {
  const account = await Account.at(site);
  for (const { name, begin } of await account.endings()) {
    await atEveryMoment(site, async () => {
      const [phone, laptop] = [await account.logIn(), await account.logIn()];
      return {
        first: () => phone.browser.begin("GET", "/visits"),
        second: () => begin(laptop),
        async afterwards(...answers) {
          await phone.mustBeOut(
            `After ${name}, a request that was still under way brings a session back.`,
            answers,
            "As at a logout: what changes a session is written only where its key is.",
          );
          await account.liftBan();
        },
      };
    });
  }
});

goal("a login under way survives neither a new password nor a ban", async ({ site }) => {
  const account = await Account.at(site);
  for (const { name, begin } of await account.endings("a new password", "a ban")) {
    for (const loginIsFirst of [true, false]) {
      await atEveryMoment(site, async () => {
        const [laptop, browser, password] = [
          await account.logIn(),
          site.browser(),
          account.password,
        ];
        const login = () => account.beginLogIn(browser, password);
        const end = () => begin(laptop);
        return {
          first: loginIsFirst ? login : end,
          second: loginIsFirst ? end : login,
          async afterwards(...answers) {
            const newcomer = await Device.from(site, browser);
            await newcomer?.mustBeOut(
              `A login that was under way survives ${name}.`,
              answers,
              "It was let in by what is true no more. Once its session is stored, and can be found, look at the user again: from there on, others see to it.",
            );
            await account.liftBan();
          },
        };
      });
    }
  }
});
