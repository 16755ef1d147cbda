import type { GoalEntry, StepEntry } from "./manifest.ts";

/** What is tried with a step once its goals are met, and judged by a test of that name. */
interface TrialEntry extends GoalEntry {
  /** The first step that it is tried with. */
  since: number;
}

/** The circumstances in which the same story has to come out, and the first step that lives in each. */
const circumstances = [
  { name: "In the whole story", since: 1 },
  { name: "From clients of every kind", since: 1 },
  { name: "In production, behind a TLS proxy", since: 1 },
  { name: "Among other cookies", since: 1 },
  { name: "From another address each time", since: 1 },
  { name: "Written in another way", since: 1 },
  { name: "By another method", since: 1 },
  { name: "With time between the requests", since: 1 },
  { name: "When what was put off is done", since: 1 },
  { name: "Hours after the last visit", since: 2 },
  { name: "With several requests at once, hours later", since: 4 },
  { name: "A day after many wrong passwords", since: 3 },
  { name: "At two processes in turn", since: 2 },
  { name: "Logging in once more in the same browser", since: 3 },
  { name: "At the same moment", since: 1 },
  { name: "While an administrator changes the user", since: 3 },
  { name: "When the user is deleted meanwhile", since: 4 },
  { name: "The hundredth time", since: 1 },
  { name: "After a change of the password", since: 3 },
  { name: "With the word that stands in for a password", since: 3 },
  { name: "With a body that nobody asked for", since: 1 },
  { name: "With inputs of every kind", since: 3 },
  { name: "From a page of another site", since: 5 },
  { name: "After an answer that says it failed", since: 3 },
  { name: "With a Redis that refuses", since: 2 },
  { name: "With a session that cannot be ended", since: 4 },
  { name: "With a database that fails", since: 3 },
  { name: "With a slow Redis", since: 2 },
  { name: "With an address of Redis that has everything in it", since: 2 },
  { name: "After a long outage of Redis", since: 2 },
  { name: "In two tabs of one browser", since: 1 },
  { name: "Among many visitors", since: 1 },
  { name: "After many strangers", since: 1 },
  { name: "Beside another app in the same process", since: 1 },
  { name: "In a browser from before 2023", since: 1 },
  { name: "With a cookie that an attacker signed", since: 1 },
  { name: "Without a SESSION_SECRET", since: 1 },
  { name: "With a weak secret", since: 6 },
  { name: "With a secret that was changed", since: 1 },
  { name: "With an id that can be foreseen", since: 1 },
  { name: "Under another name of the cookie", since: 6 },
  { name: "With more in the address", since: 1 },
  { name: "When a request says more than it is asked", since: 4 },
  { name: "With a link instead of a form", since: 5 },
  { name: "On many devices, at two processes", since: 7 },
  { name: "With passwords of every kind", since: 7 },
  { name: "Forty days later", since: 7 },
  { name: "When two do the same at once", since: 7 },
  { name: "While a visit is under way", since: 7 },
  { name: "While somebody logs in", since: 7 },
  { name: "When one thing fails halfway", since: 7 },
  { name: "In a sequence that nobody listed", since: 1 },
] as const;

export type WorldName = (typeof circumstances)[number]["name"];

/** Every path, watched by the standing rules. */
export const standingRules = trial("No standing rule is broken, on any path", 1);

export const worlds: readonly TrialEntry[] = circumstances.map(({ name, since }) =>
  trial(name, since),
);

/** The trials of a step. What failed names itself: a rule, or the world in which it was seen. */
export function trialsOf({ number }: StepEntry): readonly TrialEntry[] {
  return [standingRules, ...worlds].filter(({ since }) => since <= number);
}

function trial(name: string, since: number): TrialEntry {
  return { name, since, todo: 1, starter: "not judged" };
}
