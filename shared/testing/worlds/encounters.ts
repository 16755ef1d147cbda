import { vi } from "vitest";
import { seededUsers } from "../../app/database.ts";
import { Account, Device } from "../account.ts";
import type { Answer } from "../answer.ts";
import { atEveryMoment, failingAtEveryMoment, type Attempt } from "../moments.ts";
import { withAnOldHash } from "../people.ts";
import { must } from "../verdict.ts";
import type { World, WorldGoal } from "./world.ts";

const { ada, grace } = seededUsers;

/** Worlds in which what ends sessions meets another request, or an error, at each moment. */
export const encounters: readonly World[] = [
  { name: "When two do the same at once", visit: twoAtOnce },
  { name: "While a visit is under way", visit: visitMeanwhile },
  { name: "While somebody logs in", visit: loginMeanwhile },
  { name: "When one thing fails halfway", visit: failsHalfway },
];

async function twoAtOnce(goal: WorldGoal): Promise<void> {
  await twoChanges(goal);
  await twoEndings(goal);
  await twoAdministrators(goal);
  await twoLogins(goal);
  await twoLoginsWithAnOldHash(goal);
}

async function twoChanges({ open }: WorldGoal): Promise<void> {
  const site = await open();
  const account = await Account.at(site);
  await atEveryMoment(site, async () => {
    const [laptop, phone] = [await account.logIn(), await account.logIn()];
    const current = account.password;
    return {
      first: () => account.changePassword(laptop, undefined, current),
      second: () => account.changePassword(phone, undefined, current),
      async afterwards(...answers) {
        const both = answers.every(({ succeeded }) => succeeded);
        must(
          !both,
          "two changes of a password, both from the same old one, are both done.",
          answers,
          "The second one came with a password that was no longer the current one. `db.users.changePassword` says which came first: hand it the user whose password was compared, and believe it.",
        );
      },
    };
  });
}

async function twoEndings({ open }: WorldGoal): Promise<void> {
  const site = await open();
  const account = await Account.at(site);
  for (const { name, begin, undo } of await account.endings("logging out everywhere", "a ban")) {
    await atEveryMoment(site, async () => {
      const [laptop, phone] = [await account.logIn(), await account.logIn()];
      return {
        first: () => begin(laptop),
        second: () => begin(phone),
        async afterwards(...answers) {
          must(
            answers.every(({ status }) => status < 500),
            `of two requests for ${name}, one fails.`,
            answers,
            "What the index has named may be gone a moment later: `DEL` of a key that is gone is none that fails, and `DEL` without any key is. Look how many there are.",
          );
          await undo();
        },
      };
    });
  }
}

async function twoAdministrators({ open }: WorldGoal): Promise<void> {
  const site = await open();
  await site.db.users.update(ada.id, { role: "admin" });
  await atEveryMoment(site, async () => {
    const [first, second] = [await Device.of(site, grace), await Device.of(site, ada)];
    return {
      first: () => first.browser.begin("POST", `/admin/users/${ada.id}/ban`),
      second: () => second.browser.begin("POST", `/admin/users/${grace.id}/ban`),
      async afterwards(...answers) {
        const people = await Promise.all([ada, grace].map(({ id }) => site.db.users.findById(id)));
        const active = people.some((user) => user && !user.banned);
        must(
          active,
          "two administrators lock each other out.",
          answers,
          "Nobody is left who could lift the ban. `db.users.ban` says what became of it: believe it.",
        );
        for (const { id } of [ada, grace]) await site.db.users.unban(id);
      },
    };
  });
}

async function twoLogins({ open }: WorldGoal): Promise<void> {
  const site = await open();
  const account = await Account.at(site);
  await atEveryMoment(site, async () => {
    const browsers = [site.browser(), site.browser()] as const;
    return {
      first: () => account.beginLogIn(browsers[0]),
      second: () => account.beginLogIn(browsers[1]),
      async afterwards(...answers) {
        const next = await account.logOutEverywhere(await account.logIn()).answer;
        for (const browser of browsers) {
          const device = await Device.from(site, browser);
          await device?.mustBeOut(
            "of two logins, one can never be ended.",
            [...answers, next],
            "Whoever reads a list and writes it back takes out what others have put in meanwhile. Redis adds and removes single entries.",
          );
        }
      },
    };
  });
}

/** Each of them may well give the user a new hash. */
async function twoLoginsWithAnOldHash({ open }: WorldGoal): Promise<void> {
  const { db, id, email, password, passwordHash } = await withAnOldHash();
  const site = await open({ db });
  await atEveryMoment(site, async () => {
    await db.users.update(id, { passwordHash });
    const logIn = () => site.browser().begin("POST", "/auth/login", { email, password });
    return {
      first: logIn,
      second: logIn,
      async afterwards(...answers) {
        must(
          answers.every(({ succeeded }) => succeeded),
          "of two logins with the right password, one is refused: the other one has renewed the hash.",
          answers,
          "A new hash of the same password is no new password. Who looks whether it has changed meanwhile compares the password once more, or renews the hash where nobody is misled by it.",
        );
      },
    };
  });
}

async function visitMeanwhile({ open }: WorldGoal): Promise<void> {
  const site = await open();
  const account = await Account.at(site);
  for (const { name, begin, undo } of await account.endings()) {
    await atEveryMoment(site, async () => {
      const [phone, laptop] = [await account.logIn(), await account.logIn()];
      return {
        first: () => phone.browser.begin("GET", "/visits"),
        second: () => begin(laptop),
        async afterwards(...answers) {
          await phone.mustBeOut(
            `the visit brings back a session that ended by ${name}.`,
            answers,
            "As at a logout: what changes a session is written only where its key is.",
          );
          await undo();
        },
      };
    });
  }
}

/** Whichever of the two begins first: the new session ends with the others, or can be ended later. */
async function loginMeanwhile(goal: WorldGoal): Promise<void> {
  await endsOverlap(goal);
  const site = await goal.open();
  const account = await Account.at(site);
  for (const { name, begin, undo } of await account.endings()) {
    for (const loginIsFirst of [true, false]) {
      await atEveryMoment(site, async () => {
        const [laptop, browser, password] = [
          await account.logIn(),
          site.browser(),
          account.password,
        ];
        const logIn = () => account.beginLogIn(browser, password);
        const end = () => begin(laptop);
        // A copy of the database may lag behind; what `findById` says never does.
        const copy = await site.db.users.findByEmail(ada.email);
        const lagging = vi.spyOn(site.db.users, "findByEmail").mockResolvedValue(copy);
        return {
          first: loginIsFirst ? logIn : end,
          second: loginIsFirst ? end : logIn,
          async afterwards(...answers) {
            lagging.mockRestore();
            const newcomer = await Device.from(site, browser);
            const login = answers[loginIsFirst ? 0 : 1];
            if (login?.status === 401) login.mustSay("invalid_credentials");
            must(
              newcomer || !login?.succeeded,
              `a login that loses against ${name} is told that it succeeded.`,
              answers,
              "Its session has ended before it was answered: it is refused, as one with a wrong password.",
            );
            const evidence: (Answer | string)[] = [
              "meanwhile, db.users.findByEmail answers from a copy that lags behind",
              ...answers,
            ];
            if (name === "logging out everywhere") {
              evidence.push(await account.logOutEverywhere(await account.logIn()).answer);
            }
            const asked = answers[loginIsFirst ? 1 : 0];
            if (name === "a new password" && asked?.succeeded) {
              const me = await laptop.browser.get("/me");
              evidence.push(me);
              must(
                me.status === 200,
                "whoever changes the password is logged out by a login with the old one.",
                evidence,
                "A login that comes too late ends itself, and nobody else: whoever knows the old password must not be able to throw out its owner.",
              );
            }
            if (name === "logging out everywhere") {
              await newcomer?.mustBeOut(
                "the new session can never be ended.",
                evidence,
                "Whatever ends sessions takes out of the index what it has read there, and nothing else: Redis removes single entries.",
              );
            } else {
              await newcomer?.mustBeOut(
                `a login that ${loginIsFirst ? "began before it" : "comes in between"} survives ${name}.`,
                evidence,
                loginIsFirst
                  ? "Once its session is stored, and can be found, a login looks at the user again: it was let in by what may be true no more."
                  : "First comes what keeps others out, the new password or the ban, and then the end of the sessions: whoever logs in between the two is found by it.",
              );
            }
            await undo();
          },
        };
      });
    }
  }
}

/** Whoever ends sessions while others are being ended has to find those that have come since. */
async function endsOverlap({ open }: WorldGoal): Promise<void> {
  const site = await open();
  const account = await Account.at(site);
  await account.endings("a new password");
  await atEveryMoment(site, async () => {
    const [laptop, phone] = [await account.logIn(), await account.logIn()];
    const [browser, password] = [site.browser(), account.password];
    const changeAfterLogin = async () => {
      await account.beginLogIn(browser, password).answer;
      return account.changePassword(phone).answer;
    };
    return {
      first: () => account.logOutEverywhere(laptop),
      second: () => ({ answer: changeAfterLogin() }),
      async afterwards(...answers) {
        if (!answers[1].succeeded) return;
        const newcomer = await Device.from(site, browser);
        await newcomer?.mustBeOut(
          "a login from before a new password survives it, if somebody is logging out everywhere meanwhile.",
          answers,
          "Each end of a user's sessions reads the index anew, once what keeps others out is done: what another one has read before it knows nothing of a login since.",
        );
      },
    };
  });
}

/** What failed is asked for once more, and is done by then. */
async function mustBanAgain(
  account: Account,
  phone: Device,
  evidence: readonly (Answer | string)[],
): Promise<void> {
  const again = await account.ban().answer;
  await account.liftBan();
  if (!again.succeeded) return;
  await phone.mustBeOut(
    "a ban that has failed is asked for once more, and leaves a session.",
    [...evidence, again, "then the ban is lifted"],
    "Whoever is banned already may have sessions still: whatever failed halfway is done to the end by the next attempt. Once the ban is lifted, they would open again.",
  );
}

async function failsHalfway({ open }: WorldGoal): Promise<void> {
  const site = await open();
  const account = await Account.at(site);
  const why =
    "Whoever walks away believes that all sessions have ended: what failed is an error, 500. And an entry goes after its session, so that the next attempt finds what is left.";
  const { users } = site.db;
  const { changePassword } = users;
  // The first: whoever takes it back changes it once more.
  let changed: string | undefined;
  users.changePassword = async (user, password) => {
    const now = await changePassword(user, password);
    if (now) changed ??= password;
    return now;
  };
  for (const { name, begin, undo } of await account.endings()) {
    const attempt = async (): Promise<Attempt> => {
      const [phone, laptop] = [await account.logIn(), await account.logIn()];
      changed = undefined;
      return {
        request: () => begin(laptop),
        async afterwards(answer) {
          const claim = `${name} answers ${answer.status}`;
          const evidence = [answer, "one thing that it asked for was refused"];
          must(answer.succeeded || answer.status >= 500, `${claim}, not 500.`, evidence, why);
          must(
            changed === undefined || (await Device.tryOf(site, ada.email, changed)),
            "an error takes the new password back.",
            evidence,
            "Somebody who changes a password fears that another one knows it. What failed is the end of the sessions: the new password counts, and whoever logs in with it can log out everywhere.",
          );
          if (answer.succeeded) await phone.mustBeOut(`${claim}.`, evidence, why);
          else if (name === "a ban") await mustBanAgain(account, phone, evidence);
          await undo();
          const again = await begin(await account.logIn()).answer;
          must(
            again.succeeded,
            `after ${name} has failed once, the next attempt is answered ${again.status} as well.`,
            [...evidence, "the next time, everything works:", again],
            "What failed is over. Whatever lets one come after the other, a queue or a lock, lets the next one in, however the one before has ended.",
          );
          await undo();
          const next = await account.logOutEverywhere(await account.logIn()).answer;
          const never = `after ${name}, a session cannot be ended any more.`;
          await phone.mustBeOut(never, [...evidence, next], why);
        },
      };
    };
    // What else can fail of the others, fails alike.
    const deletions =
      name === "logging out everywhere" ? undefined : () => site.commands.hold("delete");
    await failingAtEveryMoment(site, attempt, deletions);
  }
}
