import type { ScriptedBrowser } from "./scripted-browser.ts";

/** An attack on the session of somebody else: played against an app that runs, and judged by what came of it. */
export interface Attack<Seen = unknown> {
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
  play(stage: Stage): Promise<Seen>;
  verdict(seen: Seen): Verdict;
}

export interface Verdict {
  worked: boolean;
  /** The line of defence that stopped it, or the one that is missing. */
  by: string;
  /** What happened, in a plain sentence. */
  says: string;
}

/** Where an attack is played. */
export interface Stage {
  /** The step of the app. */
  step: number;
  production: boolean;
  /** A browser with a jar of its own, at `<name>.workshop.localhost`. */
  browser(name: string): ScriptedBrowser;
  /** Announces what happens next. */
  tell(act: string): Promise<void>;
}

/** The app lacks what the attack is about, so it proves nothing. */
export class NotPlayable extends Error {
  override name = "NotPlayable";
}

/** Keeps what `play` sees and what `verdict` takes in step. */
export function attack<Seen>(description: Attack<Seen>): Attack {
  return description as Attack;
}
