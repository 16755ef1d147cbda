import { seededUsers } from "../app/database.ts";
import { attack, NotPlayable, type Seen, type Stage, type Visitor } from "./attack.ts";

const known = { email: seededUsers.ada.email, password: "a wrong password" };
const unknown = { email: "nobody@example.com", password: "a wrong password" };
const rounds = 5;
/** A hash takes tens of milliseconds, an answer without one a few. */
const tellingRatio = 3;

export const guessByAnswer = attack({
  name: "guess by the answer who has an account",
  story:
    "Whoever can tell an unknown email from a wrong password collects the emails that are worth attacking.",
  needs: { step: 3 },
  async play({ browser, tell }: Stage<Visitor>) {
    const mallory = browser("mallory");
    await tell("Mallory tries a wrong password for Ada.");
    const wrong = await mallory.post("/auth/login", known);
    await tell("And one for somebody who does not exist.");
    const nobody = await mallory.post("/auth/login", unknown);
    if (wrong.status === 501) throw new NotPlayable("logging in answers 501");
    return { wrong, nobody };
  },
  verdict({ wrong, nobody }) {
    for (const shown of [wordsOf, headersOf]) {
      if (shown(wrong) === shown(nobody)) continue;
      return {
        worked: true,
        by: "nothing: the answers differ",
        says: `A wrong password answers ${shown(wrong)}, an unknown email ${shown(nobody)}.`,
      };
    }
    return {
      worked: false,
      by: "one answer for both",
      says: `Both answer ${wrong.status}, in the same words.`,
    };
  },
});

function wordsOf({ status, text }: Seen): string {
  return `${status} ${text}`;
}

/** By their names: a date differs each time. */
function headersOf({ headers }: Seen): string {
  return `with ${Object.keys(headers).toSorted().join(", ")}`;
}

export const guessByTime = attack({
  name: "guess by the time who has an account",
  story: "A password that is not compared is refused sooner: the clock tells who exists.",
  needs: { step: 3 },
  async play({ browser, tell }: Stage) {
    const mallory = browser("mallory");
    const timed = async (login: { email: string; password: string }) => {
      const start = performance.now();
      const { status } = await mallory.post("/auth/login", login);
      if (status === 501) throw new NotPlayable("logging in answers 501");
      return performance.now() - start;
    };
    await tell(
      `Mallory tries ${rounds} wrong passwords for Ada, and ${rounds} for nobody, in turn.`,
    );
    const knownMs: number[] = [];
    const unknownMs: number[] = [];
    for (let round = 0; round < rounds; round++) {
      knownMs.push(await timed(known));
      unknownMs.push(await timed(unknown));
    }
    // The quickest of each: whatever else the machine does makes a request slower, never quicker.
    return { known: Math.min(...knownMs), unknown: Math.min(...unknownMs) };
  },
  verdict({ known, unknown }) {
    const times = `${known.toFixed(0)} ms for Ada, ${unknown.toFixed(0)} ms for nobody`;
    if (known > unknown * tellingRatio) {
      return {
        worked: true,
        by: "nothing: no hash is compared for an unknown email",
        says: `The clock tells: ${times}.`,
      };
    }
    return { worked: false, by: "a decoy hash", says: `The clock tells nothing: ${times}.` };
  },
});
