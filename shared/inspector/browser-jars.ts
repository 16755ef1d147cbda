import { EventEmitter } from "node:events";
import { siteName } from "./events.ts";
import { people, type Person } from "./requests.ts";

export interface JarCookie {
  name: string;
  value: string;
}

/**
 * What the two browsers of the page hold, by what they send: no page may ask for an HttpOnly cookie,
 * and no header of an answer says whether it was kept.
 */
export class BrowserJars extends EventEmitter<{ jar: [Person, JarCookie[]] }> {
  readonly #cookies = new Map<Person, JarCookie[]>();

  constructor() {
    super();
    this.setMaxListeners(0);
  }

  of(person: Person): JarCookie[] {
    return this.#cookies.get(person) ?? [];
  }

  learn(person: Person, header: string | undefined): void {
    const cookies = parse(header);
    this.#cookies.set(person, cookies);
    this.emit("jar", person, cookies);
  }

  /** The Set-Cookie headers that end whatever a browser sent. */
  endOf(header: string | undefined): string[] {
    return parse(header).flatMap(({ name }) => [
      `${name}=; Path=/; Max-Age=0${secureFor(name)}`,
      ...(name.startsWith("__Host-") ? [] : [`${name}=; Path=/; Domain=${siteName}; Max-Age=0`]),
    ]);
  }

  /** The Set-Cookie headers that put the cookies of the other browser into this one. */
  copyFor(person: Person): string[] {
    const other = (Object.keys(people) as Person[]).find((each) => each !== person);
    return this.of(other as Person).map(
      ({ name, value }) => `${name}=${value}; Path=/; HttpOnly; SameSite=Lax${secureFor(name)}`,
    );
  }
}

function secureFor(name: string): string {
  return /^__(Host|Secure)-/.test(name) ? "; Secure" : "";
}

function parse(header = ""): JarCookie[] {
  return header
    .split("; ")
    .filter(Boolean)
    .map((pair) => {
      const [name = "", ...rest] = pair.split("=");
      return { name, value: rest.join("=") };
    });
}
