import { seededUsers } from "../app/database.ts";
import type { KeySpace } from "../redis/key-space.ts";
import type { Answer } from "./answer.ts";
import type { Browser, Exchange } from "./browser.ts";
import { sessionIdInHeader } from "./cookies.ts";
import type { Site } from "./site.ts";
import { must, notJudged, type Evidence } from "./verdict.ts";

interface Credentials {
  email: string;
  password: string;
}

/** A browser in which somebody is logged in, and a copy of its cookie as a thief has it. */
export class Device {
  readonly browser: Browser;
  /** The header that the copy is sent in. */
  readonly cookie: string;
  /** The id of the session. */
  readonly id: string;
  readonly #site: Site;

  private constructor(site: Site, browser: Browser, cookie: string) {
    this.#site = site;
    this.browser = browser;
    this.cookie = cookie;
    this.id = sessionIdInHeader(cookie) ?? notJudged("a login sets no session cookie");
  }

  /** What a browser became by logging in; undefined when it was refused. */
  static async from(site: Site, browser: Browser): Promise<Device | undefined> {
    const cookie = await browser.sessionCookie();
    return cookie === undefined ? undefined : new Device(site, browser, cookie);
  }

  /** Logs in; undefined when the password is wrong. */
  static async tryOf(site: Site, email: string, password: string): Promise<Device | undefined> {
    const browser = site.browser();
    const { succeeded, status } = await browser
      .post("/auth/login", { email, password })
      .catch(() => notJudged("logging in gets no answer"));
    // Nobody has guessed here.
    if (status === 429) notJudged("a limit on logins counts those that succeed, and answers 429");
    return succeeded ? Device.from(site, browser) : undefined;
  }

  /** Logs in, or ends the goal as not judged. */
  static async of(site: Site, { email, password }: Credentials): Promise<Device> {
    return (await Device.tryOf(site, email, password)) ?? nobodyLogsIn();
  }

  /** What the copy of the cookie opens now. */
  replay(at = this.#site): Promise<Answer> {
    return at.browser().get("/me", { headers: { Cookie: this.cookie } });
  }

  /** Demands that no copy of the cookie opens anything. */
  async mustBeOut(claim: string, evidence: Evidence, why: string, at?: Site): Promise<void> {
    const replay = await this.replay(at);
    must(replay.status === 401, claim, [...[evidence].flat(), worthless, replay], why);
  }

  async mustBeIn(claim: string, evidence: Evidence, why: string): Promise<void> {
    const replay = await this.replay();
    must(replay.status === 200, claim, [...[evidence].flat(), stillGood, replay], why);
  }
}

const worthless = "then, with a cookie that should be worthless by now";
const stillGood = "then, with a cookie that should still be good";

/** Something that ends sessions: as in "after …", and how a device asks for it. */
interface Ending {
  name: string;
  /** The TODO of step 7 that it belongs to. */
  todo: number;
  begin(device: Device): Exchange;
  /** Lets the user log in again, where more has ended than sessions. */
  undo(): Promise<unknown>;
}

/** Ada's account with all that happens to it; and Grace, who may ban her. */
export class Account {
  readonly site: Site;
  readonly #admin: Device;
  /** The ones that may be right: a change that failed halfway leaves two. */
  #passwords: string[] = [seededUsers.ada.password];
  #changes = 0;

  private constructor(site: Site, admin: Device) {
    this.site = site;
    this.#admin = admin;
  }

  static async at(site: Site): Promise<Account> {
    return new Account(site, await Device.of(site, seededUsers.grace));
  }

  get password(): string {
    return this.#passwords[0] ?? "";
  }

  /** Logs in on another device, or ends the goal as not judged. */
  async logIn(at = this.site): Promise<Device> {
    for (const password of this.#passwords) {
      const device = await Device.tryOf(at, seededUsers.ada.email, password);
      if (!device) continue;
      this.#passwords = [password];
      return device;
    }
    must(
      this.#changes === 0,
      "After a change of the password, the new one does not log in.",
      `POST /auth/login ${JSON.stringify({ email: seededUsers.ada.email, password: this.password })} → refused`,
      "`db.users.changePassword` makes the hash by itself: hand it the password as it was typed, and not a hash of it.",
    );
    return nobodyLogsIn();
  }

  beginLogIn(
    browser: Browser,
    password = this.password,
    email: string = seededUsers.ada.email,
  ): Exchange {
    return browser.begin("POST", "/auth/login", { email, password });
  }

  logOutEverywhere({ browser }: Device): Exchange {
    return browser.begin("POST", "/auth/logout-all");
  }

  /** From the current password to another one, which nobody had before. */
  changePassword(
    { browser }: Device,
    newPassword = `difference engine no. ${++this.#changes}`,
    currentPassword = this.password,
  ): Exchange {
    this.#passwords = [newPassword, ...this.#passwords];
    const exchange = browser.begin("POST", "/me/password", { currentPassword, newPassword });
    const settle = ({ succeeded, status }: Answer) => {
      if (succeeded) this.#passwords = [newPassword];
      else if (status < 500) {
        this.#passwords = this.#passwords.filter((each) => each !== newPassword);
      }
    };
    exchange.answer.then(settle, () => {});
    return exchange;
  }

  ban(id: string = seededUsers.ada.id): Exchange {
    return this.#admin.browser.begin("POST", `/admin/users/${id}/ban`);
  }

  liftBan(id: string = seededUsers.ada.id): Promise<Answer> {
    return this.#admin.browser.begin("DELETE", `/admin/users/${id}/ban`).answer;
  }

  /**
   * What ends all of a user's sessions, as far as it is there; by name, when only some are meant.
   * Ends the goal as not judged when none is.
   */
  async endings(...names: readonly string[]): Promise<Ending[]> {
    const all: Ending[] = [
      {
        name: "logging out everywhere",
        todo: 2,
        begin: (device) => this.logOutEverywhere(device),
        undo: nothing,
      },
      {
        name: "a new password",
        todo: 3,
        begin: (device) => this.changePassword(device),
        undo: nothing,
      },
      { name: "a ban", todo: 4, begin: () => this.ban(), undo: () => this.liftBan() },
    ];
    const found: Ending[] = [];
    for (const ending of all.filter(({ name }) => names.length === 0 || names.includes(name))) {
      const { status } = await ending.begin(await this.logIn()).answer;
      if (status === 204) found.push(ending);
      await ending.undo();
    }
    return found.length > 0 ? found : notJudged("nothing ends all sessions of a user yet");
  }
}

/** The ending of one session. */
export const logout: Ending = {
  name: "a logout",
  todo: 1,
  begin: ({ browser }) => browser.begin("POST", "/auth/logout"),
  undo: nothing,
};

async function nothing(): Promise<void> {}

function nobodyLogsIn(): never {
  notJudged("logging in does not work, so there is nobody to test this with");
}

/** The first key in which the id of a session stands as a value: an index has it still. */
export async function entryOf(id: string, redis: KeySpace): Promise<string | undefined> {
  const found = (await redis.stored()).find(({ value }) => value.includes(id));
  return found && `${found.name} = ${found.value}`;
}
