import { request } from "node:http";
import { text } from "node:stream/consumers";
import { CookieJar } from "tough-cookie";
import { seededUsers } from "../app/database.ts";
import { otherSiteName, plainHttpName, siteName } from "../inspector/events.ts";
import { NotPlayable, type Seen, type Visitor } from "./attack.ts";

interface Sending {
  body?: unknown;
  headers?: Record<string, string>;
  /** The Cookie header, instead of the jar's. */
  cookie?: string | undefined;
  host?: string;
}

/** A browser that does as it is told: a jar by the rules of RFC 6265bis, and the headers of a page's fetch. */
export class ScriptedBrowser implements Visitor {
  readonly #jar = new CookieJar(undefined, {
    prefixSecurity: "strict",
    // What stands for a site on the internet must not be excused as this machine.
    allowSecureOnLocal: false,
  });
  readonly #port: number;
  readonly #host: string;
  /** With the scheme that its user sees: a production app is reached over https. */
  readonly #site: string;

  constructor(name: string, port: number, production: boolean) {
    this.#port = port;
    this.#host = `${name}.${siteName}`;
    this.#site = `${production ? "https" : "http"}://${this.#host}/`;
  }

  get(path: string, sending?: Sending): Promise<Seen> {
    return this.#send("GET", path, sending);
  }

  post(path: string, body?: unknown, sending: Sending = {}): Promise<Seen> {
    return this.#send("POST", path, { ...sending, body });
  }

  delete(path: string): Promise<Seen> {
    return this.#send("DELETE", path);
  }

  async logIn(person: keyof typeof seededUsers): Promise<Seen> {
    const { email, password } = seededUsers[person];
    const answer = await this.post("/auth/login", { email, password });
    if (answer.status !== 200) throw new NotPlayable(`logging in answers ${answer.status}`);
    return answer;
  }

  async submitForeignForm(path: string): Promise<Seen> {
    const cookies = await this.#jar.getCookies(this.#site, { sameSiteContext: "none" });
    return this.#send("POST", path, {
      cookie: cookies.map((cookie) => cookie.cookieString()).join("; "),
      headers: {
        Origin: `http://${otherSiteName}:${this.#port}`,
        "Sec-Fetch-Site": "cross-site",
        "Sec-Fetch-Mode": "navigate",
        "Sec-Fetch-Dest": "document",
        "Content-Type": "application/x-www-form-urlencoded",
      },
    });
  }

  /** A request to the plain http side of the proxy. */
  overPlainHttp(method: string, path: string, sending: Sending): Promise<Seen> {
    return this.#send(method, path, { cookie: "", ...sending, host: plainHttpName });
  }

  cookieHeader(): Promise<string> {
    return this.#jar.getCookieString(this.#site);
  }

  /** What whoever listens on the network reads when its user follows an http link to the site. */
  cookieHeaderInTheClear(): Promise<string> {
    return this.#jar.getCookieString(this.#site.replace("https:", "http:"));
  }

  /** What `document.cookie` gives to a script of a page of the site. */
  async scriptReads(): Promise<string> {
    return this.#jar.getCookieString(this.#site, { http: false });
  }

  /** @param from The page that sets it. */
  async accept(setCookie: string, from = this.#site): Promise<boolean> {
    return Boolean(await this.#jar.setCookie(setCookie, from, { ignoreError: true }));
  }

  async #send(
    method: string,
    path: string,
    { body, headers, cookie, host = this.#host }: Sending = {},
  ): Promise<Seen> {
    const cookieSent = cookie ?? (await this.cookieHeader());
    const payload = body === undefined ? undefined : JSON.stringify(body);
    const sent = request({
      host: "localhost",
      port: this.#port,
      method,
      path,
      agent: false,
      headers: {
        Host: `${host}:${this.#port}`,
        ...(method !== "GET" && { Origin: new URL(this.#site).origin }),
        "Sec-Fetch-Site": "same-origin",
        ...(payload !== undefined && { "Content-Type": "application/json" }),
        ...(cookieSent && { Cookie: cookieSent }),
        ...headers,
      },
    });
    const answered = new Promise<Seen>((resolve, reject) => {
      sent.on("error", reject);
      sent.on("response", (response) => {
        text(response).then((text) => {
          resolve({
            status: response.statusCode ?? 0,
            text,
            headers: response.headers,
            body: jsonIn(text),
            setCookies: response.headers["set-cookie"] ?? [],
            cookieSent,
          });
        }, reject);
      });
    });
    sent.setTimeout(10_000, () => sent.destroy(new Error(`${method} ${path} was never answered`)));
    sent.end(payload);
    const answer = await answered;
    if (host === this.#host) for (const each of answer.setCookies) await this.accept(each);
    return answer;
  }
}

function jsonIn(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
