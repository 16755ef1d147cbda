import type { seededUsers } from "../app/database.ts";
import type { Browser } from "./browser.ts";
import type { Site } from "./site.ts";
import { notJudged } from "./verdict.ts";

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
