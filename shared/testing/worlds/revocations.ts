import { seededUsers } from "../../app/database.ts";
import { Account, Device } from "../account.ts";
import type { Answer } from "../answer.ts";
import { withClock } from "../clock.ts";
import { hashingDuring } from "../hashes.ts";
import type { Site } from "../site.ts";
import { must } from "../verdict.ts";
import { openAfresh } from "./scenes.ts";
import type { World, WorldGoal } from "./world.ts";

const { ada } = seededUsers;
// Whoever looks for a part of an id finds this one, too.
const namesakes = [
  { id: `${ada.id}0`, email: "augusta@example.com", password: "another engine" },
  { id: ada.id.toUpperCase(), email: "byron@example.com", password: "another engine" },
];
// The second number is more than Redis tells in one reply to a ZSCAN, SSCAN or HSCAN.
const devicesOfOne = { usual: 12, many: 140 };

/** Worlds for what ends sessions from elsewhere. */
export const revocations: readonly World[] = [
  { name: "On many devices, at two processes", visit: manyDevices },
  { name: "With passwords of every kind", visit: passwords },
  { name: "Forty days later", visit: longAway },
];

/** Which sessions there are, all processes have to know; whose they are, no new email changes. */
async function manyDevices({ open, redis }: WorldGoal): Promise<void> {
  const site = await open();
  const elsewhere = await open({ db: site.db, newProcess: true });
  const account = await Account.at(site);
  const others: Device[] = [];
  for (const namesake of namesakes) {
    await site.db.users.add({ ...namesake, displayName: "Augusta" });
    others.push(await Device.of(site, namesake));
  }
  for (const [place, { name, begin, undo }] of (await account.endings()).entries()) {
    const count = place === 0 ? devicesOfOne.many : devicesOfOne.usual;
    const devices: Device[] = [];
    while (devices.length < count) {
      devices.push(await account.logIn(devices.length % 2 ? elsewhere : site));
    }
    // The last ones: an app may well say that somebody has ten at most.
    const [tablet, laptop] = devices.slice(-2) as [Device, Device];
    await tablet.browser.post("/auth/logout");
    await site.db.users.update(ada.id, { email: "countess@example.com" });
    const answer = await begin(laptop).answer;
    await site.db.users.update(ada.id, { email: ada.email });
    for (const [n, device] of devices.entries()) {
      await device.mustBeOut(
        `after ${name}, device ${n + 1} of ${devices.length} is still logged in.`,
        ["before, another device logged out", answer],
        "Which sessions somebody has, an index knows that all processes see: in Redis, under what never changes of a user.",
      );
    }
    for (const [i, other] of others.entries()) {
      await other.mustBeIn(
        `${name} logs out somebody whose id ${i === 0 ? "begins alike" : "differs in capitals alone"}.`,
        answer,
        "Each user has an index of their own, and an id is the whole of it, as it is written.",
      );
    }
    const stored = await redis.stored();
    const entry = stored.find(({ value }) => devices.some(({ id }) => value.includes(id)));
    must(
      !entry,
      `after ${name}, the index still knows a session that has ended.`,
      [answer, `${entry?.name} = ${entry?.value}`],
      "Nobody else will ever take it out: whatever ends a session takes its entry along.",
    );
    await undo();
  }
}

async function passwords(goal: WorldGoal): Promise<void> {
  const site = await goal.open();
  await currentPasswords(site);
  await refusedPasswords(await Account.at(site));
  await welcomePasswords(await openAfresh(goal));
}

async function refusedPasswords(account: Account): Promise<void> {
  const laptop = await account.logIn();
  for (const newPassword of [
    "",
    "x".repeat(200),
    "🂡".repeat(19),
    "e\u0301".repeat(4),
    ["a list"],
    null,
    undefined,
  ]) {
    const body = { currentPassword: account.password, newPassword };
    const answer = await laptop.browser.post("/me/password", body);
    answer.mustBe(
      [400, 422],
      `a new password that is ${JSON.stringify(newPassword)} is answered ${answer.status}, not 400.`,
      "A new password is a text of 8 characters at least, and 72 bytes at most.",
    );
  }
}

/** What bcrypt reads whole is welcome; and while it is hashed, others are served. */
async function welcomePasswords(site: Site): Promise<void> {
  const account = await Account.at(site);
  const laptop = await account.logIn();
  for (const newPassword of [
    "ü".repeat(36),
    "cafe\u0301 cafe\u0301",
    "x² + y² = 1",
    "__proto__",
    "🂡".repeat(18),
  ]) {
    let answer!: Answer;
    const { synchronous } = await hashingDuring(async () => {
      answer = await account.changePassword(laptop, newPassword).answer;
    });
    answer.mustBe(
      204,
      `a new password that is ${JSON.stringify(newPassword)} is answered ${answer.status}, not 204.`,
      "Long ones and other scripts are welcome, up to what bcrypt reads whole.",
    );
    must(
      synchronous.length === 0,
      `while a password is changed, nobody else is served: ${synchronous.join(", ")}.`,
      answer,
      "A hash keeps its thread for long. bcrypt's functions that return a Promise use another one.",
    );
    const login = await account.beginLogIn(site.browser(), newPassword.normalize("NFC")).answer;
    login.mustBe(
      200,
      `nobody logs in with ${JSON.stringify(newPassword)} once it is the password.`,
      "It is stored as a login reads it.",
    );
  }
  // The last one has as many bytes as bcrypt reads.
  const cut = account.changePassword(laptop, "difference engine", `${account.password} and more`);
  (await cut.answer).mustBe(
    [400, 401, 422],
    "a current password with more behind it than bcrypt reads is taken for the right one.",
    "bcrypt reads 72 bytes and ignores the rest. What is longer cannot be the password: refuse it, as the login does.",
  );
}

/** The current one may be from before the rules for new ones; it is needed all the same. */
async function currentPasswords(site: Site): Promise<void> {
  const brief = { email: "brief@example.com", password: "abc" };
  await site.db.users.add({ ...brief, displayName: "Brief" });
  const { browser } = await Device.of(site, brief);
  const newPassword = "a longer one";
  for (const currentPassword of [undefined, null, "", [brief.password]]) {
    const answer = await browser.post("/me/password", { currentPassword, newPassword });
    answer.mustBe(
      [400, 401, 422],
      `a new password is taken with ${JSON.stringify(currentPassword) ?? "nothing"} for the current one: ${answer.status}.`,
      "Whoever finds a laptop open must not be able to lock its owner out: the schema insists on the current password, and the handler compares it.",
    );
  }
  const change = { currentPassword: brief.password, newPassword };
  (await browser.post("/me/password", change)).mustBe(
    204,
    "whoever has a password of 3 characters cannot change it.",
    "The rules are for new passwords. Somebody may have had theirs since before there were any: of the current one, only the comparison decides.",
  );
  const guess = { currentPassword: "not this password", newPassword: "another longer one" };
  (await browser.post("/me/password", guess)).mustBe(
    [401, 403, 429],
    "whoever has just changed the password can change it once more without it.",
    "A laptop may be left open a minute after a change. Each change asks for the current password.",
  );
}

/** Of somebody who stays away, nothing stays: neither sessions nor the index of them. */
async function longAway({ open, redis }: WorldGoal): Promise<void> {
  const account = await Account.at(await open());
  await account.endings();
  await withClock(redis, async (pass) => {
    await account.logIn();
    await pass(24 * 40);
    const left = (await redis.keys()).find((key) => key.includes(ada.id));
    must(
      !left,
      `a key of somebody who stayed away is left: ${left}.`,
      `${left} = ${left && (await redis.read(left))}`,
      "An index ends with the last of its sessions: EXPIRE takes seconds.",
    );
  });
}
