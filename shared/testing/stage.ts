import { seededUsers } from "../app/database.ts";
import {
  NotPlayable,
  type Attack,
  type Seen,
  type Verdict,
  type Visitor,
} from "../attacks/attack.ts";
import type { Answer } from "./answer.ts";
import type { Browser } from "./browser.ts";
import type { Site } from "./site.ts";
import { notJudged } from "./verdict.ts";

/** What came of an attack. */
interface Played<Seen> extends Verdict {
  seen: Seen;
  /** All that the app answered, in order. */
  answers: readonly Answer[];
}

interface Circumstances {
  /** What has to happen between the acts, with all answers so far. */
  beforeAct?(answers: readonly Answer[]): Promise<void>;
  /** The headers by which a browser says that a form is another site's. */
  foreignPage?: Record<string, string>;
}

/** Plays an attack at a site of the tests. What keeps it from being played leaves the goal not judged. */
export async function playAt<Result>(
  site: Site,
  attack: Attack<Result, Visitor>,
  { beforeAct = async () => {}, foreignPage = {} }: Circumstances = {},
): Promise<Played<Result>> {
  const answers: Answer[] = [];
  try {
    const seen = await attack.play({
      step: attack.needs.step,
      production: site.config.env === "production",
      browser: () => visitorWith(site.browser(), foreignPage, (answer) => answers.push(answer)),
      tell: () => beforeAct(answers),
    });
    return { ...attack.verdict(seen), seen, answers };
  } catch (error) {
    if (error instanceof NotPlayable) notJudged(error.message);
    throw error;
  }
}

/** A browser of the tests as an attack uses it. */
function visitorWith(
  browser: Browser,
  foreignPage: Record<string, string>,
  onAnswer: (answer: Answer) => void,
): Visitor {
  const seenIn = (answer: Answer): Seen => {
    onAnswer(answer);
    const { status, text, headers, body } = answer;
    return {
      status,
      text,
      headers,
      body,
      setCookies: answer.setCookies.map(({ header }) => header),
      cookieSent: answer.request.cookie,
    };
  };
  return {
    get: async (path, { cookie } = {}) => {
      const options = cookie === undefined ? {} : { headers: { Cookie: cookie } };
      return seenIn(await browser.get(path, options));
    },
    post: async (path, body) => seenIn(await browser.post(path, body)),
    delete: async (path) => seenIn(await browser.begin("DELETE", path).answer),
    submitForeignForm: async (path) =>
      seenIn(await browser.post(path, undefined, { headers: foreignPage })),
    logIn: async (person) => seenIn(await browser.logIn(seededUsers[person])),
    cookieHeader: () => browser.cookieHeader(),
    accept: (setCookie) => browser.accept(setCookie),
  };
}
