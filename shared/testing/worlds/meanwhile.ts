import bcrypt from "bcrypt";
import { vi } from "vitest";
import { createDatabase, seededUsers, type Database, type NewUser } from "../../app/database.ts";
import type { Browser } from "../browser.ts";
import { Actor, Contract, describeAct, knownSince, type Act } from "../contract.ts";
import { atEveryMoment, holdAnswers, holdEverything, interleave, waitsFor } from "../moments.ts";
import { loggedIn } from "../people.ts";
import type { Site } from "../site.ts";
import { pause } from "../time.ts";
import { must, under } from "../verdict.ts";
import {
  askForProfile,
  logIn,
  logOut,
  logOutEverywhere,
  rename,
  settleIn,
  tellStory,
  twoPeople,
  visit,
} from "./scenes.ts";
import type { World, WorldGoal } from "./world.ts";

const { ada, alan, grace } = seededUsers;

/** Worlds in which something else happens at the same time, or at another process. */
export const meanwhile: readonly World[] = [
  {
    name: "At two processes in turn",
    async visit({ open, step }) {
      const site = await open();
      const second = await open({ db: site.db, newProcess: true });
      const browsers: [Browser, Browser] = [site.browser(), site.browser()];
      let turn = 0;
      const before = async () => {
        turn++;
        for (const browser of browsers) browser.moveTo(turn % 2 ? second : site);
      };
      await tellStory(site, step, browsers, { before });
    },
  },
  { name: "At the same moment", visit: sameMoment },
  { name: "While an administrator changes the user", visit: changedMeanwhile },
  { name: "When the user is deleted meanwhile", visit: deletedMeanwhile },
];

/** For one account, whoever begins first: each answer is about the password of its own request. */
async function rightAndWrongPassword({ open }: WorldGoal): Promise<void> {
  const { email, password } = ada;
  const site = await open();
  await site.browser().logIn(ada);
  for (const passwords of [
    [password, "not this password"],
    ["not this password", password],
  ]) {
    const hold = holdEverything(site);
    const logins = [];
    for (const typed of passwords) {
      logins.push(site.browser().begin("POST", "/auth/login", { email, password: typed }));
      // The second one may wait for the first.
      await Promise.race([hold.held(logins.length), pause(40)]);
    }
    hold.release();
    for (const [i, typed] of passwords.entries()) {
      const answer = await logins[i]?.answer;
      if (!answer || answer.status === 429) continue;
      must(
        answer.succeeded === (typed === password),
        typed === password
          ? `the right password is answered ${answer.status}, while somebody else tries a wrong one.`
          : "a wrong password logs in, while somebody else types the right one.",
        answer,
        "Each request is compared by itself: what is found out for one is true of its password alone.",
      );
    }
  }
}

/** Every pair of acts, the second at each moment at which the first waits for something. */
async function sameMoment(goal: WorldGoal): Promise<void> {
  if (goal.step >= 3) await rightAndWrongPassword(goal);
  const { site, people } = await twoPeople(goal);
  const [one, other] = people;
  // Two who are counted alike could be taken for each other.
  await one.doesAll([visit, visit]);
  const asGrace: Act = { does: "log in", as: "grace" };
  const pairs: [Act, Act][] = [
    [visit, visit],
    [logIn, asGrace],
    [{ does: "log in", as: "ada", password: "wrong" }, asGrace],
    [logIn, visit],
    [askForProfile, askForProfile],
    [askForProfile, { does: "rename", to: "Rear Admiral" }],
    [rename, { does: "rename", to: "Rear Admiral" }],
    [rename, askForProfile],
    [askForProfile, logOut],
    [logOut, askForProfile],
    [logOut, visit],
    [rename, logOut],
    [logOutEverywhere, visit],
    [logOutEverywhere, logOutEverywhere],
    [askForProfile, logOutEverywhere],
  ];
  for (const [first, second] of pairs) {
    if (Math.max(knownSince[first.does], knownSince[second.does]) > goal.step) continue;
    const what = `while one ${describeAct(first)} and another one ${describeAct(second)}`;
    await under(what, async () => {
      for (let again = 0; again < 2; again++) {
        const [a, b] = [await one.begin(first), await other.begin(second)];
        await a.settle();
        await b.settle();
        await settleIn(people);
      }
      for (let moment = 1, more = true; more && moment < 12; moment++) {
        const met = await interleave(
          site,
          () => one.begin(first),
          () => other.begin(second),
          moment,
        );
        await met.first.settle();
        await met.second.settle();
        more = met.waited;
        await one.isAsBefore();
        await other.isAsBefore();
        await settleIn(people);
      }
    });
  }
}

/** A request during which somebody else changes the user who sends it. */
interface Change {
  method: string;
  path: string;
  body: unknown;
  /** Has the hash of the password changed as well. */
  withHash?: boolean;
  /** Where, and in whose browser. */
  prepare(): Promise<{ site: Site; browser: Browser }>;
}

async function changedMeanwhile(goal: WorldGoal): Promise<void> {
  const { email, password } = ada;
  await oneChangeMeanwhile(goal, {
    method: "POST",
    path: "/auth/login",
    body: { email, password },
    async prepare() {
      const site = await goal.open({ db: await outgrownHashes() });
      return { site, browser: site.browser() };
    },
  });
  if (goal.step < 4) return;
  const prepare = async () => {
    const { site, people } = await twoPeople(goal);
    return { site, browser: people[0].browser };
  };
  const body = { displayName: "Countess" };
  await oneChangeMeanwhile(goal, { method: "PATCH", path: "/me", body, withHash: true, prepare });
  await renamedByAnotherProgram(goal);
  await renamedWhileLoggingIn(await goal.open());
  if (goal.step < 7) return;
  await oneChangeMeanwhile(goal, {
    method: "POST",
    path: "/me/password",
    body: { currentPassword: password, newPassword: "difference engine" },
    prepare,
  });
  await bannedByAnotherProgram(goal);
}

/** Whoever lets somebody in by what is true at that moment asks about the password, and about nothing else. */
async function renamedWhileLoggingIn(site: Site): Promise<void> {
  const { email, password } = ada;
  const phone = await loggedIn(site, ada);
  let names = 0;
  await atEveryMoment(site, async () => ({
    first: () => site.browser().begin("POST", "/auth/login", { email, password }),
    second: () => phone.begin("PATCH", "/me", { displayName: `Countess ${++names}` }),
    async afterwards(login, rename) {
      must(
        login.succeeded || login.status === 429,
        `the right password is answered ${login.status} when the name changes meanwhile.`,
        [rename, login],
        "Of a user who is looked at again, compare what the login depends on: the hash of the password, and whether there is a ban.",
      );
    },
  }));
}

/** A client that has kept an answer asks whether it is still true. */
async function renamedByAnotherProgram({ open }: WorldGoal): Promise<void> {
  const site = await open();
  const member = await loggedIn(site, ada);
  const { headers } = await member.get("/me");
  await site.db.users.update(ada.id, { displayName: "Countess" });
  const kept = {
    ...(headers.etag && { "If-None-Match": String(headers.etag) }),
    ...(headers["last-modified"] && { "If-Modified-Since": String(headers["last-modified"]) }),
  };
  const answer = await member.get("/me", { headers: kept });
  must(
    answer.status !== 304,
    "GET /me says that nothing has changed, and the name has.",
    [
      "db.users.update({ displayName })",
      ...Object.entries(kept).map((each) => each.join(": ")),
      answer,
    ],
    "Others change the user as well. Express makes the ETag out of the answer itself; one that counts what this process has changed knows of nothing else.",
  );
}

/** It knows of no sessions, and the database is the same. */
async function bannedByAnotherProgram({ open }: WorldGoal): Promise<void> {
  const site = await open();
  const member = await loggedIn(site, ada);
  await site.db.users.ban(ada.id);
  const answer = await member.get("/me");
  must(
    !answer.succeeded,
    "somebody who was banned by another program is still let in.",
    ["db.users.ban", answer],
    "Not every ban comes through this route, and not every session is found by it: `requireAuth` looks the user up at each request, and refuses who is `banned`.",
  );
}

/** A database whose hashes cost less than they should by now: a login may well make a new one. */
async function outgrownHashes(): Promise<Database> {
  const passwordHash = await bcrypt.hash(ada.password, 4);
  return createDatabase({ bcryptCost: 5, people: [{ ...ada, passwordHash }] });
}

async function oneChangeMeanwhile(
  { redis }: WorldGoal,
  { method, path, body, withHash, prepare }: Change,
): Promise<void> {
  const changes = {
    role: "admin",
    email: "a.l@example.com",
    ...(withHash && { passwordHash: await bcrypt.hash("another password", 4) }),
  } as const;
  for (let moment = 1; moment < 10; moment++) {
    // Whoever counts logins has counted another one each time.
    await redis.clear();
    const { site, browser } = await prepare();
    const hold = holdEverything(site);
    const change = browser.begin(method, path, body);
    const answered = await waitsFor(hold, change.answer, moment);
    hold.letOthersPass();
    if (!answered) await site.db.users.update(ada.id, changes);
    hold.release();
    const answer = await change.answer;
    const user = await site.db.users.findById(ada.id);
    await site.close();
    if (answered) return;
    must(
      user?.role === changes.role && user.email === changes.email,
      `${method} ${path} takes back what somebody else changed meanwhile.`,
      [answer, `meanwhile: role → admin, afterwards: ${user?.role}`],
      "Between reading a user and writing it back, others write too. Hand over the fields that change, and nothing else.",
    );
  }
}

/** Between the guard's look and the change, the user goes. */
async function deletedMeanwhile({ open, step }: WorldGoal): Promise<void> {
  const site = await open();
  const actor = new Actor(new Contract(step), site);
  await actor.does(logIn);
  const update = vi.spyOn(site.db.users, "update").mockResolvedValue(undefined);
  const late = await actor.browser.patch("/me", { displayName: "Countess" });
  update.mockRestore();
  must(
    !late.succeeded,
    `PATCH /me answers ${late.status} although nothing was changed.`,
    [late, "db.users.update → undefined: nobody has that id any more"],
    "A success says that the name was changed, and to what. Nothing was: whoever is gone is refused, as the guard does it.",
  );
  must(
    late.status < 500,
    "PATCH /me crashes.",
    [late, "db.users.update → undefined: nobody has that id any more"],
    "`update` resolves to the user as it is now, or to undefined: look before you answer with it.",
  );
  must(
    late.status !== 401 || late.errorCode === "not_authenticated",
    "the refusal does not carry the code not_authenticated.",
    late,
    'The contract knows one 401 here: { error: { code: "not_authenticated" } }.',
  );
  await deletedAndElsewhere(site, step);
  await deletedBesideAnother(site);
  await deletedWhileAsked(site);
  await broughtBack(site);
}

/** Does something while there is no such user; afterwards there is. */
async function whileDeleted<Result>(
  { db: { users } }: Site,
  person: NewUser & { id: string },
  action: () => Promise<Result>,
): Promise<Result> {
  await users.remove(person.id);
  const result = await action();
  await users.add(person);
  return result;
}

/** Whoever was deleted is nobody, on every path: a visitor, who may log in as somebody else. */
async function deletedAndElsewhere(site: Site, step: number): Promise<void> {
  const { email, password } = grace;
  for (const [method, path, body] of [
    ...(step >= 5 ? [["POST", "/auth/logout"] as const] : []),
    ["GET", "/visits"],
    ["GET", "/health"],
    ["POST", "/auth/login", { email, password }],
  ] as const) {
    const browser = await loggedIn(site, alan);
    const answer = await whileDeleted(site, alan, () => browser.begin(method, path, body).answer);
    must(
      answer.status < 500,
      `${answer.route} crashes for somebody who was deleted.`,
      ["the user is deleted, and the browser has the cookie still", answer],
      "Whoever was deleted is nobody any more, and nobody may visit and log in. To end a session, nobody has to be looked up; what has ended one leaves the request without, and `regenerate` makes a new one.",
    );
  }
}

/** Who is looked up together gets an answer of their own. */
async function deletedBesideAnother(site: Site): Promise<void> {
  const [gone, there] = [await loggedIn(site, alan), await loggedIn(site, grace)];
  const [nobody, own] = await whileDeleted(site, alan, () =>
    Promise.all([gone.get("/me"), there.get("/me")]),
  );
  must(
    !nobody.succeeded && (own.data.id === grace.id || !own.succeeded),
    `whoever asks at the same moment as somebody else is ${nobody.succeeded ? "let in" : "taken for somebody"}.`,
    ["a user is deleted", nobody, "at the same moment, another one asks:", own],
    "Of several users that are looked up together, one may be missing: what was found is told apart by its id, and not by its place in the list.",
  );
}

/** What was found before the deletion is found for who asked before it. */
async function deletedWhileAsked(site: Site): Promise<void> {
  const browser = await loggedIn(site, alan);
  const hold = holdAnswers(site, "findById");
  const earlier = browser.begin("GET", "/me");
  await Promise.race([hold.reached, earlier.answer]);
  hold.letOthersPass();
  const answer = await whileDeleted(site, alan, async () => {
    const later = browser.begin("GET", "/me");
    // It may wait for the one before it.
    await Promise.race([later.answer, site.commands.quiet()]);
    hold.release();
    await earlier.answer;
    return later.answer;
  });
  must(
    !answer.succeeded,
    "a request that comes after the deletion joins the look-up of one before, and is let in.",
    ["GET /me asks for the user", "the user is deleted", answer],
    "Each request asks for itself: what another one was told is older than this request.",
  );
}

/** Deleted by mistake, and back from a copy of the database. */
async function broughtBack(site: Site): Promise<void> {
  const browser = await loggedIn(site, grace);
  await whileDeleted(site, grace, () => browser.get("/me"));
  const { email, password } = grace;
  const login = await browser.post("/auth/login", { email, password });
  const me = await browser.get("/me");
  must(
    login.status === 200 && me.status === 200,
    "somebody who was deleted by mistake, and is back, is kept out.",
    [login, me],
    "Who exists is known to the database alone, and changes. Ask it at each request.",
  );
}
