import leven from "leven";
import { forgetCauses, noteCause } from "./causes.ts";
import { watchStore } from "./stores.ts";

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

/** What somebody sets who wants an end to waiting. */
const limits = new Set([
  "commandTimeout",
  "connectTimeout",
  "maxRetriesPerRequest",
  "retryStrategy",
  "socketTimeout",
]);

/** What a connection does without an option, where it does well without. */
const symptomOf: Readonly<Record<string, RegExp>> = {
  reconnectOnError: /does not come back/,
  retryStrategy: /does not come back/,
  socketTimeout: /never answers keeps/,
};

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

const silence = "A package says nothing of an option that it does not know.";

const noSession =
  /`req\.session` is undefined|no `req\.session` to write into|no `session` where one is used/;

/** Whether a request has just arrived, and is being handed to the app. */
let isHandingOver = false;
/** What `session()` was given, call by call. */
const sessions: object[] = [];
/** The requests that have come to what it made. */
const passed = new WeakSet<object>();

/** Another file is judged. Within one, what was set while it was loaded holds for each of its apps. */
export function forgetOptions(): void {
  forgetCauses();
  sessions.length = 0;
}

/** An option that the last call of `session()` was given. */
export function sessionOption(name: string): unknown {
  return Reflect.get(sessions.at(-1) ?? {}, name);
}

/** Notes what express-session is given, and what of it is not looked for where it stands. */
export function noteSessionOptions(options: object | undefined, place: string | undefined): void {
  const given: object = { ...options };
  sessions.push(given);
  if (isHandingOver) {
    noteCause({
      symptom: /begins another session/,
      claim: `\`session()\` is called anew with each request${at(place)}.`,
      reason:
        "Each call keeps its sessions in a store of its own, which nobody asks again. Call it once, when the app is made, and mount what it returns: `app.use(session({ … }))`.",
    });
  }
  noteMisspelt("`session()`", given, ofSession, place);
  noteForeignNames("`session()`", given, ofSession, place);
  watchStore(Reflect.get(given, "store"));
  const genid: unknown = Reflect.get(given, "genid");
  if (genid?.constructor.name === "AsyncFunction") {
    noteCause({
      symptom: /session cookie/,
      claim: `\`genid\` is async${at(place)}: express-session takes what it returns for the id, a Promise.`,
      reason:
        "It returns a text at once. Left out, express-session makes an id out of chance by itself.",
    });
  }
  if (Reflect.get(given, "proxy") === false) {
    noteCause({
      symptom: /withholds a Secure one/,
      claim: `\`proxy: false\`${at(place)} has express-session ignore Express's \`trust proxy\`.`,
      reason:
        "It sees plain http then, and withholds a Secure cookie. Left out, it believes what Express believes.",
    });
  }
  const cookie: unknown = Reflect.get(given, "cookie");
  if (typeof cookie === "function") return;
  const flags: object = { ...(typeof cookie === "object" ? cookie : undefined) };
  noteMisspelt("`cookie`", flags, ofCookie, place);
  noteForeignNames("`cookie`", flags, ofCookie, place);
  for (const name of ofCookie.filter((each) => each in given && !(each in flags))) {
    noteCause({
      symptom: new RegExp(`\\b${name}\\b`, "i"),
      claim: `\`${name}\` stands beside \`cookie\`, where express-session does not look${at(place)}.`,
      reason: `It is an option of the cookie: \`cookie: { ${name}: … }\`. ${silence}`,
    });
  }
  for (const name of ofSession.filter((each) => each in flags && !(each in given))) {
    noteCause({
      symptom: new RegExp(`\\b${name}\\b`, "i"),
      claim: `\`${name}\` stands inside \`cookie\`, where express-session does not look${at(place)}.`,
      reason: `It is an option of \`session()\` and stands beside \`cookie\`. ${silence}`,
    });
  }
  const path: unknown = Reflect.get(flags, "path");
  if (typeof path === "string" && path !== "/") {
    noteCause({
      symptom: noSession,
      claim: `The session is for addresses below ${path} alone: \`cookie: { path: "${path}" }\`${at(place)}.`,
      reason:
        "Elsewhere there is no `req.session`. A session is for the whole app: leave the path out, or take `/`.",
    });
  }
}

/** Hands a request over to an app. */
export function handOver(toTheApp: () => void): void {
  isHandingOver = true;
  try {
    toTheApp();
  } finally {
    isHandingOver = false;
  }
}

/** Notes that a request has come to the middleware of `session()`. */
export function noteRequest(req: object): void {
  passed.add(req);
}

/** Notes that a handler has crashed without a session, where none can be. */
export function noteMissingSession(req: object, route: string): void {
  if (passed.has(req)) return;
  noteCause({
    symptom: noSession,
    claim:
      sessions.length === 0
        ? "Nobody has called `session()`, so there is no `req.session`."
        : `${route} is answered, and what \`session()\` returns has not run: there is no \`req.session\`.`,
    reason:
      "It is mounted with `app.use(session({ … }))`, for every path, and before the routes that use a session: Express runs middleware in the order in which it is mounted.",
  });
}

/** Notes an option that ioredis does not know. */
export function noteRedisOptions(options: object): void {
  const unknown = unknownOf(options, ofRedis);
  noteMisspelt("`new Redis()`", unknown, ofRedis);
  for (const [name, value] of Object.entries(unknown)) {
    const inside = Object.keys(Object(value)).filter((each) => limits.has(each));
    if (inside.length === 0) continue;
    noteCause({
      symptom: /keeps .* waiting|does not come back/,
      claim: `${listed(inside)} ${inside.length === 1 ? "stands" : "stand"} inside \`${name}\`, where \`new Redis()\` does not look.`,
      reason: `Other clients want it so. Here it is \`new Redis(url, { ${inside[0]}: … })\`. ${silence}`,
    });
  }
}

/** Notes a setting that Express does not know. */
export function noteExpressSettings(settings: object): void {
  // Those of its own that no app sets: "trust proxy fn".
  const given = Object.entries(settings).filter(([name]) => !name.endsWith(" fn"));
  noteMisspelt("`app.set()`", unknownOf(Object.fromEntries(given), ofExpress), ofExpress);
}

/** Why an option of `session()` that is true by default is so. Undefined when it never was. */
export function whyTrue(option: "resave" | "saveUninitialized"): string | undefined {
  for (const given of sessions) {
    const value: unknown = Reflect.get(given, option);
    if (value === undefined) return `\`${option}\` is left out, which means true`;
    if (value) return `\`${option}\` is ${JSON.stringify(value)}`;
  }
  return undefined;
}

function noteMisspelt(call: string, given: object, known: readonly string[], place?: string): void {
  const strange = Object.keys(given).filter((name) => !known.includes(name));
  const misspelt = strange.flatMap((name) => {
    const meant = known.find((each) => !(each in given) && isNear(name, each));
    return meant ? [{ name, meant, symptom: symptomOf[meant] }] : [];
  });
  for (const symptom of new Set(misspelt.map((each) => each.symptom))) {
    const alike = misspelt.filter((each) => each.symptom === symptom);
    const [names, meant] = [alike.map((each) => each.name), alike.map((each) => each.meant)];
    const isOne = alike.length === 1;
    noteCause({
      ...(symptom && { symptom }),
      claim: `${listed(names)} ${isOne ? "is no option" : "are no options"} of ${call}${at(place)}.`,
      reason: `${isOne ? "It is" : "They are"} spelled ${listed(meant)}. ${silence}`,
    });
  }
}

/** Notes what other frameworks call an option: `cookieName`, `SESSION_COOKIE_SECURE`. */
function noteForeignNames(call: string, given: object, known: readonly string[], place?: string) {
  for (const name of Object.keys(given)) {
    if (known.some((each) => each === name || isNear(name, each))) continue;
    const meant = known.find((each) => !(each in given) && plain(name).endsWith(plain(each)));
    if (!meant) continue;
    noteCause({
      symptom: new RegExp(`\\b${meant}\\b`, "i"),
      claim: `\`${name}\` is no option of ${call}${at(place)}.`,
      reason: `Here it is called \`${meant}\`. ${silence}`,
    });
  }
}

function listed(names: readonly string[]): string {
  return new Intl.ListFormat("en-GB").format(names.map((name) => `\`${name}\``));
}

/** Without what a package knows: that has a default, given or not. */
function unknownOf(given: object, known: readonly string[]): object {
  return Object.fromEntries(Object.entries(given).filter(([name]) => !known.includes(name)));
}

function isNear(name: string, known: string): boolean {
  return leven(plain(name), plain(known)) <= Math.floor(known.length / lettersPerEdit);
}

function plain(word: string): string {
  return word.replaceAll(/[-_ ]/g, "").toLowerCase();
}

function at(place: string | undefined): string {
  return place ? ` (${place})` : "";
}
