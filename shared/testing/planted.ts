import { IncomingMessage } from "node:http";
import type { Express } from "express";
import type { Answer } from "./answer.ts";
import type { Site } from "./site.ts";

/** What an app looked for in its requests and found planted: `?user` or `X-User-Id`. */
interface Planted {
  readonly query: ReadonlySet<string>;
  readonly headers: ReadonlySet<string>;
  remove(): void;
}

// What a proxy says of the connection, or a client of itself, does not say who is asking.
const aboutTheRequest =
  /^(user-agent|x-(forwarded-(for|proto|host|port)|real-ip|(request|correlation)-id|requested-with))$/;
const aboutThePerson = /^x-|user|auth|session|token/;

/**
 * Until it is removed, the app finds this value in every query parameter that it looks for, and in
 * every header that could say who is asking: nobody can list the names that people think of.
 */
export function plant(app: Express, value: string): Planted {
  const query = new Set<string>();
  const headers = new Set<string>();
  const inherited = (name: "query" | "headers", request: object) =>
    Reflect.get(
      name === "query" ? Object.getPrototypeOf(app.request) : IncomingMessage.prototype,
      name,
      request,
    );

  Object.defineProperty(app.request, "query", {
    configurable: true,
    get(this: object) {
      return new Proxy(inherited("query", this), {
        get(sent, name) {
          if (typeof name === "symbol" || name in Object.prototype || name in sent) {
            return Reflect.get(sent, name);
          }
          query.add(name);
          return value;
        },
      });
    },
  });
  Object.defineProperty(app.request, "headers", {
    configurable: true,
    get(this: object) {
      return new Proxy(inherited("headers", this), {
        get(sent, name) {
          if (typeof name === "symbol" || name in sent || aboutTheRequest.test(name)) {
            return Reflect.get(sent, name);
          }
          if (!aboutThePerson.test(name)) return undefined;
          headers.add(name);
          return name === "authorization" ? `Bearer ${value}` : value;
        },
      });
    },
  });
  return {
    query,
    headers,
    remove() {
      for (const name of ["query", "headers"]) Reflect.deleteProperty(app.request, name);
    },
  };
}

/** What the app looked for, as `?user` and `x-user-id`. */
export function namesOf({ query, headers }: Planted): string[] {
  return [...[...query].map((name) => `?${name}`), ...headers];
}

/** A request that was let in for what it said beside the session cookie. */
interface Opening {
  /** Where it was said, as `?user`. */
  where: string;
  /** Whose name it was, as the values were called. */
  what: string;
  answer: Answer;
  evidence: (Answer | string)[];
}

/**
 * Asks `GET /me` with values planted beside the cookie, and returns the first answer that is as it
 * must not be.
 *
 * @param values By what they are: `{ "Ada's email": "ada@example.com" }`.
 * @param cookie The session cookie of the request; none when it is left out.
 */
export async function openedBesideTheCookie(
  site: Site,
  values: Record<string, string>,
  isOpen: (answer: Answer) => boolean,
  cookie?: string,
): Promise<Opening | undefined> {
  const ask = (path: string, headers: Record<string, string> = {}) =>
    site.browser().get(path, { headers: cookie ? { Cookie: cookie, ...headers } : headers });

  for (const [what, value] of Object.entries(values)) {
    const planted = plant(site.app, value);
    const answer = await ask("/me").finally(() => planted.remove());
    if (!isOpen(answer)) continue;
    // Once more, and this time it is really sent, by one name after the other: which of them opens?
    for (const name of planted.query) {
      const sent = await ask(`/me?${new URLSearchParams([[name, value]])}`);
      if (isOpen(sent)) return { where: `?${name}`, what, answer: sent, evidence: [sent] };
    }
    for (const name of planted.headers) {
      const text = name === "authorization" ? `Bearer ${value}` : value;
      const sent = await ask("/me", { [name]: text });
      if (isOpen(sent)) {
        return { where: name, what, answer: sent, evidence: [`${name}: ${text}`, sent] };
      }
    }
    return { where: namesOf(planted).join(" with "), what, answer, evidence: [answer] };
  }

  const [[what = "", value = ""] = []] = Object.entries(values);
  const names = ["user", "userId", "user_id", "uid", "id", "username", "email", "auth", "loggedIn"];
  const cookies = names.map((name) => `${name}=${encodeURIComponent(value)}`).join("; ");
  const answer = await site
    .browser()
    .get("/me", { headers: { Cookie: cookie ? `${cookie}; ${cookies}` : cookies } });
  if (!isOpen(answer)) return undefined;
  return { where: "a cookie of its own", what, answer, evidence: [answer] };
}
