import bcrypt from "bcrypt";
import { seededUsers } from "../app/database.ts";
import type { WorldName } from "../runner/trials.ts";
import type { Answer } from "./answer.ts";
import type { Browser } from "./browser.ts";
import { fullRedis, kindOf } from "./commands.ts";
import {
  Actor,
  Contract,
  describeAct,
  knownSince,
  story,
  type Act,
  type Disguise,
} from "./contract.ts";
import { sessionIdIn } from "./cookies.ts";
import { tellAddress } from "./connections.ts";
import type { Goal } from "./goals.ts";
import { encounters } from "./encounters.ts";
import { explore } from "./explorer.ts";
import { hashingDuring } from "./hashes.ts";
import { crowds } from "./crowds.ts";
import { later } from "./later.ts";
import { impostors } from "./impostors.ts";
import { holdEverything, impatiently, interleave, loseAnswers, waitsFor } from "./moments.ts";
import { processorMs } from "./processor-time.ts";
import { revocations } from "./revocations.ts";
import { sessionKeyOf } from "./session-keys.ts";
import type { Site } from "./site.ts";
import { pause } from "./time.ts";
import { must, under } from "./verdict.ts";
import { grownKey } from "./work.ts";

/**
 * Circumstances that must change nothing: what a step promises, it promises there as well. Which step
 * lives in which, `shared/runner/trials.ts` says.
 */
export interface World {
  /** Begins the first line of the message: "Among other cookies: …". */
  name: WorldName;
  visit(goal: WorldGoal): Promise<void>;
}

/** What a world may ask for. */
export interface WorldGoal extends Pick<Goal, "ground" | "open" | "openRelay" | "redis"> {
  step: number;
}

const { ada, alan, grace } = seededUsers;
const mostLooks = 2_000;

const visit: Act = { does: "visit" };
const logIn: Act = { does: "log in", as: "ada" };
const askForProfile: Act = { does: "ask for the profile" };
const rename: Act = { does: "rename", to: "Countess" };
const logOut: Act = { does: "log out" };
const logOutEverywhere: Act = { does: "log out everywhere" };
const changePassword: Act = { does: "change the password", to: "difference engine" };
const banOfAlan = `/admin/users/${alan.id}/ban`;

export const worlds: readonly World[] = [
  {
    name: "For a program that is no browser",
    async visit({ open, step }) {
      const site = await open();
      // An app may insist on what every browser sends.
      const { email, password } = ada;
      const login = await site.program().post("/auth/login", { email, password });
      if (login.status === 403) return;
      await tellStory(site, step, [site.program(), site.program()]);
    },
  },
  {
    name: "In production, behind TLS",
    visit: async ({ open, step }) => tellStory(await open({ env: "production" }), step),
  },
  {
    name: "Among other cookies",
    async visit({ open, step }) {
      const site = await open();
      const before = "theme=dark; _ga=GA1.1.1; cart=s%3Aabc.def; odd=%E0%A4%A; empty=; visits=41";
      // A number that the app has put into a cookie is anybody's to change.
      const cookie = (own: string) =>
        [before, own.replaceAll(/=\d{1,6}(?=;|$)/g, "=41"), "z=1; sid2=x; count=41"]
          .filter(Boolean)
          .join("; ");
      await tellStory(site, step, [site.browser(), site.browser()], { cookie });
    },
  },
  { name: "Written in another way", visit: otherSpellings },
  { name: "By another method", visit: otherMethods },
  ...later,
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
  { name: "While an administrator changes the user", visit: meanwhile },
  { name: "While the user is deleted", visit: deletedMeanwhile },
  { name: "The hundredth time", visit: hundredthTime },
  { name: "After a change of the password", visit: changedPassword },
  { name: "With the word that stands in for a password", visit: standIn },
  { name: "Logging in once more in the same browser", visit: loginAgain },
  { name: "With inputs of every kind", visit: inputs },
  { name: "From a page of another site", visit: otherSites },
  { name: "With a slow Redis", visit: slowRedis },
  { name: "Told that it failed", visit: lostAnswers },
  { name: "With a Redis that refuses", visit: refusingRedis },
  { name: "With a session that cannot be ended", visit: endlessSession },
  { name: "With a database that fails", visit: failingDatabase },
  { name: "With an address of Redis that has everything in it", visit: wholeAddress },
  { name: "After a long outage of Redis", visit: longOutage },
  ...crowds,
  ...impostors,
  ...revocations,
  ...encounters,
  {
    name: "In a sequence that nobody listed",
    visit: (goal) => explore(goal, Number(process.env.EXPLORE_SEED) || undefined),
  },
];

/** Lets two people live through the story, both in the same circumstances. */
async function tellStory(
  site: Site,
  step: number,
  [one, other]: [Browser, Browser] = [site.browser(), site.browser()],
  disguise?: Disguise,
): Promise<void> {
  const contract = new Contract(step);
  await story(new Actor(contract, site, one, disguise), new Actor(contract, site, other, disguise));
}

/** Two people at a new site, logged in as far as the step knows it. */
async function twoPeople({
  open,
  step,
}: WorldGoal): Promise<{ site: Site; people: [Actor, Actor] }> {
  const site = await open();
  const contract = new Contract(step);
  const people: [Actor, Actor] = [new Actor(contract, site), new Actor(contract, site)];
  await settleIn(people);
  for (const person of people) await person.does(visit);
  return { site, people };
}

async function settleIn([one, other]: [Actor, Actor]): Promise<void> {
  if (one.contract.step >= 3 && one.who !== "ada") await one.doesAll([logIn, visit]);
  if (one.contract.step >= 3 && other.who !== "grace") {
    await other.doesAll([{ does: "log in", as: "grace" }, visit]);
  }
}

/** Every pair of acts, the second at each moment at which the first waits for something. */
async function sameMoment(goal: WorldGoal): Promise<void> {
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

async function meanwhile(goal: WorldGoal): Promise<void> {
  const changes: [method: string, path: string, body: unknown][] = [
    ["PATCH", "/me", { displayName: "Countess" }],
  ];
  if (goal.step >= 7) {
    const body = { currentPassword: ada.password, newPassword: "difference engine" };
    changes.push(["POST", "/me/password", body]);
  }
  for (const change of changes) await changeMeanwhile(goal, change);
}

async function changeMeanwhile(
  goal: WorldGoal,
  [method, path, body]: [method: string, path: string, body: unknown],
): Promise<void> {
  for (let moment = 1; moment < 10; moment++) {
    const { site, people } = await twoPeople(goal);
    const [one] = people;
    const hold = holdEverything(site);
    const change = one.browser.begin(method, path, body);
    const answered = await waitsFor(hold, change.answer, moment);
    hold.letOthersPass();
    if (!answered) await site.db.users.update(ada.id, { role: "admin", email: "a.l@example.com" });
    hold.release();
    const answer = await change.answer;
    const user = await site.db.users.findById(ada.id);
    await site.close();
    if (answered) return;
    must(
      user?.role === "admin" && user.email === "a.l@example.com",
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
  const { update } = site.db.users;
  site.db.users.update = () => Promise.resolve(undefined);
  const late = await actor.browser.patch("/me", { displayName: "Ada" });
  site.db.users.update = update;
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
}

async function otherSpellings({ open, step }: WorldGoal): Promise<void> {
  const site = await open();
  const contract = new Contract(step);
  const member = new Actor(contract, site);
  await member.doesAll([visit, logIn]);
  const stranger = new Actor(contract, site);
  await stranger.does(visit);
  const spellings = (path: string) => [
    `${path}/`,
    path.toUpperCase(),
    `${path}/?x=/health`,
    `/${path}`,
    `/%${path.charCodeAt(1).toString(16)}${path.slice(2)}`,
    `${path};/visits`,
    `${path}/health`,
    `${path}/../health`,
    `${path}%2fhealth`,
    `/health/..${path}`,
    `${path}?from=/health&next=/auth/login&to=/visits`,
    `${path}?${"/visits".repeat(3)}`,
  ];
  for (const path of spellings("/me")) {
    for (const [method, body] of [["GET"], ["PATCH", { displayName: "Mallory" }]] as const) {
      const answer = await stranger.browser.begin(method, path, body).answer;
      must(
        answer.status < 500,
        `${answer.route} crashes for somebody who is not logged in.`,
        answer,
        "However an address is written, whoever is not logged in is stopped by the guard. Put it on the route, where Express has understood the address; not on a list of texts.",
      );
      must(
        // Some of them lead elsewhere, or to a page.
        !answer.succeeded || answer.data.ok === true || answer.body === undefined,
        `${answer.route} lets in somebody who is not logged in.`,
        answer,
        "However an address is written, it leads through the guard. Put it on the route, where Express has understood the address; not on a list of texts.",
      );
    }
  }
  const headers = { Accept: "text/html,application/xhtml+xml", "Sec-Fetch-Mode": "navigate" };
  const typed = await stranger.browser.get("/me", { headers });
  typed.mustBe(
    401,
    `GET /me answers ${typed.status}, not 401, when its address is typed into a browser.`,
    "The contract knows one answer for somebody who is not logged in, whatever the client would like to read.",
    `with Accept: ${headers.Accept}`,
  );
  if (step < 5) return;
  for (const path of [
    "/auth/logout/x",
    "/auth/logoutx",
    "/auth/logout/../../health",
    "/x/auth/logout",
  ]) {
    const answer = await member.browser.begin("POST", path).answer;
    await mustStayLoggedIn(member, answer);
  }
  if (step < 7) return;
  for (const path of ["/auth/logout-all/x", "/auth/logout-allx", "/x/auth/logout-all"]) {
    await mustStayLoggedIn(member, await member.browser.post(path));
  }
  for (const path of spellings(banOfAlan)) {
    for (const { browser } of [member, stranger]) {
      const answer = await browser.post(path);
      const user = await site.db.users.findById(alan.id);
      must(
        !user?.banned,
        `${answer.route} bans for somebody who is no administrator.`,
        answer,
        "However an address is written, both guards stand before the route.",
      );
    }
  }
}

async function otherMethods({ open, step }: WorldGoal): Promise<void> {
  const site = await open();
  const contract = new Contract(step);
  const member = new Actor(contract, site);
  await member.doesAll([visit, logIn]);
  const { email, password } = ada;
  const inAddress = new URLSearchParams({ email, password }).toString();
  const guest = site.browser();
  const login = await guest.get(`/auth/login?${inAddress}`);
  must(
    !(await guest.sessionCookie()),
    "GET /auth/login logs in, with the password in the address.",
    login,
    "Addresses stand in histories, logs and links. A login is a POST, and its password in the body.",
  );
  if (step >= 4) await mustRefuseHead(site.browser());
  const own: Record<string, string[]> = {
    "/auth/login": ["POST"],
    ...(step >= 4 && { "/me": ["GET", "HEAD", "PATCH"] }),
    ...(step >= 5 && { "/auth/logout": ["POST"] }),
    ...(step >= 7 && {
      "/auth/logout-all": ["POST"],
      "/me/password": ["POST"],
      [banOfAlan]: ["POST", "DELETE"],
    }),
  };
  for (const [path, methods] of Object.entries(own)) {
    for (const method of ["GET", "HEAD", "OPTIONS", "PUT", "DELETE", "PATCH", "POST"]) {
      if (methods.includes(method)) continue;
      const answer = await member.browser.begin(method, path).answer;
      must(
        answer.status < 500 || answer.status === 501,
        `${answer.route} crashes.`,
        answer,
        "A method that a route does not know is none of its business: 404 or 405.",
      );
      if (step >= 4) await mustStayLoggedIn(member, answer);
      const stranger = await site.browser().begin(method, path).answer;
      must(
        !(stranger.succeeded && /@example\.com/.test(stranger.text)),
        `${stranger.route} lets in somebody who is not logged in.`,
        stranger,
        "The guard stands before every method of a personal route.",
      );
    }
  }
}

/** HEAD is answered by the handler of GET, unless somebody stops it. */
async function mustRefuseHead(stranger: Browser): Promise<void> {
  const head = await stranger.begin("HEAD", "/me").answer;
  must(
    !head.succeeded,
    "HEAD /me lets in somebody who is not logged in.",
    head,
    "Express answers HEAD with the handler of GET. The guard stands before the route, whatever the method.",
  );
}

async function mustStayLoggedIn(member: Actor, answer: Answer): Promise<void> {
  const me = await member.browser.get("/me");
  must(
    me.status === 200,
    `${answer.route} logs out.`,
    [answer, me],
    "Only POST /auth/logout does. Browsers, crawlers and pages of other sites send the other methods and spellings on their own.",
  );
}

/** Much of everything: it still counts rightly, it tells nobody who has an account, and nothing grows. */
async function hundredthTime(goal: WorldGoal): Promise<void> {
  const { open, redis, step } = goal;
  const site = await open();
  const contract = new Contract(step);
  const visitor = new Actor(contract, site);
  for (let count = 0; count < 40; count++) await visitor.does(visit);
  if (step < 3) return;

  const round = async (actor: Actor) => {
    await actor.does({ does: "log in", as: "alan" });
    if (actor.who) await actor.does(visit);
    if (step >= 5 && actor.who) await actor.does(logOut);
  };
  const regular = new Actor(contract, site);
  for (let count = 0; count < 8; count++) await round(regular);
  const early = await redis.contents();
  for (let count = 0; count < 16; count++) await round(regular);
  const late = await redis.contents();
  const growing = grownKey(early, late, 150);
  must(
    !growing,
    `A key grows with every login: ${growing?.name}.`,
    `${growing?.name} = ${growing?.value.slice(0, 200)} …`,
    "What is added for a session has to go when the session goes, or it stays for good: take it out when the session ends, and what has run out of time whenever you look.",
  );
  const sessions = (keys: Map<string, string>) =>
    [...keys].filter(([, value]) => value.includes(seededUsers.alan.id));
  must(
    sessions(late).length < sessions(early).length + 12,
    "Every login leaves a key behind.",
    sessions(late)
      .slice(-5)
      .map(([name, value]) => `${name} = ${value.slice(0, 120)}`),
    "The session of before is replaced, and nobody will ever ask for it again.",
  );

  for (let guess = 1; guess <= 25; guess++) {
    const [known, unknown] = await Promise.all(
      [grace.email, "nobody@example.com"].map((email) =>
        site.browser().post("/auth/login", { email, password: "not this password" }),
      ),
    );
    must(
      known?.status === unknown?.status && known?.text === unknown?.text,
      `After ${guess} wrong passwords, the answer tells a known email from an unknown one.`,
      [known ?? "", unknown ?? ""],
      "Whoever can tell the two apart learns who has an account here. What is counted, delayed or locked is so for every email alike.",
    );
  }
}

async function inputs({ open, step }: WorldGoal): Promise<void> {
  const site = await open();
  await typedEmails(site);
  await nearMisses(site);
  const odd: unknown[] = [
    null,
    true,
    0,
    [],
    {},
    [[["deep"]]],
    { $gt: "" },
    { toString: "x" },
    "",
    " ",
    "\u0000",
    "ada@example.com\u0000",
    "%00",
    "__proto__",
    "constructor",
    "ⓐda@example.com",
    "\ud800",
    "' OR 1=1 --",
    "*",
    "x".repeat(300),
  ];
  await otherKeyboards(site);
  const asText = { rawBody: JSON.stringify(credentialsOf(ada)), contentType: "text/plain" };
  const plain = await site.browser().post("/auth/login", undefined, asText);
  must(
    !plain.succeeded,
    "JSON that calls itself text/plain logs in.",
    [plain, "Content-Type: text/plain"],
    "A form may send text/plain anywhere without asking, and leave your user in the account of somebody else, who reads along. A browser asks first (CORS) before it sends application/json for another site.",
  );
  const long = laboriousLengths.flatMap(laborious);
  for (const email of long) {
    await mustRefuse(site.browser(), "POST", "/auth/login", { email, password: ada.password });
  }
  for (const value of odd) {
    for (const body of [
      { email: value, password: ada.password },
      { email: ada.email, password: value },
      value,
    ]) {
      await mustRefuse(site.browser(), "POST", "/auth/login", body);
    }
  }
  if (step < 4) return;
  const member = new Actor(new Contract(step), site);
  await member.does(logIn);
  for (const value of [...long, ...odd]) {
    const characters = typeof value === "string" ? value.trim().length : 0;
    if (characters >= 1 && characters <= 80) continue;
    await mustRefuse(member.browser, "PATCH", "/me", { displayName: value });
    if (odd.includes(value)) await mustRefuse(member.browser, "PATCH", "/me", value);
  }
  await oddNames(site, member.browser);
  if (step < 7) return;
  const administrator = new Actor(member.contract, site);
  await administrator.does({ does: "log in", as: "grace" });
  for (const value of [...laborious(28), ...laborious(2_000), ...odd]) {
    for (const body of [
      { currentPassword: value, newPassword: "difference engine" },
      ...(odd.includes(value) ? [value] : []),
    ]) {
      await mustRefuse(member.browser, "POST", "/me/password", body);
    }
    if (typeof value !== "string" || value === "\ud800" || value.length > 2_000) continue;
    const ban = `/admin/users/${encodeURIComponent(value)}/ban`;
    await mustRefuse(administrator.browser, "POST", ban, undefined);
  }
}

/** Whatever becomes of a name on its way, what is stored is one, and what the answer says. */
async function oddNames(site: Site, member: Browser): Promise<void> {
  for (const displayName of [
    "<b></b>",
    "Smith & Sons",
    "\ufdfa".repeat(80),
    "O'Hara & So\u0308hne",
    "Ζωή",
  ]) {
    const answer = await member.patch("/me", { displayName });
    if (!answer.succeeded) continue;
    const stored = (await site.db.users.findById(ada.id))?.displayName ?? "";
    const characters = [...stored].length;
    must(
      stored === displayName || !/^[\w &]+$/.test(displayName),
      `PATCH /me stores another name than ${displayName}.`,
      [answer, `displayName in the database: ${JSON.stringify(stored)}`],
      "A name is stored as it is. What a page has to write in another way is the matter of the page: escaped twice, it is shown wrong, and escaped here, it is wrong everywhere else.",
    );
    must(
      characters >= 1 && characters <= 80 && answer.data.displayName === stored,
      `PATCH /me stores a name of ${characters} characters.`,
      [answer, `displayName in the database: ${JSON.stringify(stored.slice(0, 100))}`],
      "Whatever is done to a text comes before it is counted: what is taken away or spelled out afterwards is stored unchecked.",
    );
  }
}

/** Slips of the finger are forgiven; whatever else differs is another address. */
async function typedEmails(site: Site): Promise<void> {
  const email = "\tADA@example.com ";
  const typed = await site.browser().post("/auth/login", { email, password: ada.password });
  must(
    typed.data.email === ada.email,
    "the answer to a login repeats the email as it was typed.",
    typed,
    "The contract says who logged in: { id, email } of the user who was found.",
  );
  const other = { email: "ada+work@example.com", password: "another engine" };
  const { id } = await site.db.users.add({ ...other, displayName: "Ada at work" });
  const atWork = await site.browser().post("/auth/login", other);
  must(
    atWork.status === 200 && atWork.data.id === id,
    "ada+work@example.com is taken for somebody else.",
    atWork,
    "Capitals and blanks are slips of the finger. Whatever else differs in an email is another address, and another account.",
  );
}

/** One keyboard sends an é as one character, another as two; a ² is no 2. */
async function otherKeyboards(site: Site): Promise<void> {
  const few = { email: "few@example.com", password: "é".repeat(5) };
  const accents = { email: "accents@example.com", password: "é".repeat(30) };
  const square = { email: "square@example.com", password: "x² + y² = 1" };
  for (const person of [few, accents, square]) {
    await site.db.users.add({ ...person, displayName: "Typist" });
  }
  const apart = ({ email, password }: typeof few) =>
    site.browser().post("/auth/login", { email, password: password.normalize("NFD") });
  // What is not brought into one form at all is no matter of the order.
  const isNormalized = (await apart(few)).succeeded;
  const typed = [
    { ...accents, ...(isNormalized && { password: accents.password.normalize("NFD") }) },
    { ...square },
    { ...square, password: square.password.normalize("NFKC") },
  ];
  for (const [i, body] of typed.entries()) {
    const answer = await site.browser().post("/auth/login", body);
    const lookAlike = i === 2;
    if (answer.status === 429) continue;
    must(
      answer.succeeded !== lookAlike,
      lookAlike
        ? "a password with 2 for ² logs in."
        : `the right password, ${i ? "with a ²" : "typed with another keyboard"}, is answered ${answer.status}.`,
      answer,
      "NFC makes one form of what looks the same, and is applied before the bytes are counted. NFKC goes further: it takes ² for 2, and so other passwords for the right one.",
    );
  }
}

/** What a process remembers of a password goes stale. */
async function changedPassword({ open }: WorldGoal): Promise<void> {
  const site = await open();
  const { email, password } = grace;
  const logInAgain = () => site.browser().post("/auth/login", { email, password });
  (await logInAgain()).orNotJudged(200, "nobody can log in");
  const passwordHash = await bcrypt.hash("a newer engine", site.db.bcryptCost);
  await site.db.users.update(grace.id, { passwordHash });
  const outdated = await logInAgain();
  outdated.mustBe(
    401,
    outdated.succeeded
      ? "the old password still logs in."
      : `the old password answers ${outdated.status}, not 401.`,
    "The database knows the password; what a process remembers of it goes stale. Compare with the hash that is stored now.",
  );
}

/** A text that is hashed at each start of the app is one that everybody can read in its source. */
async function standIn({ open }: WorldGoal): Promise<void> {
  const nobody = "nobody@example.com";
  const start = async () => {
    const { texts } = await hashingDuring(async () => {
      const site = await open({ newProcess: true });
      await site.browser().post("/auth/login", { email: nobody, password: "guessed" });
    });
    return texts;
  };
  const [once, again] = [await start(), await start()];
  const site = await open();
  for (const password of once.filter((text) => again.includes(text))) {
    const answer = await site.browser().post("/auth/login", { email: nobody, password });
    answer.mustBe(
      [401, 400],
      `an unknown email logs in, or nearly: it is answered ${answer.status}.`,
      `Everybody can read in the source what the decoy was made of. Make it of something random, and let nobody in whom the database does not know, whatever the comparison says.`,
      "for an unknown email with that word",
    );
  }
}

/** Whoever logs in once more gets a new id, and leaves no session behind. */
async function loginAgain({ open, redis }: WorldGoal): Promise<void> {
  const site = await open();
  const browser = site.browser();
  for (const person of [grace, grace, ada]) {
    const before = await browser.sessionId();
    const key = before && (await sessionKeyOf(site, redis, () => browser.get("/visits")));
    const login = await browser.logIn(person);
    const left = key && (await redis.read(key));
    must(
      before === undefined || before !== (await browser.sessionId()),
      "a login keeps the session id from before.",
      login,
      "Somebody may have planted that id, logged in with an account of their own. A fresh id at every login makes it worthless, whoever was logged in before.",
    );
    must(
      !left || !left.includes(grace.id),
      "whoever was logged in before stays logged in, under the session id from before.",
      [login, `${key} = ${left}`],
      "The browser has forgotten that id, Redis has not: no logout reaches the session any more, and a copy of the old cookie works until it expires. `regenerate` deletes the session that it replaces.",
    );
  }
}

function credentialsOf({ email, password }: { email: string; password: string }) {
  return { email, password };
}

/** What is not quite a password, for somebody and for nobody. */
async function nearMisses(site: Site): Promise<void> {
  const { password } = ada;
  const typed = {
    "somebody else's password": grace.password,
    "the password in capitals": password.toUpperCase(),
    "the password with a blank at its end": `${password} `,
    "the start of the password": password.slice(0, -1),
    "an empty password": "",
    "the hash itself": (await site.db.users.findByEmail(ada.email))?.passwordHash ?? "",
  };
  for (const [what, guess] of Object.entries(typed)) {
    for (const email of [ada.email, "nobody@example.com"]) {
      const answer = await site.browser().post("/auth/login", { email, password: guess });
      // After some failures, an app may well ask to wait.
      answer.mustBe(
        [401, 400, 429],
        `${what} ${answer.succeeded ? "logs in" : `is answered ${answer.status}`}.`,
        "A password is compared exactly as it was typed, through `bcrypt.compare`, with the hash of that user; whatever stands in for a user who was not found must never be able to log in.",
      );
    }
  }
  const spaced = { email: "spaced@example.com", password: "  blanks around it " };
  await site.db.users.add({ ...spaced, displayName: "Spaced" });
  const whole = await site.browser().post("/auth/login", spaced);
  must(
    whole.status === 200 || whole.status === 429,
    "a password with blanks around it is refused.",
    whole,
    "Blanks belong to a password as all other characters do. Trim the email, and leave the password as it was typed.",
  );
}

// Eight times the work from one to the next, first where it doubles with each character, then where it
// grows with the square of their number: the first that is too much comes to an end all the same.
const laboriousLengths = [16, 19, 22, 25, 28, 31, 40, 300, 2_000, 20_000];

/** What makes an expression that backtracks, or a loop in a loop, work for long. */
function laborious(length: number): string[] {
  const many = "a".repeat(length);
  return [
    `${many}!`,
    `${many}@`,
    `${"a.".repeat(length / 2)}!`,
    `a@${many}!`,
    `a@${"a.".repeat(length / 2)}!`,
    `a@${"a-".repeat(length / 2)}`,
    `${" ".repeat(length)}x${" ".repeat(length)}!`,
  ];
}

async function mustRefuse(
  browser: Browser,
  method: "POST" | "PATCH",
  path: string,
  body: unknown,
): Promise<void> {
  const before = processorMs();
  const answer = await browser.begin(method, path, body, { withinMs: 60_000 }).answer;
  const workMs = processorMs() - before;
  must(
    workMs < 400,
    `${answer.route} works for ${Math.round(workMs)} ms on a text of ${answer.request.body?.length} characters, and nobody else is served meanwhile.`,
    answer,
    "A pattern that can match the same text in many ways tries them all before it gives up: a little more text, and the server stands still for hours. Let zod's `z.email()` look at emails, and limit the length first.",
  );
  must(
    answer.status < 500,
    `${answer.route} crashes at what it was sent.`,
    answer,
    "Whatever arrives is somebody else's choice. Check its shape before you use it.",
  );
  must(
    !answer.succeeded,
    `${answer.route} accepts what is none of the contract.`,
    answer,
    "A schema says what is let in; everything else is refused.",
  );
}

async function otherSites({ open, step }: WorldGoal): Promise<void> {
  for (const env of ["development", "production"] as const) {
    const site = await open({ env });
    if (step >= 7) await revocationsFromOtherSites(site);
    const { email, password } = ada;
    // A page can send these without asking first: anything else takes a preflight.
    for (const headers of [
      { Origin: "https://mallory.example", "Sec-Fetch-Site": "cross-site" },
      { Origin: site.origin.replace("://", "://blog."), "Sec-Fetch-Site": "same-site" },
    ]) {
      for (const [contentType, rawBody] of [
        ["application/x-www-form-urlencoded", new URLSearchParams({ email, password }).toString()],
        ["text/plain", JSON.stringify({ email, password })],
      ] as const) {
        const victim = site.browser();
        const login = await victim.post("/auth/login", undefined, {
          rawBody,
          contentType,
          headers,
        });
        must(
          !login.succeeded && !(await victim.sessionCookie()),
          "A form of another site logs people in.",
          [`Origin: ${headers.Origin}`, `Content-Type: ${contentType}`, login],
          "Whoever is logged in to somebody else's account tells it what they would tell their own: addresses, cards, searches. Refuse what another site sends before you look at it.",
        );
      }
    }
  }
}

/** Under SameSite=Lax a neighbouring subdomain's page still sends the cookie along. */
async function revocationsFromOtherSites(site: Site): Promise<void> {
  const administrator = site.browser();
  await administrator.logIn(grace);
  const body = { currentPassword: grace.password, newPassword: "difference engine" };
  const Origin = site.origin.replace("://", "://blog.");
  for (const [method, path] of [
    ["POST", banOfAlan],
    ["DELETE", banOfAlan],
    ["POST", "/me/password"],
    ["POST", "/auth/logout-all"],
  ] as const) {
    const headers = { Origin, "Sec-Fetch-Site": "same-site" };
    const answer = await administrator.begin(method, path, body, { headers }).answer;
    must(
      answer.status === 403 || answer.status === 501,
      `A page of another site can send ${method} ${path}: the answer is ${answer.status}, not 403.`,
      [`Origin: ${Origin}`, answer],
      "The browser of an administrator who reads that page sends the cookie along. Routes that change something stand behind `refuseOtherSites`.",
    );
  }
}

/** The app's own patience may end; what it then answers has to be true. */
async function slowRedis(goal: WorldGoal): Promise<void> {
  await farAway(goal);
  const { open, redis, step } = goal;
  for (const act of [logIn, logOut, logOutEverywhere]) {
    if (knownSince[act.does] > step) continue;
    for (const kind of ["store", "delete"] as const) {
      const site = await open();
      const browser = site.browser();
      await browser.get("/visits");
      if (act !== logIn) await browser.logIn(ada);
      const cookie = await browser.cookieHeader();
      const hold = site.commands.hold(kind);
      const route = `/auth/${act === logIn ? "login" : act === logOut ? "logout" : "logout-all"}`;
      const body = act === logIn ? { email: ada.email, password: ada.password } : undefined;
      const early = await impatiently(async () => {
        const { answer } = browser.begin("POST", route, body, { withinMs: 1e7 });
        await Promise.race([answer, hold.reached]);
        return Promise.race([answer, pause(40).then(() => undefined)]);
      });
      const stored = async () => (await redis.keys()).length;
      const whenAnswered = await stored();
      hold.letOthersPass();
      const replay =
        early?.succeeded && step >= 4
          ? await site.browser().get("/me", { headers: { Cookie: cookie } })
          : undefined;
      hold.release();
      await site.commands.quiet();
      const afterwards = await stored();
      await site.close();
      if (!early?.succeeded) continue;
      const evidence = [String(early), "the command is still on its way to Redis"];
      must(
        act === logIn || replay?.status !== 200,
        "a logout is answered with success before the session is gone.",
        [...evidence, replay ?? ""],
        "Whoever gives up waiting does not know what became of it: that is an error, 5xx, and not a success. The old cookie still works.",
      );
      must(
        act !== logIn || kind !== "store" || afterwards <= whenAnswered,
        "a login is answered with success before the session is stored.",
        evidence,
        "Whoever gives up waiting does not know what became of it: that is an error, 5xx, and not a success.",
      );
    }
  }
}

/** A Redis of another city: each of its answers takes as long as a packet needs. */
async function farAway({ open, openRelay, ground }: WorldGoal): Promise<void> {
  const relay = await openRelay();
  relay.latencyMs = 40;
  const site = await open({ redisUrl: relay.through(ground.redisUrl) });
  const browser = site.browser();
  const visits = [await browser.get("/visits"), await browser.get("/visits")];
  const last = visits.at(-1);
  must(
    last?.data.visits === 2,
    `a visitor is not remembered when Redis takes ${2 * relay.latencyMs} ms to answer${patienceOf(site)}.`,
    [...visits, ...site.commands.refusals],
    "The network takes its time. ioredis counts `commandTimeout` in milliseconds: two seconds are 2_000.",
  );
  await site.close();
}

function patienceOf({ commands, redis }: Site): string {
  return commands.refusals.includes("Command timed out")
    ? `: the connection gives up on Redis, commandTimeout is ${redis.options.commandTimeout} ms`
    : "";
}

/** Redis has done it, and the answer is lost: whoever is told that it failed is nobody, now and later. */
async function lostAnswers({ open, redis, step }: WorldGoal): Promise<void> {
  const site = await open();
  const browser = site.browser();
  await browser.get("/visits");
  const restore = loseAnswers(site, "store");
  const { email, password } = ada;
  const login = await browser.post("/auth/login", { email, password });
  restore();
  await site.redis.ping();
  if (login.status < 500) return;
  for (const { name, value } of login.setCookies) {
    const id = sessionIdIn(value);
    if (!id) continue;
    const keys = [...(await redis.contents())].filter(([key]) => key.includes(id));
    const headers = { Cookie: `${name}=${value}` };
    const me = step >= 4 ? await site.browser().get("/me", { headers }) : undefined;
    must(
      !keys.some(([, stored]) => stored.includes(ada.id)) && me?.status !== 200,
      `a login is answered ${login.status}, and its cookie is logged in all the same.`,
      [login, "SET is done, and its answer did not arrive", me ?? "", ...keys.map(String)],
      "Whoever reads an error believes to be nobody, and walks away. Hand out no cookie with it: let the error of `save` reach the error handler, and forget the session.",
    );
  }
}

async function refusingRedis({ open, step }: WorldGoal): Promise<void> {
  const site = await open();
  const contract = new Contract(step);
  const cases: [Act, "read" | "store" | "delete"][] = [
    [logIn, "store"],
    [logIn, "read"],
    [askForProfile, "read"],
    [rename, "read"],
    [logOut, "read"],
    [logOut, "delete"],
    [logOutEverywhere, "read"],
    [logOutEverywhere, "delete"],
    [changePassword, "delete"],
  ];
  for (const [act, kind] of cases) {
    if (knownSince[act.does] > step) continue;
    const actor = new Actor(contract, site);
    await actor.does(visit);
    if (knownSince[act.does] > 3) await actor.does(logIn);
    const before = site.commands.sent.length;
    site.commands.fail(kind);
    const { answer } = await actor.begin(act);
    const given = await answer;
    await site.commands.quiet();
    site.commands.releaseAll();
    const refused = site.commands.sent.slice(before).some((command) => kindOf(command) === kind);
    must(
      !refused || given.status >= 500,
      `${given.route} answers ${given.status} although Redis refused to ${kind} the session.`,
      [given, fullRedis],
      "What could not be done is not done: an error of the store has to reach the error handler.",
    );
    if (kind === "read" && knownSince[act.does] > 3) await actor.isAsBefore();
  }
}

/** Whoever does not wait for the end of a session never hears that Redis refused it: the error escapes. */
async function endlessSession({ open }: WorldGoal): Promise<void> {
  const site = await open();
  const leaving = site.browser();
  await leaving.logIn(grace);
  await site.db.users.remove(grace.id);
  site.commands.fail("delete");
  const refusal = await leaving.get("/me");
  await site.commands.quiet();
  site.commands.releaseAll();
  must(
    !refusal.succeeded,
    "a deleted user is let in when the session cannot be ended.",
    refusal,
    "401 or 500, but never the profile.",
  );
}

async function failingDatabase({ open, step }: WorldGoal): Promise<void> {
  const site = await open();
  const contract = new Contract(step);
  const { users } = site.db;
  for (const [act, method] of [
    [logIn, "findByEmail"],
    [askForProfile, "findById"],
    [rename, "findById"],
    [rename, "update"],
    [changePassword, "changePassword"],
  ] as const) {
    if (knownSince[act.does] > step) continue;
    const actor = new Actor(contract, site);
    if (act !== logIn) await actor.does(logIn);
    const original = users[method];
    let asked = false;
    Reflect.set(users, method, () => {
      asked = true;
      return Promise.reject(new Error("the database is away"));
    });
    const { answer } = await actor.begin(act);
    const given = await answer;
    Reflect.set(users, method, original);
    must(
      !asked || given.status >= 500,
      `${given.route} answers ${given.status} although the database failed.`,
      [given, `db.users.${method} → Error: the database is away`],
      "Not found and not answered are two things: an error belongs to the error handler.",
    );
    // Whoever ends the sessions before the password has done that much.
    if (act !== changePassword) await actor.isAsBefore();
  }
}

/** What stands in the address has to reach the client: user, password, database, TLS. */
async function wholeAddress({ ground }: WorldGoal): Promise<void> {
  const { connectRedis } = ground.module;
  if (typeof connectRedis !== "function") return;
  const address = "rediss://somebody:open-sesame%21@127.0.0.1:1/3";
  tellAddress(address);
  const redis = connectRedis(address);
  redis.on("error", () => {});
  const { host, port, username, password, db, tls } = redis.options;
  redis.disconnect();
  const lost = Object.entries({
    "the host": host === "127.0.0.1",
    "the port": Number(port) === 1,
    "the user": username === "somebody",
    "the password": password === "open-sesame!",
    "the number of the database": Number(db) === 3,
    TLS: Boolean(tls),
  }).filter(([, kept]) => !kept);
  must(
    lost.length === 0,
    `connectRedis loses ${lost.map(([what]) => what).join(" and ")}.`,
    `connectRedis("rediss://somebody:…@127.0.0.1:1/3")`,
    "`new Redis(url, options)` reads all of the address by itself. Whoever takes it apart has to hand on each part: a Redis in production asks for a password.",
  );
}

/** Longer than any number of attempts to reconnect: what was lost comes back when Redis does. */
async function longOutage({ open, openRelay, ground }: WorldGoal): Promise<void> {
  const relay = await openRelay();
  const site = await open({ redisUrl: relay.through(ground.redisUrl) });
  const visitor = site.browser();
  const patiently = { withinMs: 1e7 };
  (await visitor.get("/visits")).orNotJudged(200, "visits are not counted");
  await impatiently(async () => {
    const attempts = new Promise<void>((resolve) => {
      let count = 0;
      site.redis.on("reconnecting", () => {
        if (++count > 40) resolve();
      });
      site.redis.on("end", () => resolve());
    });
    await relay.refuse();
    await attempts;
    const { status } = site.redis;
    await relay.restore();
    let last: Answer | undefined;
    // Coming back takes a moment of the machine's; that it will not come is known at once.
    for (let look = 0; look < mostLooks && last?.status !== 200; look++) {
      await pause(2);
      last = await visitor.get("/visits", patiently).catch(() => undefined);
      if (site.redis.status === "end") break;
    }
    must(
      last?.status === 200,
      "Redis is back, and the app does not come back with it.",
      [`the client's status after 40 attempts: ${status}`, last ?? "GET /visits\n→ no answer"],
      "`retryStrategy` decides whether ioredis ever connects again: null means never, also when it comes after some tries. An outage lasts as long as it lasts.",
    );
  });
}
