import { seededUsers } from "../app/database.ts";
import type { Answer } from "./answer.ts";
import type { Browser, Exchange, RequestOptions } from "./browser.ts";
import { describeCommand, isOf, type SentCommand } from "./commands.ts";
import { describeDuration, sessionIdIn, sessionIdInHeader, type SetCookie } from "./cookies.ts";
import type { Site } from "./site.ts";
import { must } from "./verdict.ts";

export type Person = keyof typeof seededUsers;

/** Something that somebody does. */
export type Act =
  | { does: "visit" }
  | { does: "check health" }
  | { does: "log in"; as: Person; password?: "wrong" }
  | { does: "log in as nobody" }
  | { does: "send a bad login" }
  | { does: "ask for the profile" }
  | { does: "rename"; to: string }
  | { does: "rename badly" }
  | { does: "log out" }
  | { does: "log out everywhere" }
  | { does: "change the password"; to: string; current?: "wrong" }
  | { does: "choose a bad password" }
  | { does: "ban"; whom: Person }
  | { does: "lift the ban"; of: Person };

/** The first step that knows an act. */
export const knownSince: Record<Act["does"], number> = {
  visit: 1,
  "check health": 1,
  "log in": 3,
  "log in as nobody": 3,
  "send a bad login": 3,
  "ask for the profile": 4,
  rename: 4,
  "rename badly": 4,
  "log out": 5,
  "log out everywhere": 7,
  "change the password": 7,
  "choose a bad password": 7,
  ban: 7,
  "lift the ban": 7,
};

/** How the requests of an actor differ from plain ones. */
export interface Disguise {
  /** What is sent as Cookie, instead of what the browser would send. */
  cookie?(own: string): string;
  /** Done before each act. */
  before?(): Promise<void>;
}

/** What all actors of a site know of each other: names belong to people, not to browsers. */
export class Contract {
  readonly step: number;
  /** Everybody who has acted: what one does can end the sessions of others. */
  readonly actors: Actor[] = [];
  readonly passwords = new Map<Person, string>(
    Object.entries(seededUsers).map(([person, { password }]) => [person as Person, password]),
  );
  readonly banned = new Set<Person>();
  readonly names = new Map<Person, string>(
    Object.entries(seededUsers).map(([person, { displayName }]) => [person as Person, displayName]),
  );
  /** What was tried: whoever tries often may be asked to wait. */
  logins = 0;
  failures = 0;
  changes = 0;

  constructor(step: number) {
    this.step = step;
  }

  get mayAskToWait(): boolean {
    return this.failures >= 3 || this.logins >= 10;
  }
}

interface Request {
  method: "GET" | "POST" | "PATCH" | "DELETE";
  path: string;
  body?: unknown;
}

/**
 * Somebody with a browser, and with what the contract says of them: who they are logged in as, and
 * how often they were counted.
 */
export class Actor {
  readonly contract: Contract;
  readonly #browser: Browser;
  readonly #site: Site;
  readonly #disguise: Disguise;
  #who: Person | undefined;
  /** Whether what ended this login was done in another browser. */
  #wasEnded = false;
  // Where the contract leaves open whether a session ends, there is more than one.
  #visits = new Set([0]);
  /** The last cookie that a visit was given, and the last visit. */
  #cookieOfVisit: { cookie: SetCookie; visit: Answer } | undefined;
  #lastVisit: Answer | undefined;
  /** How many commands the site had sent when the last two visits began. */
  #sentAtVisits: [before: number, last: number] = [0, 0];
  /** A route that gave the browser another session, without a reason for one. */
  #replacedBy: string | undefined;
  /** The cookies of sessions that were replaced so. */
  #replaced: string[] = [];

  constructor(contract: Contract, site: Site, browser = site.browser(), disguise: Disguise = {}) {
    this.contract = contract;
    this.#site = site;
    this.#browser = browser;
    this.#disguise = disguise;
    contract.actors.push(this);
  }

  get who(): Person | undefined {
    return this.#who;
  }

  get browser(): Browser {
    return this.#browser;
  }

  /** Does something and compares the answer with the contract. */
  async does(act: Act): Promise<Answer> {
    const { answer, settle } = await this.begin(act);
    await settle();
    return answer;
  }

  /** Does several things, one after the other. */
  async doesAll(acts: readonly Act[]): Promise<void> {
    for (const act of acts) await this.does(act);
  }

  /** Starts to do something; `settle` compares the answer with the contract. */
  async begin(act: Act): Promise<Exchange & { settle(): Promise<void> }> {
    await this.#disguise.before?.();
    const { method, path, body } = this.#requestOf(act);
    const cookieBefore = await this.#browser.cookieHeader();
    if (act.does === "visit")
      this.#sentAtVisits = [this.#sentAtVisits[1], this.#site.commands.sent.length];
    const exchange = this.#browser.begin(method, path, body, await this.#options());
    const settle = async () => {
      const answer = await exchange.answer;
      await this.#noteReplacement(act, answer, cookieBefore);
      await this.#compare(act, answer, cookieBefore);
    };
    return Object.assign(exchange, { settle });
  }

  /** Asks for what the contract says of this actor: still counted, still logged in, or not. */
  async isAsBefore(): Promise<void> {
    await this.does({ does: "visit" });
    if (this.contract.step >= 4) await this.does({ does: "ask for the profile" });
  }

  async #options(): Promise<RequestOptions> {
    const { cookie } = this.#disguise;
    return cookie ? { headers: { Cookie: cookie(await this.#browser.cookieHeader()) } } : {};
  }

  async #compare(act: Act, answer: Answer, cookieBefore: string): Promise<void> {
    const { contract } = this;
    if (changesSomebody.has(act.does)) {
      contract.changes++;
      if (answer.status === 429 && contract.changes > 10) return;
    }
    switch (act.does) {
      case "check health":
        answer.mustBe(200, "GET /health does not answer 200.", "It asks for no session.");
        return;

      case "visit":
        return this.#compareVisit(answer, cookieBefore);

      case "log in":
      case "log in as nobody": {
        contract.logins++;
        const right = act.does === "log in" && act.password === undefined;
        if (!right) contract.failures++;
        if (answer.status === 429 && contract.mayAskToWait) return;
        if (!right) {
          answer.mustBe(
            401,
            answer.succeeded
              ? "A wrong password logged in."
              : `A login with a wrong password answers ${answer.status}, not 401.`,
            "Whatever was asked before, by whomever, and however it travels: a wrong password is refused.",
          );
          answer.mustSay("invalid_credentials");
          return;
        }
        return this.#compareLogin(act.as, answer, cookieBefore);
      }

      case "send a bad login":
        contract.logins++;
        contract.failures++;
        answer.mustBe(
          [400, 415, 422, ...(contract.mayAskToWait ? [429] : [])],
          `A body that is no login answers ${answer.status}, not 400.`,
          "Only two strings are a login.",
        );
        if (answer.status === 400) answer.mustSay("invalid_body");
        return;

      case "ask for the profile":
        if (!this.#who) return this.#compareRefusal(answer);
        return this.#compareProfile(this.#who, answer);

      case "rename":
        if (!this.#who) return this.#compareRefusal(answer);
        contract.names.set(this.#who, act.to);
        return this.#compareProfile(this.#who, answer);

      case "rename badly":
        if (!this.#who) return this.#compareRefusal(answer);
        answer.mustBe(
          [400, 422],
          `A name that is none answers ${answer.status}, not 400.`,
          "A display name has 1 to 80 characters.",
        );
        if (answer.status === 400) answer.mustSay("invalid_body");
        return;

      case "log out":
        return this.#compareLogout(answer, cookieBefore);

      case "log out everywhere":
        this.#endSessionsOf(this.#who);
        return this.#compareLogout(answer, cookieBefore);

      case "change the password":
      case "choose a bad password":
        if (!this.#who) return this.#compareRefusal(answer);
        return this.#comparePasswordChange(this.#who, act, answer, cookieBefore);

      case "ban":
      case "lift the ban":
        if (!this.#who) return this.#compareRefusal(answer);
        return this.#compareBan(this.#who, act, answer);
    }
  }

  /** Others who are logged in as this person are so no more. Whether it still counts them is left open. */
  #endSessionsOf(person: Person | undefined): void {
    if (!person) return;
    for (const actor of this.contract.actors) {
      if (actor === this || actor.#who !== person) continue;
      actor.#who = undefined;
      actor.#wasEnded = true;
      actor.#visits.add(0);
    }
  }

  /** What neither logs in nor ends a session leaves the browser the one that it has. */
  async #noteReplacement({ does }: Act, answer: Answer, cookieBefore: string): Promise<void> {
    if (!leavesTheSession.has(does) || !answer.succeeded) return;
    const [before, now] = [sessionIdInHeader(cookieBefore), await this.#browser.sessionId()];
    if (before === undefined || now === undefined || before === now) return;
    this.#replacedBy = answer.route;
    this.#replaced.push(cookieBefore);
  }

  /** Why a session that is known does not hold what was put into it, and what shows it. */
  #whyNotStored(id: string): { why: string; evidence: string[] } {
    const { commands, redis } = this.#site;
    const since = commands.sent.slice(this.#sentAtVisits[0]);
    const about = (kind: "read" | "store") => (command: SentCommand) =>
      isOf(command, kind) && command.args.some((arg) => arg.includes(id));
    const read = since.findLast(about("read"));
    const write = since.findLast(about("store"));
    const seen = [write, read].filter((command) => command !== undefined);
    return {
      why: this.contract.step >= 2 && read ? whyLost(read, write) : "",
      evidence: seen.map((command) => describeCommand(command, redis.options.keyPrefix ?? "")),
    };
  }

  #compareVisit(answer: Answer, cookieBefore: string): void {
    answer.mustBe(
      200,
      `GET /visits answers ${answer.status}, not 200.`,
      "A visit is counted, whoever comes.",
    );
    const visits = Number(answer.data.visits);
    const expected = [...this.#visits].map((count) => count + 1);
    const before = this.#cookieOfVisit;
    const lastVisit = this.#lastVisit;
    this.#lastVisit = answer;
    const cookie = answer.sessionCookie;
    if (cookie) this.#cookieOfVisit = { cookie, visit: answer };
    const withheld = this.#site.watch.sessions.get(answer.route)?.cookieWithheld;
    const id = sessionIdInHeader(cookieBefore);
    const isKnown = expected.includes(1) || id !== undefined;
    const begins = cookie && id !== undefined && sessionIdIn(cookie.value) !== id && visits === 1;
    if (!expected.includes(visits)) {
      const { why, evidence } = id === undefined ? nothingKnown : this.#whyNotStored(id);
      const because = this.#replacedBy
        ? `since ${this.#replacedBy}, the browser has another session: `
        : begins
          ? why || "the session of a visitor is gone: "
          : isKnown
            ? why
            : before || !withheld
              ? whyUnknown(before?.cookie)
              : "a visit is given no cookie, which is Secure while the app sees http: ";
      must(
        false,
        `${because}GET /visits counts ${String(answer.data.visits)}, not ${expected.join(" or ")}.`,
        [isKnown ? "" : (before?.visit ?? lastVisit ?? ""), answer, ...evidence],
        this.#replacedBy
          ? "A session changes its id at a login, and ends at a logout. In between it stays: others are asking with its cookie at the same moment."
          : !isKnown && withheld
            ? "TLS ends at the proxy, and Express believes what it says of that when `trust proxy` is set. Until then express-session keeps a Secure cookie back, without a word."
            : `Each visit of a browser counts one, and nobody else's does.${begins && evidence.length > 0 ? " `SET key value EX seconds`: with PX it would be milliseconds, and with EXAT a moment." : ""}`,
      );
    }
    this.#visits = new Set([visits]);
  }

  async #compareLogin(person: Person, answer: Answer, cookieBefore: string): Promise<void> {
    const { id, email } = seededUsers[person];
    if (this.contract.banned.has(person)) {
      answer.mustBe(
        403,
        answer.succeeded
          ? "Somebody who is banned logs in."
          : `Somebody who is banned logs in and is answered ${answer.status}, not 403.`,
        "Whoever knows the password may know why it does not help.",
      );
      return;
    }
    answer.mustBe(
      200,
      `Logging in answers ${answer.status}, not 200.`,
      "The right password logs in.",
    );
    must(
      answer.data.id === id && answer.data.email === email,
      "Somebody logs in and is taken for somebody else.",
      answer,
      "What belongs to one request stays in its handler, or on `req`.",
    );
    this.#who = person;
    this.#wasEnded = false;
    this.#visits.add(0);
    await this.#mustBeNobody(cookieBefore, "login");
  }

  async #compareLogout(answer: Answer, cookieBefore: string): Promise<void> {
    answer.mustBe(
      this.#who ? 204 : [204, 401],
      `Logging out answers ${answer.status}, not 204.`,
      "Logging out ends the session that the cookie names.",
    );
    if (this.#who) this.#visits.clear();
    this.#who = undefined;
    this.#visits.add(0);
    if (!answer.succeeded) return;
    await this.#mustBeNobody(cookieBefore, "logout");
    const session = sessionIdInHeader(cookieBefore);
    must(
      !session || session !== (await this.#browser.sessionId()),
      "After the logout, the browser still has its cookie.",
      answer,
      "A browser finds the cookie to clear by name, domain and path: all three have to be those of the cookie that it holds.",
    );
  }

  async #comparePasswordChange(
    person: Person,
    act: Extract<Act, { does: "change the password" | "choose a bad password" }>,
    answer: Answer,
    cookieBefore: string,
  ): Promise<void> {
    if (act.does === "choose a bad password") {
      answer.mustBe(
        [400, 422],
        `A new password that is none answers ${answer.status}, not 400.`,
        "A new password has 8 characters at least, and 72 bytes at most.",
      );
      return;
    }
    if (act.current === "wrong") this.contract.failures++;
    if (answer.status === 429 && this.contract.mayAskToWait) return;
    answer.mustBe(
      act.current === "wrong" ? 401 : 204,
      act.current === "wrong" && answer.succeeded
        ? "A password changes without the current one."
        : `POST /me/password answers ${answer.status}.`,
      "With the right current password it answers 204, and with a wrong one 401.",
    );
    if (act.current === "wrong") return;
    this.contract.passwords.set(person, act.to);
    this.#endSessionsOf(person);
    this.#visits.add(0);
    await this.#mustBeNobody(cookieBefore, "change of the password");
  }

  #compareBan(
    person: Person,
    act: Extract<Act, { does: "ban" | "lift the ban" }>,
    answer: Answer,
  ): void {
    if (person !== "grace") {
      answer.mustBe(
        403,
        answer.succeeded
          ? `${answer.route} obeys somebody who is no administrator.`
          : `${answer.route} answers ${answer.status} to somebody who is no administrator, not 403.`,
        "Only administrators ban, and lift a ban.",
      );
      return;
    }
    if (act.does === "lift the ban") {
      answer.mustBe(204, `${answer.route} answers ${answer.status}, not 204.`, "It is lifted.");
      this.contract.banned.delete(act.of);
      return;
    }
    if (act.whom === "grace") {
      answer.mustBe(
        [400, 403, 409, 422],
        `The last administrator bans herself, and it answers ${answer.status}.`,
        "Nobody is left who could lift the ban.",
      );
      return;
    }
    answer.mustBe(204, `${answer.route} answers ${answer.status}, not 204.`, "They are banned.");
    this.contract.banned.add(act.whom);
    this.#endSessionsOf(act.whom);
  }

  /** The contract knows one refusal, and leaves open whether it ends the visitor's session. */
  #compareRefusal(answer: Answer): void {
    this.#visits.add(0);
    must(
      !(answer.succeeded && this.#wasEnded),
      `${answer.route} lets in somebody whose session was ended in another browser.`,
      answer,
      "What ends a user's sessions ends all of them, whichever process they began at: the index stands in Redis, under what never changes of the user.",
    );
    answer.mustBe(
      401,
      answer.succeeded
        ? `${answer.route} lets in somebody who is not logged in.`
        : `${answer.route} answers ${answer.status} to somebody who is not logged in, not 401.`,
      "Every way to a personal route leads through the guard.",
      "for somebody who is not logged in",
    );
    answer.mustSay("not_authenticated");
  }

  #compareProfile(person: Person, answer: Answer): void {
    const { id, email } = seededUsers[person];
    answer.mustBe(
      200,
      `${answer.route} answers ${answer.status} to somebody who is logged in, not 200.`,
      "Whoever is logged in stays so until they log out, and gets their own profile.",
    );
    const other = Object.values(seededUsers).find((user) => user.id === answer.data.id);
    must(
      answer.data.id === id,
      other
        ? `${answer.route} answers with the profile of somebody else.`
        : `${answer.route} answers without the id of who asks.`,
      answer,
      other
        ? "Whose profile it is comes from the session of this request alone: what is kept outside the handler is shared by all requests under way."
        : "Every answer with a profile has the same fields: { data: { id, email, displayName } }.",
    );
    const name = this.contract.names.get(person);
    must(
      answer.data.email === email && answer.data.displayName === name,
      `${answer.route} does not show the name ${JSON.stringify(name)}, but ${JSON.stringify(answer.data.displayName)}.`,
      answer,
      "The profile is what the database says now, and one person's change changes nobody else.",
    );
  }

  /** What the cookie of a session that has ended opens: nothing, and neither do those that it came from. */
  async #mustBeNobody(cookie: string, after: string): Promise<void> {
    for (const each of [cookie, ...this.#replaced.splice(0)])
      await this.#mustOpenNothing(each, after);
  }

  async #mustOpenNothing(cookie: string, after: string): Promise<void> {
    const session = sessionIdInHeader(cookie);
    if (this.contract.step < 4 || !session || session === (await this.#browser.sessionId())) return;
    const replay = await this.#site.browser().get("/me", { headers: { Cookie: cookie } });
    must(
      replay.status !== 200,
      `After the ${after}, the cookie from before it still opens /me.`,
      replay,
      "A copy of a cookie is worthless once its session has ended: whatever ends a session deletes it.",
    );
  }

  #requestOf(act: Act): Request {
    switch (act.does) {
      case "visit":
        return { method: "GET", path: "/visits" };
      case "check health":
        return { method: "GET", path: "/health" };
      case "log in": {
        const { email } = seededUsers[act.as];
        const password =
          act.password === "wrong" ? "not this password" : this.contract.passwords.get(act.as);
        return { method: "POST", path: "/auth/login", body: { email, password } };
      }
      case "log in as nobody":
        return {
          method: "POST",
          path: "/auth/login",
          body: { email: "nobody@example.com", password: "not this password" },
        };
      case "send a bad login":
        return { method: "POST", path: "/auth/login", body: { email: ["ada@example.com"] } };
      case "ask for the profile":
        return { method: "GET", path: "/me" };
      case "rename":
        return { method: "PATCH", path: "/me", body: { displayName: act.to } };
      case "rename badly":
        return { method: "PATCH", path: "/me", body: { displayName: " " } };
      case "log out":
        return { method: "POST", path: "/auth/logout" };
      case "log out everywhere":
        return { method: "POST", path: "/auth/logout-all" };
      case "change the password":
      case "choose a bad password": {
        const current = this.#who && this.contract.passwords.get(this.#who);
        const wrong = act.does === "change the password" && act.current === "wrong";
        const currentPassword = wrong ? "not this password" : (current ?? "nobody's password");
        const newPassword = act.does === "change the password" ? act.to : "short";
        return { method: "POST", path: "/me/password", body: { currentPassword, newPassword } };
      }
      case "ban":
        return { method: "POST", path: `/admin/users/${seededUsers[act.whom].id}/ban` };
      case "lift the ban":
        return { method: "DELETE", path: `/admin/users/${seededUsers[act.of].id}/ban` };
    }
  }
}

const changesSomebody = new Set<Act["does"]>([
  "rename",
  "rename badly",
  "log out everywhere",
  "change the password",
  "choose a bad password",
  "ban",
  "lift the ban",
]);

const leavesTheSession = new Set<Act["does"]>(["ask for the profile", "rename"]);

const nothingKnown = { why: "", evidence: [] };

/** An act in a few words: `logs in as ada`. */
export function describeAct(act: Act): string {
  switch (act.does) {
    case "log in":
      return `logs in as ${act.as}${act.password ? ", with a wrong password" : ""}`;
    case "rename":
      return `takes the name ${JSON.stringify(act.to)}`;
    case "ban":
      return `bans ${act.whom}`;
    case "lift the ban":
      return `lifts the ban of ${act.of}`;
    default:
      return act.does.replace(/^\w+/, (verb) => `${verb}s`);
  }
}

/** Why Redis does not know what was to be stored, as the beginning of a sentence. */
function whyLost(read: SentCommand, write: SentCommand | undefined): string {
  if (!write) return "what the visit before changed was never written to Redis: ";
  if (write.args[0] !== read.args[0]) return "the session is not written where it is read: ";
  if (write.reply === null) return "Redis did not write what the visit before changed: ";
  const inMilliseconds = write.name === "psetex" || write.args.some((arg) => /^px$/i.test(arg));
  return read.reply === null && inMilliseconds
    ? "the session was stored with PX, which counts milliseconds, and is gone: "
    : "";
}

/** Why a browser that was here comes without a session, as the beginning of a sentence. */
function whyUnknown(cookie: SetCookie | undefined): string {
  if (!cookie) return "a visit is given no cookie: ";
  if (cookie.livesMs === undefined) return "the browser does not send its cookie back: ";
  return `the cookie lives ${describeDuration(cookie.livesMs)}, and is gone: `;
}
