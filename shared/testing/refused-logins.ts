import { onTestFinished, vi } from "vitest";
import type { Answer } from "./answer.ts";
import type { Browser } from "./browser.ts";
import { hashingDuring } from "./hashes.ts";
import type { Site } from "./site.ts";
import { must } from "./verdict.ts";

/** Demands that somebody with the right password got in, and finds out why not. */
export async function mustLetIn(
  site: Site,
  answer: Answer,
  credentials: { email: string; password: string },
): Promise<void> {
  const readsJson = site.app.router.stack.some(({ name }) => name === "jsonParser");
  must(
    answer.status !== 400,
    readsJson
      ? `The right password is refused, before the handler sees it${answer.objection ? `: the schema objects to ${answer.objection}` : ""}.`
      : "The right password is refused: nothing reads the body, `express.json` is not mounted.",
    answer,
    "400 says that the schema refused the body: its fields are `email` and `password`. What is given to `refine` returns true for what it accepts; with braces around its body, it needs a `return`.",
    1,
  );
  if (answer.status === 401) {
    const { why, evidence } = await whyRefused(site, credentials);
    must(
      false,
      `The right password is refused: ${why}.`,
      [answer, ...evidence],
      "`await` the user, then `await bcrypt.compare(password, user.passwordHash)`: first the text, then the hash that is stored. With a callback, `compare` returns no Promise to wait for, and a `return` inside leaves the callback, not your handler.",
    );
  }
  answer.mustBe(
    200,
    answer.status < 400
      ? `A login answers ${answer.status}, not 200.`
      : `The right password is answered ${answer.status}, not 200.`,
    "The contract: 200 { data: { id, email } }.",
  );
}

/** Demands that /me knows somebody who is logged in, and finds out why not. */
export async function mustKnow(site: Site, browser: Browser): Promise<Answer> {
  const find = vi.spyOn(site.db.users, "findById");
  onTestFinished(() => find.mockRestore());
  const answer = await browser.get("/me");
  const found = await Promise.all(find.mock.results.map(({ value }) => value as unknown));
  const [call] = find.mock.calls as [unknown][];
  const why =
    call === undefined
      ? "nobody is looked up by their id"
      : found.some(Boolean)
        ? "`db.users.findById` finds the user, and the answer is 401 all the same"
        : `\`db.users.findById\` is asked for ${typeof call[0] === "number" ? `${call[0]}, a number` : JSON.stringify(call[0])}, and finds nobody`;
  answer.mustBe(
    200,
    `/me refuses somebody who is logged in${answer.status === 401 ? `: ${why}` : ""}.`,
    "`requireAuth` finds the id in `req.session` under the name that the login stored it, looks the user up, waits for the result, and calls `next()`.",
    "for somebody who is logged in",
  );
  return answer;
}

/** Lets somebody log in once more, and looks at what the app asks its database and bcrypt. */
async function whyRefused(
  site: Site,
  credentials: { email: string; password: string },
): Promise<{ why: string; evidence: string[] }> {
  const find = vi.spyOn(site.db.users, "findByEmail");
  const work = await hashingDuring(() => site.browser().post("/auth/login", credentials));
  const lookups = find.mock.calls.map(
    ([email]) => `db.users.findByEmail(${JSON.stringify(email)})`,
  );
  const found = await Promise.all(find.mock.results.map(({ value }) => value as unknown));
  find.mockRestore();
  const user = await site.db.users.findByEmail(credentials.email);
  const [compared] = work.comparisons;
  const { isHashing } = site.watch.sessions.get("POST /auth/login") ?? {};
  const evidence = [
    ...lookups.map((lookup, i) => `${lookup} → ${found[i] ? "a user" : "undefined"}`),
    ...(compared ? [`bcrypt.compare → ${compared.matches}`] : []),
  ];
  const [lookup = "nobody"] = lookups;
  const why =
    lookups.length === 0
      ? "nobody is looked up by their email"
      : !found.some(Boolean)
        ? `the app asks for ${lookup}, and finds nobody`
        : isHashing
          ? "the answer is there before bcrypt has compared, because nobody waits for it"
          : !compared
            ? "the user is found, and bcrypt compares nothing"
            : compared.matches
              ? "although bcrypt says that it matches"
              : compared.text !== credentials.password
                ? "bcrypt compares another text than the password that was sent"
                : compared.hash !== user?.passwordHash
                  ? "bcrypt compares it with another hash than the user's, as when nobody awaits `findByEmail`"
                  : "bcrypt says that it does not match";
  return { why, evidence };
}
