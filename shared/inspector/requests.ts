import { seededUsers } from "../app/database.ts";

/** A button of the page: what one of its browsers sends to the app. */
export interface PageRequest {
  label: string;
  /** The step whose app first answers it. */
  from: number;
  method: string;
  path: string;
  body?: Record<string, string>;
}

/** Whom the two browsers of the page belong to, and which account each logs in to. */
export const people = {
  ada: { name: "Ada", account: seededUsers.ada },
  mallory: { name: "Mallory", account: seededUsers.alan },
} as const;

export type Person = keyof typeof people;

/** What a browser can ask the app of a step for, in the order of a demonstration. */
export function requestsOf(step: number, person: Person): PageRequest[] {
  const { email, password, displayName } = people[person].account;
  const requests: PageRequest[] = [
    { label: "Visit", from: 1, method: "GET", path: "/visits" },
    { label: "Health", from: 1, method: "GET", path: "/health" },
    {
      label: `Log in as ${displayName}`,
      from: 3,
      method: "POST",
      path: "/auth/login",
      body: { email, password },
    },
    {
      label: "Wrong password",
      from: 3,
      method: "POST",
      path: "/auth/login",
      body: { email, password: "a wrong password" },
    },
    { label: "Who am I?", from: 4, method: "GET", path: "/me" },
    { label: "Log out", from: 5, method: "POST", path: "/auth/logout" },
  ];
  return requests.filter(({ from }) => from <= step);
}
