import leven from "leven";
import type { Cause } from "./crashes.ts";

/** What express-session 1.19 reads from its options, and from those of its cookie. */
const ofSession = [
  "cookie",
  "genid",
  "key",
  "name",
  "proxy",
  "resave",
  "rolling",
  "saveUninitialized",
  "secret",
  "store",
  "unset",
];
const ofCookie = [
  "domain",
  "encode",
  "expires",
  "httpOnly",
  "maxAge",
  "originalMaxAge",
  "partitioned",
  "path",
  "priority",
  "sameSite",
  "secure",
  "signed",
];

/** What of ioredis 6 somebody sets who mends what a connection does. */
const ofRedis = [
  "autoResendUnfulfilledCommands",
  "commandTimeout",
  "connectTimeout",
  "db",
  "enableOfflineQueue",
  "enableReadyCheck",
  "keyPrefix",
  "lazyConnect",
  "maxRetriesPerRequest",
  "password",
  "reconnectOnError",
  "retryStrategy",
  "socketTimeout",
  "username",
];

/** The settings of Express 5. */
const ofExpress = [
  "case sensitive routing",
  "env",
  "etag",
  "json escape",
  "json replacer",
  "json spaces",
  "jsonp callback name",
  "query parser",
  "strict routing",
  "subdomain offset",
  "trust proxy",
  "view",
  "view cache",
  "view engine",
  "views",
  "x-powered-by",
];

// A letter in five may be wrong. In a short word, one makes another of it.
const lettersPerEdit = 5;

interface Unheard extends Cause {
  /** The option, where its place alone is wrong: without it, the app may well be what it should be. */
  misplaced?: string;
}

const noted: Unheard[] = [];

/** Another file is judged. Within one, what was set while it was loaded holds for each of its apps. */
export function forgetOptions(): void {
  noted.length = 0;
}

/** Notes an option that express-session does not look for where it stands. */
export function noteSessionOptions(options: object | undefined, place: string | undefined): void {
  const given: object = { ...options };
  noteMisspelt("`session()`", given, ofSession, place);
  const cookie: unknown = Reflect.get(given, "cookie");
  if (typeof cookie === "function") return;
  const flags: object = { ...(typeof cookie === "object" ? cookie : undefined) };
  noteMisspelt("`cookie`", flags, ofCookie, place);
  for (const name of ofCookie.filter((each) => each in given && !(each in flags))) {
    note({
      misplaced: name,
      claim: `\`${name}\` stands beside \`cookie\`, where express-session does not look${at(place)}.`,
      reason: `It is an option of the cookie: \`cookie: { ${name}: … }\`.`,
    });
  }
  for (const name of ofSession.filter((each) => each in flags && !(each in given))) {
    note({
      misplaced: name,
      claim: `\`${name}\` stands inside \`cookie\`, where express-session does not look${at(place)}.`,
      reason: "It is an option of `session()` and stands beside `cookie`.",
    });
  }
}

/** Notes an option that ioredis does not know. */
export function noteRedisOptions(options: object): void {
  noteMisspelt("`new Redis()`", unknownOf(options, ofRedis), ofRedis);
}

/** Notes a setting that Express does not know. */
export function noteExpressSettings(settings: object): void {
  // Those of its own that no app sets: "trust proxy fn".
  const given = Object.entries(settings).filter(([name]) => !name.endsWith(" fn"));
  noteMisspelt("`app.set()`", unknownOf(Object.fromEntries(given), ofExpress), ofExpress);
}

/**
 * What an app asks of a package that does not hear it. Undefined when there is no such thing.
 *
 * @param symptom What is said of the app. An option at the wrong place counts when it is spoken of.
 */
export function unheardOption(symptom: string): Cause | undefined {
  return noted.find(
    ({ misplaced }) => !misplaced || new RegExp(`\\b${misplaced}\\b`, "i").test(symptom),
  );
}

function noteMisspelt(call: string, given: object, known: readonly string[], place?: string): void {
  for (const name of Object.keys(given)) {
    if (known.includes(name)) continue;
    const meant = known.find((each) => !(each in given) && isNear(name, each));
    if (!meant) continue;
    note({
      claim: `\`${name}\` is no option of ${call}${at(place)}.`,
      reason: `It is spelled \`${meant}\`.`,
    });
  }
}

/** Without what a package knows: that has a default, given or not. */
function unknownOf(given: object, known: readonly string[]): object {
  return Object.fromEntries(Object.entries(given).filter(([name]) => !known.includes(name)));
}

function isNear(name: string, known: string): boolean {
  const plain = (word: string) => word.replaceAll(/[-_ ]/g, "").toLowerCase();
  return leven(plain(name), plain(known)) <= Math.floor(known.length / lettersPerEdit);
}

function at(place: string | undefined): string {
  return place ? ` (${place})` : "";
}

function note({ reason, ...unheard }: Unheard): void {
  const silence =
    "A package says nothing of an option that it does not know. The type checker does: npm run typecheck.";
  noted.push({ ...unheard, reason: `${reason} ${silence}` });
}
