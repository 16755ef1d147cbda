import { meaningOf } from "../runner/engine/explanations.ts";
import { describeSetCookie, sessionIdIn, shortened, type SetCookie } from "./cookies.ts";
import { describeCause, describeError } from "./crashes.ts";
import { GoalUnmet, must, notJudged, whereStubIs } from "./verdict.ts";

export interface SentRequest {
  method: string;
  path: string;
  /** The body as it went over the wire. */
  body: string | undefined;
  /** The Cookie header, or an empty string. */
  cookie: string;
}

/** What is said of a handler that has refused, and does not end. */
const goesOn =
  "Answering does not end a function. Return after the refusal, or the rest is done all the same.";

/** The header of an answer that is left to whoever serves the app, although a route was found. */
export const fellThrough = "x-fell-through";

/** A header in place of what Express would have answered: no error handler of the app was reached. */
export const unhandled = "x-nobody-handled";

/** What a server answered, with the request that asked for it. */
export class Answer {
  readonly request: SentRequest;
  readonly status: number;
  readonly headers: Record<string, string | string[] | undefined>;
  readonly text: string;
  readonly setCookies: SetCookie[];
  /** What the app threw while it answered, if it did. */
  readonly thrown: Error | undefined;
  /** What a schema objected to first while it answered, if one did: `password (Too small: …)`. */
  readonly objection: string | undefined;
  /** Why no route has taken the request, if that is known: "the route is at …". */
  readonly misrouted: string | undefined;

  constructor(answer: {
    request: SentRequest;
    status: number;
    headers: Record<string, string | string[] | undefined>;
    text: string;
    setCookies: SetCookie[];
    thrown: Error | undefined;
    objection: string | undefined;
    misrouted: string | undefined;
  }) {
    this.request = answer.request;
    this.status = answer.status;
    this.headers = answer.headers;
    this.text = answer.text;
    this.setCookies = answer.setCookies;
    this.thrown = answer.thrown;
    this.objection = answer.objection;
    this.misrouted = answer.misrouted;
  }

  /** The parsed body; undefined when it is no JSON. */
  get body(): unknown {
    try {
      return JSON.parse(this.text);
    } catch {
      return undefined;
    }
  }

  /** The `data` of a JSON answer, ready for a look at any of its fields. */
  get data(): Record<string, unknown> {
    const { body } = this;
    const data = isRecord(body) ? body.data : undefined;
    return isRecord(data) ? data : {};
  }

  /** The session cookie that it sets, if it does. */
  get sessionCookie(): SetCookie | undefined {
    return this.setCookies.find(({ value }) => sessionIdIn(value) !== undefined);
  }

  get succeeded(): boolean {
    return this.status >= 200 && this.status < 300;
  }

  get refused(): boolean {
    return this.status >= 400 && this.status < 500 && this.status !== 404;
  }

  /** What the answer says of caches, as it stands in the header. */
  get caching(): string {
    return String(this.headers["cache-control"] ?? "(none)");
  }

  /** Whether it may be shown later, or to somebody else, without asking again. */
  get mayBeKept(): boolean {
    return !/\b(no-store|no-cache)\b/i.test(this.caching);
  }

  /** The code in a refusal's body. */
  get errorCode(): unknown {
    const { body } = this;
    const error = isRecord(body) ? body.error : undefined;
    return isRecord(error) ? error.code : undefined;
  }

  get route(): string {
    return `${this.request.method} ${this.request.path}`;
  }

  /**
   * Demands one of these statuses. A stub, a missing route and a crash explain themselves, so the
   * claim is left to the answer that is wrong in its own way.
   *
   * @param forWhom Completes the claim of a crash: "for a deleted user".
   * @param todo Where to look, when it is not at the TODO of the goal.
   */
  mustBe(
    expected: number | readonly number[],
    claim: string,
    reason: string,
    forWhom?: string,
    todo?: number,
  ): void {
    const statuses = [expected].flat();
    if (statuses.includes(this.status)) {
      this.#mustBeOver();
      return;
    }
    if (this.status === 501) this.#failAsStub();
    must(
      !this.headers[fellThrough],
      `Nobody answers ${this.route}: what is mounted there only hands on.`,
      this,
      "A limit or a check calls next(), and behind it there is no route with this method and path: are both spelled as in the task? What throws null or undefined hands on as well.",
    );
    must(
      this.status !== 404 || this.body !== undefined,
      `${this.route} answers 404: ${this.misrouted ?? "nothing handles it"}.`,
      this,
      "Method and path are part of the contract, and a route has to stand before the error handler. A router that is mounted at a path puts that path before those of its routes.",
    );
    if (this.status >= 500) {
      const meaning = meaningOf(this.thrown);
      throw new GoalUnmet(
        `${this.route} crashe${forWhom ? `s ${forWhom}` : "d"}: ${this.thrown ? describeCause(this.thrown) : `it answered ${this.status}`}.`,
        this,
        meaning?.advice ??
          (this.thrown
            ? "An error was thrown while the request was answered; the error handler made it a 500."
            : "Either the app says 500 by itself, or what was thrown, or given to next(), is no Error: next() takes nothing, or an error."),
        // Its TODO may be another one than the goal's.
        meaning && "",
      );
    }
    must(
      !(this.succeeded && statuses.every((each) => each >= 400) && this.#looksRefused),
      `${this.route} refuses with the status ${this.status}, not ${statuses[0]}.`,
      this,
      `Programs look at the status first: \`res.status(${statuses[0]}).json(…)\`. In Express 5, \`res.json\` takes the body alone.`,
      todo,
    );
    must(false, claim, this, reason, todo);
  }

  /** Demands 204, and hands itself on as evidence. */
  mustBeDone(): this {
    this.mustBe(204, `${this.route} answers ${this.status}, not 204.`, "Done, and nothing to say.");
    return this;
  }

  /** Demands the code of the contract: people read a status, programs decide by the code. */
  mustSay(code: string): void {
    must(
      this.errorCode === code,
      `The refusal does not carry the code of the contract, ${code}${typeof this.errorCode === "string" ? `, but ${this.errorCode}` : ""}.`,
      this,
      `People read a status, programs decide by the code: { error: { code: "${code}" } }. What is thrown gets a code from the error handler, by its status alone: a handler that wants another one answers by itself.`,
    );
  }

  /**
   * Demands the fields of the contract, whatever they hold, where the contract wants them.
   *
   * @param todo Where to look, when it is not at the TODO of the goal.
   */
  mustTell(fields: readonly string[], todo?: number): void {
    const missing = fields.filter((field) => this.data[field] === undefined);
    must(
      missing.length === 0,
      `${this.route} answers without ${missing.map((field) => `data.${field}`).join(" and ")}.`,
      this,
      `Clients find it by its name: { data: { ${fields.join(", ")} } }.`,
      todo,
    );
  }

  /** For what a goal takes for granted: when it fails, the goal is not judged. */
  orNotJudged(expected: number | readonly number[], what: string): this {
    if (![expected].flat().includes(this.status)) {
      notJudged(`${what} (${this.route} answered ${this.#statusInWords()})`);
    }
    return this;
  }

  /** The exchange on the wire, for people. */
  toString(): string {
    const lines = describeRequest(this.request);
    lines.push(`→ ${[this.status, this.thrown ? "" : shortenedBody(this.text)].join(" ").trim()}`);
    for (const setCookie of this.setCookies)
      lines.push(`  Set-Cookie: ${describeSetCookie(setCookie)}`);
    if (this.thrown) lines.push(`  ${describeError(this.thrown)}`);
    if (this.objection && this.status === 400) lines.push(`  zod objects to ${this.objection}`);
    return lines.join("\n");
  }

  /** Whether its body is that of a refusal, whatever its status. */
  get #looksRefused(): boolean {
    return this.errorCode !== undefined || typeof this.body === "number";
  }

  /** Says what a 501 stands for: the stub, or what is left of it. */
  #failAsStub(): never {
    must(
      this.text === "" || this.errorCode !== undefined,
      `${this.route} answers with the status 501, which is left of the stub.`,
      this,
      "`.status(501)` says that nobody has written this yet. An answer that says nothing of its status has 200.",
    );
    throw new GoalUnmet(
      `${this.route} still answers 501: it is the stub.`,
      this,
      "This goal looks at the result.",
      whereStubIs(this.request),
    );
  }

  /** Demands that nothing crashed behind an answer: such an error reaches nobody. What Redis refuses is no crash. */
  #mustBeOver(): void {
    const { thrown } = this;
    const isCrash = thrown instanceof TypeError || thrown instanceof ReferenceError;
    if (!isCrash) return;
    if (!this.succeeded) this.mustHaveEnded();
    must(
      false,
      `${this.route} answers ${this.status} and crashes then: ${describeCause(thrown)}.`,
      this,
      meaningOf(thrown)?.advice ??
        "express-session stores the session behind the answer: what is thrown there reaches nobody.",
    );
  }

  /**
   * Demands that the handler had nothing left to do.
   *
   * @param error What was thrown behind the answer, if so.
   */
  mustHaveEnded(error = this.thrown): void {
    const cause = error && describeCause(error);
    must(!error, `${this.route} goes on after it answered ${this.status}: ${cause}.`, this, goesOn);
  }

  #statusInWords(): string {
    if (this.status === 501) return "501, the stub";
    if (this.thrown) return `${this.status}, ${describeCause(this.thrown)}`;
    return [this.status, this.errorCode].filter(Boolean).join(" ");
  }
}

/** A request on the wire, line by line, for people. */
export function describeRequest({ method, path, body, cookie }: SentRequest): string[] {
  const line = [method, path, body && shortenedBody(body)].filter(Boolean).join(" ");
  return cookie ? [line, `  Cookie: ${shortenedCookies(cookie)}`] : [line];
}

function shortenedBody(text: string): string {
  return text.length > 160 ? `${text.slice(0, 150)}… (${text.length} characters)` : text;
}

function shortenedCookies(header: string): string {
  return header
    .split("; ")
    .map((pair) => {
      const at = pair.indexOf("=");
      if (at < 0) return shortened(pair);
      return `${pair.slice(0, at)}=${shortened(pair.slice(at + 1))}`;
    })
    .join("; ");
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
