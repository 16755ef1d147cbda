import { createDatabase, seededUsers } from "../app/database.ts";
import type { Goal } from "./goals.ts";
import { hashingDuring } from "./hashes.ts";
import { must } from "./verdict.ts";

const { ada } = seededUsers;

/** What a wrong password costs. */
interface GuessingWork {
  /** The work of bcrypt, in iterations. */
  known: number;
  unknown: number;
  /** Why it is none for an unknown email, if so, as the end of a sentence. */
  because: string;
}

/** Demands that an unknown email takes about as much work as a known one. */
export async function mustTakeAsLong(open: Goal["open"]): Promise<void> {
  const cheap = await guessingWork(6, open);
  // A decoy that was written down has the cost that the server uses.
  const work = cheap.unknown > cheap.known ? await guessingWork(10, open) : cheap;
  must(
    work.unknown === work.known || (work.unknown > work.known / 2 && work.unknown < work.known * 2),
    `An unknown email takes ${work.unknown < work.known ? "less" : "more"} work than a known one${work.because}.`,
    [
      `wrong password, known email:   ${work.known} iterations of bcrypt`,
      `wrong password, unknown email: ${work.unknown} iterations of bcrypt`,
    ],
    "Hashing takes nearly all of a login's time, so the clock tells who has an account here. Compare the password even when nobody was found, once: with a real hash, of the same cost, that matches no password.",
  );
}

/** The work of bcrypt for a wrong password, at stored hashes of a cost. */
async function guessingWork(bcryptCost: number, open: Goal["open"]): Promise<GuessingWork> {
  const site = await open({ db: await createDatabase({ bcryptCost, people: [ada] }) });
  await site.browser().logIn(ada);
  const guess = async (email: string) => {
    const answer = await site.browser().post("/auth/login", { email, password: "guessed wrongly" });
    answer.orNotJudged(401, "a wrong password is not refused yet");
  };
  // Whatever is prepared at the first login is prepared now.
  await guess("somebody@example.com");
  const { iterations: known, comparisons: own } = await hashingDuring(() => guess(ada.email));
  // What was not found once may be remembered.
  const first = await hashingDuring(() => guess("nobody@example.com"));
  const again = await hashingDuring(() => guess("nobody@example.com"));
  const { iterations: unknown, comparisons } = first.iterations === known ? again : first;
  return { known, unknown, because: whyUnequal({ own, comparisons, unknown }, bcryptCost) };
}

/** Why the two differ, if it is to be seen, as the end of a sentence. */
function whyUnequal(
  {
    own,
    comparisons,
    unknown,
  }: Record<"own" | "comparisons", readonly { hash: string }[]> & { unknown: number },
  bcryptCost: number,
): string {
  const [stored, decoy] = [own, comparisons].map(([first]) => costOf(first?.hash));
  if (unknown === 0) {
    return comparisons.length === 0
      ? ": its password is compared with nothing"
      : ": its password is compared with something that is no bcrypt hash, which takes no time";
  }
  // Somebody has hashed the right password anew.
  if (stored !== undefined && stored !== bcryptCost) {
    return `: since a login, the stored hash has the cost ${stored}, and \`db.bcryptCost\` is ${bcryptCost}`;
  }
  return comparisons.length === 1 && decoy !== undefined && decoy !== bcryptCost
    ? `: it is compared with a hash of the cost ${decoy}, and \`db.bcryptCost\` is ${bcryptCost}`
    : "";
}

function costOf(hash = ""): number | undefined {
  const [, cost] = /^\$2[ab]\$(\d\d)\$/.exec(hash) ?? [];
  return cost === undefined ? undefined : Number(cost);
}
