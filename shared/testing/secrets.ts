import { seededUsers } from "../app/database.ts";
import { sessionIdIn } from "./cookies.ts";
import type { Answered, Happened } from "./happened.ts";
import { containsHash } from "./hashes.ts";

/** Something that must not be read where it does not belong. */
interface Secret {
  /** What it is, after "shows": `a session id`. */
  what: string;
  value: string;
}

/** What an error of a Redis that asks for a password carries: the command, with the password. */
export const passwordOfRedis = "open sesame, says the app to Redis";

// Shorter ones stand in too many texts by chance.
const shortest = 6;

/** What was secret in all that happened: what was typed, handed out or configured. */
export function secretsIn({ exchanges, sites }: Pick<Happened, "exchanges" | "sites">): Secret[] {
  const secrets = new Map<string, string>();
  const add = (what: string, value: string | undefined) => {
    if (value && value.length >= shortest) secrets.set(value, what);
  };
  for (const { password } of Object.values(seededUsers)) add("the typed password", password);
  add("the password of Redis", passwordOfRedis);
  for (const { commands, config, redisUrl } of sites) {
    for (const secret of [config.sessionSecret, ...config.previousSessionSecrets]) {
      add("the session secret", secret);
    }
    add("the password of Redis", new URL(redisUrl).password);
    for (const { args } of commands.sent) add("a session id", idInKey(args[0]));
  }
  for (const exchange of exchanges) {
    for (const password of passwordsIn(exchange)) add("the typed password", password);
    for (const id of sessionIdsOf(exchange)) add("a session id", id);
  }
  return [...secrets].map(([value, what]) => ({ what, value }));
}

/** The first secret that stands in a text: as it is, or in an encoding that anybody can undo. */
export function secretShownIn(text: string, secrets: readonly Secret[]): Secret | undefined {
  const readings = readingsOf(text);
  return (
    secrets.find(({ value }) => readings.some((reading) => reading.includes(value))) ??
    (readings.some(containsHash) ? { what: "a password hash", value: "$2b$…" } : undefined)
  );
}

/** The ids of the sessions that the server named in an answer. */
function sessionIdsOf({ answer }: Answered): string[] {
  return answer.setCookies.flatMap(({ value }) => sessionIdIn(value) ?? []);
}

/** The id at the end of a key, as express-session makes it: also of a session that was never handed out. */
function idInKey(key = ""): string | undefined {
  return /(?:^|:)([\w-]{32})$/.exec(key)?.[1];
}

/** As they were typed, and as JSON writes them. */
function passwordsIn({ answer }: Answered): string[] {
  const written = /"\w*password":("(?:[^"\\]|\\.)*")/gi;
  return [...(answer.request.body ?? "").matchAll(written)].flatMap(([, text = '""']) => {
    const typed = typedIn(text);
    return typed.length < shortest ? [] : [typed, text.slice(1, -1)];
  });
}

/** What a text in JSON says; as it stands, where it is none. */
function typedIn(text: string): string {
  try {
    return JSON.parse(text);
  } catch {
    return text.slice(1, -1);
  }
}

function readingsOf(text: string): string[] {
  const unescaped = text.replaceAll(/%[0-9a-f]{2}/gi, (escape) =>
    String.fromCharCode(Number.parseInt(escape.slice(1), 16)),
  );
  const words = text.match(/[\w+/=-]{8,}/g) ?? [];
  const decoded = words.flatMap((word) =>
    (["base64", "hex"] as const).map((encoding) => Buffer.from(word, encoding).toString()),
  );
  return [text, unescaped, decoded.join("\n")];
}
