import { createDatabase, seededUsers } from "../app/database.ts";
import type { Goal } from "./goals.ts";
import { hashingDuring } from "./hashes.ts";

const { ada } = seededUsers;

/** The work of bcrypt for a wrong password, in iterations, at stored hashes of a cost. */
export async function guessingWork(
  bcryptCost: number,
  open: Goal["open"],
): Promise<{ known: number; unknown: number }> {
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
  const { iterations: first } = await hashingDuring(() => guess("nobody@example.com"));
  const { iterations: again } = await hashingDuring(() => guess("nobody@example.com"));
  return { known, unknown: first === known ? again : first };
}
