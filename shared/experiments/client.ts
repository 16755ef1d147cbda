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

  /** What it sends along. */
  cookieHeader(): Promise<string> {
    return this.#jar.getCookieString(this.#url);
  }

  /** @returns The status. */
  async send(method: string, path: string, body?: unknown): Promise<number> {
    const answer = await fetch(this.#url + path, {
      method,
      headers: {
        Cookie: await this.cookieHeader(),
        ...(body !== undefined && { "Content-Type": "application/json" }),
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    await answer.arrayBuffer();
    for (const cookie of answer.headers.getSetCookie()) {
      await this.#jar.setCookie(cookie, this.#url);
    }
    return answer.status;
  }

  async logIn({ email, password }: { email: string; password: string }): Promise<this> {
    const status = await this.send("POST", "/auth/login", { email, password });
    if (status !== 200) throw new Error(`The app answers ${status} to a login.`);
    return this;
  }
}
