import type { seededUsers } from "../app/database.ts";
import type { ScriptedBrowser } from "./scripted-browser.ts";

/**
 * An attack on the session of somebody else: played against an app that runs, and judged by what came of
 * it. The page plays it, so does `npm run attack`, and a goal that is about the very same.
 */
export interface Attack<Seen = unknown, Used extends Visitor = ScriptedBrowser> {
  /** What the attacker does, as the rest of "Mallory tries to …". */
  name: string;
  /** Why it would be worth it, in a sentence. */
  story: string;
  needs: {
    /** The first step whose app has all that it takes. */
    step: number;
    /** It is about what only a production app behind its TLS proxy can get right. */
    production?: true;
  };
  play(stage: Stage<Used>): Promise<Seen>;
  verdict(seen: Seen): Verdict;
}

export interface Verdict {
  worked: boolean;
  /** The line of defence that stopped it, or the one that is missing. */
  by: string;
  /** What happened, in a plain sentence. */
  says: string;
}

/** What came of an attack, or why it could not be played. */
export type Outcome = { played: true; verdict: Verdict } | { played: false; why: string };

/** What an app answered. */
export interface Seen {
  status: number;
  text: string;
  headers: Record<string, string | string[] | undefined>;
  /** The JSON of the answer; undefined when it is none. */
  // oxlint-disable-next-line typescript/no-explicit-any -- whatever the app answers
  body: any;
  setCookies: string[];
  /** The Cookie header that the request carried. */
  cookieSent: string;
}

/** A browser with a jar of its own. Most attacks need no more of it. */
export interface Visitor {
  /** @param sending.cookie The Cookie header, instead of the jar's. */
  get(path: string, sending?: { cookie?: string }): Promise<Seen>;
  post(path: string, body?: unknown): Promise<Seen>;
  delete(path: string): Promise<Seen>;
  /** A form on a page of another site, sent by a script of that page. */
  submitForeignForm(path: string): Promise<Seen>;
  /** Logs in, or ends the attack as not playable. */
  logIn(person: keyof typeof seededUsers): Promise<Seen>;
  /** The Cookie header that it would send now. */
  cookieHeader(): Promise<string>;
  /** Takes a cookie that somebody put there: false when the browser refuses it. */
  accept(setCookie: string): Promise<boolean>;
}

/** Where an attack is played. */
export interface Stage<Used extends Visitor = ScriptedBrowser> {
  /** The step of the app. */
  step: number;
  production: boolean;
  /** A browser with a jar of its own, at `<name>.workshop.localhost`. */
  browser(name: string): Used;
  /** Announces what happens next. */
  tell(act: string): Promise<void>;
}

/** The app lacks what the attack is about, so it proves nothing. */
export class NotPlayable extends Error {
  override name = "NotPlayable";
}

/** Keeps what `play` sees and what `verdict` takes in step. */
export function attack<Seen, Used extends Visitor = ScriptedBrowser>(
  description: Attack<Seen, Used>,
): Attack<Seen, Used> {
  return description;
}
