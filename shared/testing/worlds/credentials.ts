import bcrypt from "bcrypt";
import { seededUsers } from "../../app/database.ts";
import { hashingDuring } from "../hashes.ts";
import { atEveryMoment } from "../moments.ts";
import { logInAnew, withAnOldHash } from "../people.ts";
import { sessionKeyOf } from "../session-keys.ts";
import type { Site } from "../site.ts";
import { must } from "../verdict.ts";
import type { World, WorldGoal } from "./world.ts";

const { ada, grace } = seededUsers;

/** Worlds in which somebody logs in with what is not, or no longer, a password, or once more. */
export const credentials: readonly World[] = [
  { name: "After a change of the password", visit: changedPassword },
  { name: "With the word that stands in for a password", visit: standIn },
  { name: "Logging in once more in the same browser", visit: loginAgain },
];

/** What a process remembers of a password goes stale. */
async function changedPassword(goal: WorldGoal): Promise<void> {
  await changedMeanwhile(goal);
  const site = await goal.open();
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
  const newcomer = { email: "newcomer@example.com", password: "just signed up" };
  await site.browser().post("/auth/login", newcomer);
  await site.db.users.add({ ...newcomer, displayName: "Newcomer" });
  const login = await site.browser().post("/auth/login", newcomer);
  login.mustBe(
    [200, 429],
    `whoever tried before there was an account cannot log in afterwards: ${login.status}.`,
    "Who has an account is known to the database alone, and changes. Ask it each time.",
  );
}

/** A new hash of the old password is no reason to forget the new one. */
async function changedMeanwhile({ open }: WorldGoal): Promise<void> {
  const { db, id, email, password, passwordHash } = await withAnOldHash();
  const newPassword = "a newer engine";
  const newHash = await bcrypt.hash(newPassword, db.bcryptCost);
  const site = await open({ db });
  const logIn = (typed: string) =>
    site.browser().begin("POST", "/auth/login", { email, password: typed });
  const change = async () => {
    await db.users.update(id, { passwordHash: newHash });
    return logIn(newPassword).answer;
  };
  await atEveryMoment(site, async () => {
    await db.users.update(id, { passwordHash });
    return {
      first: () => logIn(password),
      second: () => ({ answer: change() }),
      async afterwards(login) {
        const outdated = await logIn(password).answer;
        must(
          !outdated.succeeded,
          "a login takes back a change of the password that came in between: the old one is good again.",
          [login, "meanwhile, the password is changed", outdated],
          "A new hash of a password is stored only where the one is that it was compared with: `db.users.changePassword` sees to it.",
        );
      },
    };
  });
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
      answer.succeeded
        ? "an unknown email logs in."
        : `an unknown email is answered ${answer.status}, not 401.`,
      `Everybody can read in the source what the decoy was made of. Make it of something random, and let nobody in whom the database does not know, whatever the comparison says.`,
      "for an unknown email with that word",
    );
  }
}

/** Whoever logs in once more gets a new id, and leaves no session behind. */
async function loginAgain({ open, redis }: WorldGoal): Promise<void> {
  const site = await open();
  const browser = site.browser();
  await browser.logIn(grace);
  const { email } = ada;
  const guess = await browser.post("/auth/login", { email, password: "not this password" });
  must(
    !guess.succeeded,
    `to somebody who is logged in, a login with a wrong password answers ${guess.status}.`,
    guess,
    "That somebody is logged in says who they were. Each login is looked at anew.",
  );
  for (const [person, visitsBefore] of [
    [grace, true],
    [grace, false],
    [grace, true],
    [ada, true],
  ] as const) {
    const before = await browser.sessionId();
    const visit = () => browser.get("/visits");
    const key = before && visitsBefore ? await sessionKeyOf(site, redis, visit) : undefined;
    const login = await logInAnew(browser, person);
    const left = key && (await redis.read(key));
    must(
      !left || !left.includes(grace.id),
      "whoever was logged in before stays logged in, under the session id from before.",
      [login, `${key} = ${left}`],
      "The browser has forgotten that id, Redis has not: no logout reaches the session any more, and a copy of the old cookie works until it expires. `regenerate` deletes the session that it replaces.",
    );
  }
}

/** Slips of the finger are forgiven; whatever else differs is another address. */
export async function typedEmails(site: Site): Promise<void> {
  await inTurkish(site);
  const email = "\tADA@example.com ";
  const typed = await site.browser().post("/auth/login", { email, password: ada.password });
  must(
    typed.data.email === ada.email,
    "the answer to a login repeats the email as it was typed.",
    typed,
    "The contract says who logged in: { id, email } of the user who was found.",
  );
  const others = [
    "ada+work@example.com",
    "ada@history.technology",
    "ada.lovelace+work@gmail.com",
    "augusta.ada.countess.of.lovelace@analyticalengines.history.example.com",
  ];
  for (const other of others) {
    const person = { email: other, password: "another engine" };
    const { id } = await site.db.users.add({ ...person, displayName: "Ada at work" });
    const login = await site.browser().post("/auth/login", person);
    must(
      login.status === 200 && login.data.id === id,
      [400, 422].includes(login.status)
        ? `${other} is refused as if it were no address.`
        : `${other} is taken for somebody else.`,
      login,
      "`z.email()` knows what an address may be, and a rule of one's own shuts somebody out. Capitals and blanks are slips of the finger. Whatever else differs in an email is another address, and another account.",
    );
  }
}

/** One keyboard sends an é as one character, another as two; a ² is no 2. */
export async function otherKeyboards(site: Site): Promise<void> {
  const few = { email: "few@example.com", password: "é".repeat(5) };
  const accents = { email: "accents@example.com", password: "é".repeat(30) };
  const square = { email: "square@example.com", password: "x² + y² = 1" };
  // Option and the space bar, on a Mac.
  const spaced = { email: "mac@example.com", password: "no\u00a0break here" };
  const joined = { email: "space@example.com", password: "an astronaut: 👩\u200d🚀" };
  const tagged = { email: "tags@example.com", password: "<b>bold</b> & 'sharp'" };
  for (const person of [few, accents, square, spaced, joined, tagged]) {
    await site.db.users.add({ ...person, displayName: "Typist" });
  }
  const apart = ({ email, password }: typeof few) =>
    site.browser().post("/auth/login", { email, password: password.normalize("NFD") });
  // What is not brought into one form at all is no matter of the order.
  const isNormalized = (await apart(few)).succeeded;
  const elsewhere = isNormalized ? accents.password.normalize("NFD") : accents.password;
  const rightOnes = [
    { ...accents, password: elsewhere, how: "typed in more bytes by another keyboard" },
    { ...square, how: "with a ²" },
    { ...spaced, how: "with a no-break space (U+00A0)" },
    {
      ...joined,
      how: "with a joiner that nobody sees (U+200D), between the two halves of an emoji",
    },
    { ...tagged, how: "with what looks like HTML" },
  ];
  const lookAlike = { ...square, password: square.password.normalize("NFKC"), how: undefined };
  for (const { email, password, how } of [...rightOnes, lookAlike]) {
    const answer = await site.browser().post("/auth/login", { email, password });
    const isRight = how !== undefined;
    if (answer.status === 429) continue;
    must(
      answer.succeeded === isRight,
      isRight
        ? `the right password, ${how}, is answered ${answer.status}${answer.objection ? `: the schema objects to ${answer.objection}` : ""}.`
        : "a password with 2 for ² logs in.",
      answer,
      "NFC makes one form of what looks the same, and is applied before the bytes are counted. Whatever else is taken away or replaced makes other passwords of the right one, or the right one wrong: NFKC takes ² for 2.",
    );
  }
}

/** Without the password, nobody learns what has become of an account. */
export async function bannedPeople(site: Site): Promise<void> {
  const banned = { email: "banned@example.com", password: "let me in again" };
  const { id } = await site.db.users.add({ ...banned, displayName: "Banned" });
  await site.db.users.ban(id);
  const guess = { ...banned, password: "not this password" };
  const answer = await site.browser().post("/auth/login", guess);
  answer.mustBe(
    [401, 429],
    `a wrong password for somebody who is banned is answered ${answer.status}, not 401.`,
    "Whoever does not know the password learns that there is an account, and what has become of it. Compare first: what the account is like comes after that.",
  );
}

/** What is not quite a password, for somebody and for nobody. */
export async function nearMisses(site: Site): Promise<void> {
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

/** On a server whose language is Turkish, the small letter of I has no dot. */
async function inTurkish(site: Site): Promise<void> {
  const ida = { email: "ida@example.com", password: "on the river lea" };
  await site.db.users.add({ ...ida, displayName: "Ida" });
  const { toLocaleLowerCase } = String.prototype;
  const inTheServersLanguage = (lower: typeof toLocaleLowerCase) =>
    Reflect.set(String.prototype, "toLocaleLowerCase", lower);
  inTheServersLanguage(function (this: string, locale) {
    return toLocaleLowerCase.call(this, locale ?? "tr");
  });
  const { password } = ida;
  const typed = await site
    .browser()
    .post("/auth/login", { email: ida.email.toUpperCase(), password })
    .finally(() => inTheServersLanguage(toLocaleLowerCase));
  must(
    typed.status === 200 || typed.status === 429,
    `IDA@EXAMPLE.COM is refused where the server's language is Turkish: ${typed.status}.`,
    typed,
    "`toLocaleLowerCase` goes by the language of the server, and Turkish has two letters i. An email has one form everywhere: `toLowerCase`.",
  );
}
