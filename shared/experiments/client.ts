import { CookieJar } from "tough-cookie";

/** Somebody at an app: requests, and a jar for their cookies. */
export class Client {
  readonly #url: string;
  #jar = new CookieJar();

  constructor(url: string) {
    this.#url = url;
  }

  /** Another one with the same cookies, as a thief has them. */
  copy(): Client {
    const copy = new Client(this.#url);
    copy.#jar = this.#jar.cloneSync() ?? new CookieJar();
    return copy;
  }

  /** The same browser, at another process of the same app. */
  at(url: string): Client {
    const moved = new Client(url);
    moved.#jar = this.#jar;
    return moved;
  }

  /** What it sends along. */
  cookieHeader(): Promise<string> {
    return this.#jar.getCookieString(this.#url);
  }

  /**
   * @returns The status.
   * @throws {DOMException} when there is no answer in time.
   */
  async send(method: string, path: string, body?: unknown, withinMs?: number): Promise<number> {
    return (await this.#ask(method, path, body, withinMs)).status;
  }

  /** Visits, and reads which visit it was. */
  async visits(): Promise<number> {
    const { text } = await this.#ask("GET", "/visits");
    return (JSON.parse(text) as { data: { visits: number } }).data.visits;
  }

  async logIn({ email, password }: { email: string; password: string }): Promise<this> {
    const status = await this.send("POST", "/auth/login", { email, password });
    if (status !== 200) throw new Error(`The app answers ${status} to a login.`);
    return this;
  }

  async #ask(method: string, path: string, body?: unknown, withinMs?: number) {
    const answer = await fetch(this.#url + path, {
      method,
      headers: {
        Cookie: await this.cookieHeader(),
        ...(body !== undefined && { "Content-Type": "application/json" }),
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
      ...(withinMs !== undefined && { signal: AbortSignal.timeout(withinMs) }),
    });
    const text = await answer.text();
    for (const cookie of answer.headers.getSetCookie()) {
      await this.#jar.setCookie(cookie, this.#url);
    }
    return { status: answer.status, text };
  }
}
