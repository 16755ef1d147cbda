import { CookieJar } from "tough-cookie";
import request from "supertest";
import type { Express } from "express";
import { meaningOf } from "../runner/engine/explanations.ts";
import { Answer, describeRequest, type SentRequest } from "./answer.ts";
import { headersOfChromium } from "./browser-headers.ts";
import { describeCause, describeError, type Cause } from "./crashes.ts";
import { isHashing } from "./hashes.ts";
import { parseSetCookie, sessionIdInHeader, type SetCookie } from "./cookies.ts";
import { isHeldUp } from "./guards.ts";
import { tooLate } from "./happened.ts";
import { whyUnhandled } from "./routes.ts";
import { hearObjections } from "./validate.ts";
import type { Site } from "./site.ts";
import { GoalUnmet, must, notJudged } from "./verdict.ts";

export interface RequestOptions {
  /** Beside or instead of what it sends by itself; undefined leaves one out. */
  headers?: Record<string, string | undefined>;
  /** Sent as it is, instead of a JSON body. */
  rawBody?: string;
  contentType?: string;
  withinMs?: number;
}

/** A request under way. */
export interface Exchange {
  /** Whether the status line and headers have arrived: a browser acts on these. */
  readonly headersArrived: boolean;
  /** Resolves when they do. */
  readonly headers: Promise<void>;
  readonly answer: Promise<Answer>;
}

/** A goal that is not met because nothing came within the time that was given. */
export class NeverAnswered extends GoalUnmet {}

const answerWithinMs = 2_000;
// Once a route has not answered, further waits are short: one cause, one long wait.
const impatientMs = 200;
const silentRoutes = new Set<string>();

/**
 * One person's browser: a cookie jar by the rules of RFC 6265bis, and requests that carry what
 * the jar allows. In production it reaches the site over https, through a TLS proxy.
 */
export class Browser {
  readonly #jar = new CookieJar(undefined, { prefixSecurity: "strict" });
  /** Names of cookies that were set with Partitioned. */
  readonly #partitioned = new Set<string>();
  #site: Site;
  readonly #ownHeaders: (method: string, origin: string) => Record<string, string>;

  /** @param ownHeaders What it adds to each request of its own accord. */
  constructor(site: Site, ownHeaders = headersOfChromium) {
    this.#site = site;
    this.#ownHeaders = ownHeaders;
  }

  /** From now on it talks to another process of the same site, as behind a load balancer. */
  moveTo(site: Site): void {
    this.#site = site;
  }

  get(path: string, options?: RequestOptions): Promise<Answer> {
    return this.begin("GET", path, undefined, options).answer;
  }

  post(path: string, body?: unknown, options?: RequestOptions): Promise<Answer> {
    return this.begin("POST", path, body, options).answer;
  }

  patch(path: string, body?: unknown, options?: RequestOptions): Promise<Answer> {
    return this.begin("PATCH", path, body, options).answer;
  }

  /** Logs in, or ends the goal as not judged. */
  async logIn({ email, password }: { email: string; password: string }): Promise<Answer> {
    const answer = await this.post("/auth/login", { email, password }).catch(() =>
      notJudged("logging in gets no answer, so there is nobody to test this with"),
    );
    answer.orNotJudged(200, "logging in does not work, so there is nobody to test this with");
    if (!(await this.sessionCookie())) {
      notJudged("logging in sets no cookie that a browser keeps");
    }
    return answer;
  }

  /**
   * Demands that this browser has a session cookie after an answer, and finds out why it has none.
   *
   * @param todoOfCookie Where the options of the cookie are set, when it is not at the TODO of the goal.
   */
  async mustHaveSession(answer: Answer, reason: string, todoOfCookie?: number): Promise<void> {
    const refused = answer.sessionCookie;
    // Whether the second in which it ends is over by now, is chance.
    must(
      !refused || (refused.livesMs ?? Infinity) > 1_000,
      "The session cookie has expired before the browser comes back.",
      answer,
      "`maxAge` counts milliseconds: a day is 24 * 60 * 60 * 1000. `expires` is a moment in the future.",
      todoOfCookie,
    );
    if (await this.sessionCookie()) return;
    must(
      !refused?.path || refused.path === "/",
      `The browser sends the session cookie to ${refused?.path} alone.`,
      answer,
      "`path` says where the cookie belongs. A session is for the whole app: leave it out, or take `/`.",
      todoOfCookie,
    );
    must(
      !refused,
      `The browser refuses the session cookie${refused ? whyRefused(refused) : ""}.`,
      answer,
      "On http a browser takes neither Secure nor a __Host- name: both belong to production. It takes SameSite=None and Partitioned with Secure only, and no cookie for another domain than the site's own.",
      todoOfCookie,
    );
    const overTls = await this.#site.overTls(() => this.#site.browser().get("/visits"));
    must(
      !overTls.setCookies.some(({ secure }) => secure),
      "The session cookie is Secure: on http nobody gets it.",
      [answer, "over TLS:", overTls],
      "express-session withholds a Secure cookie from a connection without TLS, such as yours in development. Secure is for production, behind TLS.",
      todoOfCookie,
    );
    const {
      whenHeadersLeft = {},
      atTheEnd = {},
      besideFlags = [],
    } = this.#site.watch.sessions.get(answer.route) ?? {};
    const [misplaced] = besideFlags;
    const claim = misplaced
      ? `${answer.route} writes \`req.session.cookie.${misplaced}\`: what stands in \`cookie\` describes the cookie, and is not kept.`
      : Object.keys(atTheEnd).length === 0
        ? `${answer.route} puts nothing into \`req.session\`, so no session cookie is sent.`
        : Object.keys(whenHeadersLeft).length === 0
          ? `${answer.route} begins its answer before anything stands in \`req.session\`: too late for a session cookie.`
          : `${answer.route} sets no session cookie.`;
    must(false, claim, answer, reason);
  }

  /** The session cookie that this browser would send to the site now, as `name=value`. */
  async sessionCookie(): Promise<string | undefined> {
    const pairs = (await this.cookieHeader()).split("; ").filter(Boolean);
    return pairs.find((pair) => sessionIdInHeader(pair) !== undefined);
  }

  /** Whether this browser would send a cookie of that name to the site now, whatever its value. */
  async sends(name: string): Promise<boolean> {
    return (await this.cookieHeader()).split("; ").some((pair) => pair.startsWith(`${name}=`));
  }

  /** The id in the session cookie. */
  async sessionId(): Promise<string | undefined> {
    return sessionIdInHeader(await this.cookieHeader());
  }

  /** Takes a cookie that somebody put there: false when the rules forbid it. */
  async accept(setCookie: string): Promise<boolean> {
    await this.#keep(setCookie, `${this.#site.origin}/`);
    return this.sends(parseSetCookie(setCookie).name);
  }

  /** Everything this browser would send to the site now. */
  cookieHeader(path = "/"): Promise<string> {
    return this.#jar.getCookieString(this.#site.origin + path);
  }

  /** Starts a request without waiting for its answer. */
  begin(method: string, path: string, body?: unknown, options: RequestOptions = {}): Exchange {
    let arrive = () => {};
    const headers = new Promise<void>((resolve) => (arrive = resolve));
    const exchange = { headersArrived: false, headers };
    const answer = this.#send(method, path, body, options, () => {
      exchange.headersArrived = true;
      arrive();
    });
    // The goal may fail before it looks at the answer.
    answer.catch(() => {});
    return Object.assign(exchange, { answer });
  }

  /** Keeps a cookie, if the rules allow it. */
  async #keep(header: string, url: string): Promise<void> {
    const { name, domain, sameSite, secure, partitioned } = parseSetCookie(header);
    if ((sameSite === "none" || partitioned) && !secure) return;
    const known = await this.#jar.getCookies(url);
    // A browser tells a cookie of this host from one of the whole domain; the jar does not.
    if (domain && known.some(({ key, hostOnly }) => key === name && hostOnly)) return;
    // Nor one of a partition from one without.
    if (known.some(({ key }) => key === name) && partitioned !== this.#partitioned.has(name))
      return;
    if (partitioned) this.#partitioned.add(name);
    await this.#jar.setCookie(header, url, { ignoreError: true });
  }

  async #send(
    method: string,
    path: string,
    body: unknown,
    options: RequestOptions,
    onHeaders: () => void,
  ): Promise<Answer> {
    const site = this.#site;
    site.signal?.throwIfAborted();
    const route = `${method} ${path}`;
    const withinMs = options.withinMs ?? (silentRoutes.has(route) ? impatientMs : answerWithinMs);
    const cookie = options.headers?.Cookie ?? (await this.cookieHeader(path));
    const payload = options.rawBody ?? (body === undefined ? undefined : JSON.stringify(body));
    const sent: SentRequest = { method, path, body: payload, cookie };
    const headers = definedOf({
      ...site.proxyHeaders,
      ...this.#ownHeaders(method, site.origin),
      ...options.headers,
    });
    const errorsBefore = site.errors.length;
    const firstObjection = hearObjections();

    const start = request(site.address)[method.toLowerCase() as "get" | "post" | "options"];
    const pending = start(path)
      .agent(site.connections)
      .redirects(0)
      .ok(() => true)
      .set(headers)
      .buffer(true)
      .parse((response, done) => {
        onHeaders();
        let text = "";
        response.setEncoding("utf8");
        response.on("data", (chunk: string) => (text += chunk));
        response.on("end", () => done(null, text));
      });
    if (cookie) pending.set("Cookie", cookie);
    if (payload !== undefined) {
      pending.set("Content-Type", options.contentType ?? "application/json").send(payload);
    }

    let isOver = false;
    const stopWaiting = waitFor(withinMs, () => {
      isOver = true;
      pending.abort();
    });
    const response = await pending.catch((error: unknown) => {
      stopWaiting();
      firstObjection();
      const thrown = site.errors[errorsBefore];
      if (options.withinMs === undefined) silentRoutes.add(route);
      if (isOver) neverAnswered(site, sent, withinMs, thrown);
      brokeOff(site, route, error, thrown);
    });

    stopWaiting();
    const objection = firstObjection();
    const setCookieHeaders: string[] = [response.headers["set-cookie"] ?? []].flat();
    for (const header of setCookieHeaders) {
      await this.#keep(header, site.origin + path);
    }
    const answer = new Answer({
      request: sent,
      status: response.status,
      headers: response.headers,
      text: typeof response.body === "string" ? response.body : "",
      setCookies: setCookieHeaders.map(parseSetCookie),
      thrown: site.errors[errorsBefore],
      objection,
      misrouted: response.status === 404 ? whyUnhandled(site.app, method, path) : undefined,
    });
    site.watch.exchanges.push({ site, answer, sent: headers });
    return answer;
  }
}

/** Says why nothing came back, as far as that can be seen. */
function neverAnswered(
  site: Site,
  request: SentRequest,
  withinMs: number,
  thrown: Error | undefined,
): never {
  const { method, path, cookie } = request;
  const route = `${method} ${path}`;
  const silence = [...describeRequest(request), `→ no answer within ${withinMs / 1000} s`].join(
    "\n",
  );
  const misfit = thrown ? undefined : mountedMisfit(site.app, path);
  must(!misfit, misfit?.claim ?? "", silence, misfit?.reason);
  const meaning = meaningOf(thrown);
  const words = thrown ? describeError(thrown) : "";
  throw new NeverAnswered(
    meaning?.cause
      ? `${route} never answered: ${meaning.cause}.`
      : `${route} never answered${isHeldUp(site.watch.requests.get(route)) ? ": what stands before its handler neither answers nor calls next()" : sessionIdInHeader(cookie) === undefined ? "" : " somebody who has a session"}.${words && ` An error was thrown where nobody catches it: ${words}.`}`,
    // Where a cause stands in the claim, the words are evidence.
    [silence, meaning?.cause ? words : ""],
    meaning?.advice ??
      "A handler must answer or call next(), and so must whatever is mounted before it. `res.status(204)` only sets the number, `.end()` sends it. An error thrown inside a callback reaches neither Express nor the client.",
  );
}

/** Says why the connection ended before the answer was complete. */
function brokeOff(site: Site, route: string, error: unknown, thrown: Error | undefined): never {
  const [late] = site.watch.late;
  if (late) {
    throw new GoalUnmet(
      tooLate(late),
      [`${late.route}\n→ ${late.status}, and later: ${String(late.error)}`],
      "Answering does not end a function: whoever answers returns, and neither goes on nor calls next(). A cookie is set or cleared before the answer, with which the headers leave.",
      // It may be another route than the goal's.
      "",
    );
  }
  // Express closes the connection when a handler fails that has answered, and the next one notices.
  const former = site.watch.exchanges.findLast(
    ({ answer }) => answer.thrown && answer.status < 500,
  )?.answer;
  if (!thrown) former?.mustHaveEnded();
  const meaning = meaningOf(thrown);
  // Had it not begun to answer, the error would have become a 500.
  throw new GoalUnmet(
    thrown
      ? `${route} begins to answer and fails then: ${describeCause(thrown)}.`
      : `${route} broke the connection instead of answering.`,
    [
      `${route}\n→ ${error instanceof Error ? error.message : String(error)}`,
      thrown && meaning?.cause ? describeError(thrown) : "",
    ],
    thrown && !meaning?.cause
      ? "Every request is answered once, when all that can fail is done. Answering does not end a function: return after it, or the rest is done all the same."
      : (meaning?.advice ?? "Every request is answered once, completely."),
  );
}

/** Whether a function takes too little to answer; one that is async may have another use. */
function isMaker({ length, constructor }: (...args: never[]) => unknown): boolean {
  return length === 1 || (length === 0 && constructor.name !== "AsyncFunction");
}

/** Something that is mounted and has no use for a response or for `next`, such as what makes a middleware. */
function mountedMisfit({ router }: Express, path: string): Cause | undefined {
  const middleware = router.stack.find(({ route, handle }) => !route && handle.length < 2);
  // A handler may do without parameters, and one that is written in its place has no name.
  const handlers = router.stack.flatMap(({ route }) => (route?.path === path ? route.stack : []));
  const misfit = middleware ?? handlers.find(({ handle }) => handle.name && isMaker(handle));
  if (!misfit) return undefined;
  const { name } = misfit.handle;
  if (!name) {
    return {
      claim: "A function is mounted that neither answers nor calls next().",
      reason:
        "It takes no `res` and no `next`. What is mounted receives (req, res, next): mount the middleware itself, and not a function around it.",
    };
  }
  return {
    claim: `\`${name}\` is mounted itself: it makes a middleware, and is none.`,
    reason: `Call it: \`${name}({ … })\`. What is mounted receives (req, res, next), and answers or calls next(); \`${name}\` takes options, and does neither.`,
  };
}

// Whatever becomes of the app's timers, or of the clock: this one keeps its own time.
const { setTimeout: startTimer, clearTimeout: stopTimer } = globalThis;
const lookEveryMs = 20;
// On a busy machine, a hash waits for its processor: ten seconds of that are no silence.
const mostLooksAtHashing = 500;

/**
 * Waits in looks: a thread that others keep from its processor takes each of them later, and so waits
 * longer.
 *
 * @returns What to call when there is nothing left to wait for.
 */
function waitFor(ms: number, onOver: () => void): () => void {
  let looks = Math.ceil(ms / lookEveryMs);
  let looksAtHashing = 0;
  let timer: NodeJS.Timeout;
  const look = () => {
    if (isHashing() && looksAtHashing < mostLooksAtHashing) looksAtHashing++;
    else looks--;
    if (looks >= 0) timer = startTimer(look, lookEveryMs);
    else onOver();
  };
  look();
  return () => stopTimer(timer);
}

function definedOf(headers: Record<string, string | undefined>): Record<string, string> {
  const defined = Object.entries(headers).filter(([, value]) => value !== undefined);
  return Object.fromEntries(defined) as Record<string, string>;
}

/** Why a browser does not keep a cookie that it is sent over http. */
function whyRefused({ domain, name, partitioned, sameSite, secure }: SetCookie): string {
  if (secure) return ": it is Secure, and the page is http";
  if (partitioned) return ": Partitioned demands Secure";
  if (/^none$/i.test(sameSite ?? "")) return ": SameSite=None demands Secure";
  if (/^__(host|secure)-/i.test(name)) return `: the name ${name} demands Secure`;
  return domain ? `: it is for ${domain}` : "";
}
