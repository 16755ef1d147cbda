import bcrypt from "bcrypt";
import { createDatabase, type seededUsers } from "../app/database.ts";
import type { Answer } from "./answer.ts";
import type { Browser } from "./browser.ts";
import type { Site } from "./site.ts";
import { must, notJudged } from "./verdict.ts";

type Person = (typeof seededUsers)[keyof typeof seededUsers];

/** The browser of somebody who is logged in, or the end of the goal as not judged. */
export async function loggedIn(site: Site, person: Person): Promise<Browser> {
  const browser = site.browser();
  await browser.logIn(person);
  return browser;
}

/** The browser of somebody who is logged in and gets a profile, or the end of the goal as not judged. */
export async function withProfile(site: Site, person: Person): Promise<Browser> {
  const browser = await loggedIn(site, person);
  const me = await browser.get("/me");
  me.orNotJudged(200, "/me does not answer those who are logged in");
  if (me.data.id !== person.id) notJudged("/me does not answer with the profile yet");
  return browser;
}

/**
 * A database in which the cost has gone up since a user's password was hashed: whoever logs in may well be
 * given a new hash.
 */
export async function withAnOldHash() {
  const [before, now] = [4, 5];
  const password = "a password from before";
  const passwordHash = await bcrypt.hash(password, before);
  const db = await createDatabase({ bcryptCost: now, people: [] });
  const email = "since-long@example.com";
  const { id } = await db.users.add({ email, password, passwordHash, displayName: "Somebody" });
  return { db, id, email, password, passwordHash };
}

/** Logs in where somebody may be logged in already: that begins another session, whoever it is. */
export async function logInAnew(browser: Browser, person: Person): Promise<Answer> {
  const before = await browser.sessionId();
  const login = await browser.logIn(person);
  must(
    before === undefined || before !== (await browser.sessionId()),
    "A login keeps the session id from before: every copy of that cookie is logged in, too.",
    login,
    "Somebody may have planted that id, or copied the cookie. A fresh id at every login makes both worthless, whoever was logged in before.",
  );
  return login;
}
