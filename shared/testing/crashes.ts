import { endingCall, endsTheProcess, undeclared } from "../runner/engine/explanations.ts";

/** An error in one line, with the place in the app that it came from. */
export function describeError(error: Error): string {
  const place = placeInApp(error);
  const [words = ""] = error.message.split("\n");
  return `${error.name}: ${words.replace(/\.$/, "")}${place ? ` (${place})` : ""}`;
}

/** `steps/03-login/app.ts:41` from the first frame of the stack that is the app's own. */
export function placeInApp(error: Error): string | undefined {
  const frame =
    /((?:(?:steps|solutions)[\\/][^\s():\\/]+[\\/])?(?<![\w-])app\.ts)[^\s():]*:(\d+)/.exec(
      error.stack ?? "",
    );
  return frame ? `${frame[1]}:${frame[2]}` : undefined;
}

/** What an error usually means here. */
export interface Meaning {
  /** The cause in plain words, where those of the error name a symptom. */
  cause?: string;
  advice: string;
}

/** What Node.js or a package says, and what it means for whoever reads it for the first time. */
const meanings: readonly [words: RegExp, Meaning][] = [
  [endingCall, { cause: "the app ends its process", advice: endsTheProcess }],
  [
    /before initialization/,
    {
      advice:
        "What is declared with `const` exists from its line on: move it above the line that uses it.",
    },
  ],
  [/is not defined/, { advice: undeclared }],
  [
    /\bsession\.touch is not a function/,
    {
      cause: "`req.session` was replaced by something else",
      advice:
        "express-session puts the session there, with its methods: set its fields, as in `req.session.visits = 1`, and leave the object itself alone.",
    },
  ],
  [
    /^fn is not a function/,
    {
      cause: "`regenerate`, `reload` or `destroy` of a session is called without its callback",
      advice:
        "They return no Promise. `regenerateSession(req)`, `saveSession(req)` and `destroySession(req)` of `shared/app/session.ts` can be awaited.",
    },
  ],
  [
    /\bdefault\.session is not a function/,
    {
      cause: "express has no `session`",
      advice: 'It is a package of its own: `import session from "express-session"`.',
    },
  ],
  [
    /default.* is not a (constructor|function)/,
    {
      cause: "a default import that does not exist",
      advice:
        "Does the package export it by name? connect-redis 8 exports `RedisStore`, in braces.",
    },
  ],
  [
    /\b(session|express|bcrypt) is not a function/,
    {
      advice:
        "express, express-session and bcrypt are default exports: import them without braces.",
    },
  ],
  [
    /reading '(hash|compare|genSalt)(Sync)?'/,
    {
      cause: "`bcrypt` is undefined",
      advice: "bcrypt is a default export: import it without braces.",
    },
  ],
  [
    /scanIterator|client\.\w+ is not a function/,
    {
      cause: "the store has no `client`",
      advice: "It calls the connection by that name: `new RedisStore({ client: redis })`.",
    },
  ],
  [
    /^Command timed out$/,
    {
      cause: "the connection gives up on Redis before it has answered",
      advice:
        "ioredis counts `commandTimeout` in milliseconds: 2 are over before any answer is there. And `createApp` waits for nothing: it builds the app before Redis is connected.",
    },
  ],
  [
    /"key" argument must be/,
    {
      cause: "a secret is no text",
      advice:
        "`secret` takes one text, or one flat list of texts: the secret, then the previous ones.",
    },
  ],
  [
    /createSession is not a function/,
    {
      cause: "`store` is no session store",
      advice:
        "A connection is not one by itself: `new RedisStore({ client: redis })` makes one of it.",
    },
  ],
  [
    /reading '(body|password|email)'|of 'req\.body' as it is undefined/,
    {
      cause: "there is no body, or no user, where one is used",
      advice:
        "Without a JSON body `req.body` is undefined: `validate` answers 400 before the handler runs, and hands the rest on in `req.validBody`. `findByEmail` resolves to undefined when nobody is found.",
    },
  ],
  [
    /secret option required/,
    {
      cause: "`session()` has no `secret`",
      advice: "It signs the cookie with it: hand it the `secret` that stands above.",
    },
  ],
  [
    /must be a function|requires a middleware function/,
    {
      cause: "a route is given something that is no function",
      advice:
        "A route takes the function itself: `requireAuth`, and not `requireAuth()`, which is what it returns.",
    },
  ],
  [
    /reading '(secure|method|replaceAll)'/,
    {
      cause: "a helper is called where it should be handed over",
      advice:
        "Without parentheses: `app.use(requireHttps)`, `app.use(refuseOtherSites)`, `.refine(isReadable)`. Who receives it calls it, with the request or the text.",
    },
  ],
  [
    /showFriendlyErrorStack/,
    {
      cause: "a command of ioredis is called without its connection",
      advice:
        "The store takes the connection by name: `new RedisStore({ client: redis })`. And `redis.get`, handed over as a function, forgets whose it is: `(key) => redis.get(key)`.",
    },
  ],
  [
    /store\.on is not a function/,
    {
      cause: "`store` is no session store",
      advice: "Make one with `new`: `new RedisStore({ client: redis })`.",
    },
  ],
  [
    /reading '(save|regenerate|destroy)'/,
    {
      cause: "there is no `session` where one is used",
      advice:
        "`destroySession`, `regenerateSession` and `saveSession` take `req`, and find the session in it. It is there after `session()`, which must be mounted before the routes, and until `destroy`.",
    },
  ],
  [
    /'req\.session' as it is undefined|reading '(visits|userId)'/,
    {
      cause: "`req.session` is undefined, or what stands in its place",
      advice:
        "Express runs middleware in the order in which it is mounted: `session()` must come before the routes that use it, and its cookie has to be for all paths. After `destroy` there is no session either.",
    },
  ],
  [
    /'req\.validBody' as it is undefined/,
    {
      cause: "`req.validBody` is undefined",
      advice: "`validate({ body: … })` puts it there, and has to stand before the handler.",
    },
  ],
  [
    /reading 'safeParse/,
    {
      cause: "`validate` found no schema",
      advice: "It takes an object: `validate({ body: YourSchema })`.",
    },
  ],
  [
    /(reading|destructure property) '(passwordHash|id|displayName)'/,
    {
      cause: "there is no user where one is used",
      advice:
        "`findByEmail` and `findById` resolve to undefined when nobody is found, and have to be awaited; `req.user` is there once `requireAuth` has put it there and called `next()`.",
    },
  ],
];

/** What an error usually means here; undefined when nothing is known of its kind. */
export function meaningOf(error: Error | undefined): Meaning | undefined {
  const words = error?.message ?? "";
  return meanings.find(([pattern]) => pattern.test(words))?.[1];
}

/** The cause of a crash in one line, with its place. */
export function describeCause(error: Error): string {
  const { cause } = meaningOf(error) ?? {};
  const place = placeInApp(error);
  return cause ? `${cause}${place ? ` (${place})` : ""}` : describeError(error);
}
