import { seededUsers } from "../../app/database.ts";
import type { Browser } from "../browser.ts";
import { Actor, Contract, type Act, type Disguise } from "../contract.ts";
import type { Site } from "../site.ts";
import { story } from "../story.ts";
import type { WorldGoal } from "./world.ts";

const { alan } = seededUsers;

/** What people do in several worlds. */
export const visit: Act = { does: "visit" };
export const logIn: Act = { does: "log in", as: "ada" };
export const askForProfile: Act = { does: "ask for the profile" };
export const rename: Act = { does: "rename", to: "Countess" };
export const logOut: Act = { does: "log out" };
export const logOutEverywhere: Act = { does: "log out everywhere" };
export const changePassword: Act = { does: "change the password", to: "difference engine" };

/** For a request that waits for something else, and not for a clock. */
export const patiently = { withinMs: 1e7 };

export const banOfAlan = `/admin/users/${alan.id}/ban`;

/** An app where nothing has happened yet: whoever limits what is tried has counted what was tried before. */
export async function openAfresh({
  open,
  redis,
}: Pick<WorldGoal, "open" | "redis">): Promise<Site> {
  await redis.clear();
  return open({ newProcess: true });
}

/** Lets two people live through the story, both in the same circumstances. */
export async function tellStory(
  site: Site,
  step: number,
  [one, other]: [Browser, Browser] = [site.browser(), site.browser()],
  disguise?: Disguise,
): Promise<void> {
  const contract = new Contract(step);
  await story(new Actor(contract, site, one, disguise), new Actor(contract, site, other, disguise));
}

/** Two people at a new site, logged in as far as the step knows it. */
export async function twoPeople({
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

export async function settleIn([one, other]: [Actor, Actor]): Promise<void> {
  if (one.contract.step >= 3 && one.who !== "ada") await one.doesAll([logIn, visit]);
  if (one.contract.step >= 3 && other.who !== "grace") {
    await other.doesAll([{ does: "log in", as: "grace" }, visit]);
  }
}
