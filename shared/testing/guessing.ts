import { createDatabase, seededUsers } from "../app/database.ts";
import type { Goal } from "./goals.ts";
import { hashingDuring } from "./hashes.ts";

const { ada } = seededUsers;

/** What a wrong password costs. */
interface GuessingWork {
  /** The work of bcrypt, in iterations. */
  known: number;
  unknown: number;
  /** Why it is none for an unknown email, if so, as the end of a sentence. */
  because: string;
}

/** The work of bcrypt for a wrong password, at stored hashes of a cost. */
export async function guessingWork(bcryptCost: number, open: Goal["open"]): Promise<GuessingWork> {
  const site = await open({ db: await createDatabase({ bcryptCost, people: [ada] }) });
  await site.browser().logIn(ada);
  const guess = async (email: string) => {
    const answer = await site.browser().post("/auth/login", { email, password: "guessed wrongly" });
    answer.orNotJudged(401, "a wrong password is not refused yet");
  };
  // Whatever is prepared at the first login is prepared now.
  await guess("somebody@example.com");
  const { iterations: known } = await hashingDuring(() => guess(ada.email));
  // What was not found once may be remembered.
  const first = await hashingDuring(() => guess("nobody@example.com"));
  const again = await hashingDuring(() => guess("nobody@example.com"));
  const { iterations: unknown, comparisons } = first.iterations === known ? again : first;
  const [compared] = comparisons;
  const because = compared
    ? ": its password is compared with what is no hash of bcrypt, which takes no time"
    : ": its password is compared with nothing";
  return { known, unknown, because: unknown === 0 ? because : "" };
}
