import type { StoredKey } from "../redis/key-space.ts";
import type { Answer } from "./answer.ts";
import type { GuardedRequest } from "./guards.ts";
import type { Site } from "./site.ts";

/** A request that was answered. */
export interface Answered {
  site: Site;
  answer: Answer;
  /** The headers that were sent, beside the cookie. */
  sent: Readonly<Record<string, string>>;
}

/** Something that the app printed. */
interface PrintedLine {
  text: string;
  /** The requests that were under way, or the last one: `GET /me`. */
  during: string;
}

/** What went wrong after a request had been answered. */
interface LateError {
  error: Error;
  route: string;
  /** What it had been answered with. */
  status: number;
  /** The header that came too late, in small letters. */
  header: string;
}

/** Says of a handler that it has gone on after its answer, and with what. */
export function tooLate({ route, header }: Pick<LateError, "route" | "header">): string {
  return header === "set-cookie"
    ? `${route} sets or clears a cookie when its answer has left: too late.`
    : `${route} is answered, and the handler goes on and answers once more.`;
}

/** All that can be seen of the apps of one goal from outside: the evidence for the standing rules. */
export interface Happened {
  /** The number of the step whose goal it is. */
  step: number;
  exchanges: readonly Answered[];
  lines: readonly PrintedLine[];
  late: readonly LateError[];
  /** What Node warned of. */
  warnings: readonly Error[];
  sites: readonly Site[];
  /** What is left in Redis. */
  keys: readonly StoredKey[];
}

/** What stood in `req.session` in the course of a request, beside the cookie. */
export interface SessionSeen {
  whenHeadersLeft: Readonly<Record<string, unknown>>;
  atTheEnd: Readonly<Record<string, unknown>>;
  /** What the app has put among the flags of `req.session.cookie`. */
  besideFlags: readonly string[];
  /** When the answer left, bcrypt was still at work. */
  isHashing: boolean;
  /** Its cookie is for TLS alone, and the app takes the connection for http: express-session sends none. */
  cookieWithheld: boolean;
}

/** Writes down what happens while one goal is judged. */
export class Watch {
  /** Of the last request of each route, `GET /visits`. */
  readonly sessions = new Map<string, SessionSeen>();
  /** The last request of each route, as its app knows it. */
  readonly requests = new Map<string, GuardedRequest>();
  /** What `validate` made of the body of the last request of each route. */
  readonly validBodies = new Map<string, unknown>();
  readonly exchanges: Answered[] = [];
  readonly lines: PrintedLine[] = [];
  readonly late: LateError[] = [];
  readonly warnings: Error[] = [];
  readonly sites: Site[] = [];
  readonly #underWay = new Set<{ route: string }>();
  #last = "the start of the app";

  /** @returns What to call when the request has been answered, or never will be. */
  begin(route: string): () => void {
    const request = { route };
    this.#underWay.add(request);
    this.#last = route;
    return () => this.#underWay.delete(request);
  }

  /** The requests that are under way, or the last one. */
  get during(): string {
    const routes = new Set([...this.#underWay].map(({ route }) => route));
    return [...routes].join(" and ") || this.#last;
  }

  printed(text: string): void {
    this.lines.push({ text, during: this.during });
  }
}
