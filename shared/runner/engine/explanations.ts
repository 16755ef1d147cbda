/** In the message of an error: the call that would have ended the process, and that was turned into it. */
export const endingCall = /process\.(exit|kill)(?= unexpectedly called)/;

/** What is said of such a call, wherever the app makes it. */
export const endsTheProcess =
  "That ends the app for everybody, and here it would end the tests with it. The main program decides when to end: shared/app/server.ts.";

/** What is said of something that is thrown and should not be. */
export const noError = "no Error";

/** What a ReferenceError means, for whoever reads one for the first time. */
const undeclared =
  "Nothing of that name is declared or imported where it is used. `createApp` receives `redis`, `db` and `config`, which are unknown outside of it; the lesson lists the new imports. An `import type` is gone when the program runs.";

/** What an error usually means here. */
interface Meaning {
  /** The cause in plain words, where those of the error name a symptom. */
  cause?: string;
  advice: string;
}

/** What older tutorials install, and what does the same here. */
const instead: Readonly<Record<string, string>> = {
  bcryptjs: 'bcrypt: `import bcrypt from "bcrypt"`, with the same functions',
  "body-parser": "`express.json()`, which the starter has mounted",
  "connect-mongo": "connect-redis, from step 2 on",
  "cookie-parser": "express-session alone, which reads and signs its cookie by itself",
  "cookie-session": "express-session, which keeps the content on the server",
  "express-validator": "zod and the `validate` of `shared/app/validate.ts`",
  joi: "zod and the `validate` of `shared/app/validate.ts`",
  jsonwebtoken: "express-session, whose cookie holds an id and nothing else",
  passport: "`req.session.userId`, and a guard that you write yourself",
  redis: "ioredis, and `createApp` receives a connection of it as `redis`",
};

/** What Node.js or a package says, and what it means for whoever reads it for the first time. */
const meanings: readonly [words: RegExp, Meaning | ((found: RegExpExecArray) => Meaning)][] = [
  [endingCall, { cause: "the app ends its process", advice: endsTheProcess }],
  [
    new RegExp(`, which is ${noError}$`),
    {
      cause: `what is thrown, or given to next(), is ${noError}`,
      advice:
        "next() takes nothing, or an Error, which goes to the error handler. A user belongs on `req`, and a refusal is answered: `res.status(401).json(…)`.",
    },
  ],
  [
    /before initialization/,
    {
      advice:
        "What is declared with `const` exists from its line on: move it above the line that uses it.",
    },
  ],
  [
    /^(req|res|next) is not defined/,
    {
      advice:
        "The handler names its parameters, in this order: `(req, res, next)`. The starter writes `_req` where it is not used.",
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
    /\breq\.session\.(?!touch\b|save\b|regenerate\b|reload\b|destroy\b)(\w+)\.(\w+) is not a function/,
    ([, field = "", method = ""]) => ({
      cause: `\`req.session.${field}\` has no \`${method}\`: what comes out of a session is plain data`,
      advice:
        "A store writes a session down as JSON: numbers, texts, lists and plain objects come back, an object of a class comes back without its methods, and a Date as a text.",
    }),
  ],
  [
    /^failed to load session/,
    {
      cause: "`reload` finds no session in the store",
      advice:
        "express-session has loaded the session before your code runs. That of a newcomer is stored when the answer ends, and not before. Leave `reload` out.",
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
    /^`import \* as …` is not a (constructor|function)/,
    {
      cause: "`import * as` gives a list of what a package exports, which cannot be called",
      advice:
        'express, express-session and bcrypt are default exports: `import session from "express-session"`. `RedisStore` and `Redis` stand in braces.',
    },
  ],
  [
    /^Cannot find (?:package|module) '((?:@[^'/]+\/)?[^'./:\\][^'/:\\]*)['/]/,
    ([, name = ""]) => ({
      cause: `the package ${name} is not installed`,
      advice: `${Object.hasOwn(instead, name) ? `Here it is ${instead[name]}` : "The task needs none but those of package.json: express, express-session, connect-redis, ioredis, bcrypt and zod"}. Nothing has to be installed.`,
    }),
  ],
  [
    /^require\(\.\.\.\) is not a function/,
    {
      cause: "what `require` returns is no function",
      advice:
        'connect-redis 8 has no default export any more, and takes no `session`: `import { RedisStore } from "connect-redis"`, by name.',
    },
  ],
  [
    /^default\.(\w+) is not a (?:constructor|function)/,
    ([, name = ""]) => ({
      cause: `the package has no \`${name}\``,
      advice:
        "In another language or package it may be called so. What this one has stands in its documentation; the lesson links it.",
    }),
  ],
  [
    /^req\.(logout|logOut|login|logIn|isAuthenticated)\b.* is not a function/,
    ([, name = ""]) => ({
      cause: `\`req.${name}\` is a function of passport, which is not used here`,
      advice:
        "Here a login is `req.session.userId`, and nothing else. `shared/app/session.ts` begins a session, stores and ends it.",
    }),
  ],
  [
    /^default is not a (constructor|function)/,
    {
      cause: "a default import that does not exist",
      advice:
        "Is it exported by its name? Then it is imported in braces, as `RedisStore` of connect-redis 8 and all of `shared/app` are.",
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
      cause: "what the store has as `client` is no connection, or missing",
      advice:
        "The store takes one object, and finds the connection in it by that name: `{ client: redis }`. `createApp` receives the connection as `redis`.",
    },
  ],
  [
    /^\[\s*\{[^]*"path"/,
    {
      advice:
        "A schema's `parse` throws, and nobody catches it. `validate({ body: … })` answers 400 by itself; `safeParse` returns what it found.",
    },
  ],
  [
    /Promise during synchronous parse/,
    {
      cause: "a schema waits for something, in `refine` or `transform`, and `validate` does not",
      advice:
        "A schema says what a body looks like. What has to be looked up is up to the handler, which can `await`.",
    },
  ],
  [
    /transform\(\.\.\.\)\.(\w+) is not a function/,
    ([, method = ""]) => ({
      cause: `behind \`transform\` there is no \`${method}\``,
      advice:
        "zod does not know what `transform` returns. `.trim()`, `.toLowerCase()` and `.normalize()` change a text and leave it one; behind anything else, `.pipe(z.string()…)` goes on.",
    }),
  ],
  [
    /safeParse is not a function/,
    {
      cause: "`validate` is given something that is no schema",
      advice: "It takes what `z.object({ … })` makes: `validate({ body: YourSchema })`.",
    },
  ],
  [
    /#rewrite\] is not a function/,
    {
      cause: "`rewrite` is no function",
      advice:
        "The store calls it whenever it writes: hand over a function, `(key, value, ttlSeconds) => …`, and not what one returns.",
    },
  ],
  [
    /^data and hash (arguments required|must be strings)/,
    {
      cause: "bcrypt is given something that is no text",
      advice:
        "It takes two: the password, and the hash that is stored, `user.passwordHash`. A Promise is none yet, and there is no hash when nobody was found: something has to stand in for it.",
    },
  ],
  [
    /undefined \(reading 'expires'\)/,
    {
      cause: "a session that was stored without its `cookie` is read",
      advice:
        "express-session reads from it how long the session lives. Whatever makes a text of a session, such as the `serializer` of a store, keeps `cookie`, as `JSON.stringify(session)` does.",
    },
  ],
  [
    /^Connection is closed/,
    {
      cause:
        "the connection to Redis is closed, and `connect()`, or what was asked of it, is rejected",
      advice:
        "When Redis is away, somebody has to catch that. `new Redis()` connects by itself, and tries again; with `lazyConnect`, the first command does.",
    },
  ],
  [
    /headers after they are sent/,
    {
      cause: "a request is answered twice",
      advice:
        "Answering does not end a function, and neither does `next(error)`: return after each of them. A callback that answers needs no answer behind it.",
    },
  ],
  [
    /^maxAge must be/,
    {
      cause: "`maxAge` is no number",
      advice: "It counts milliseconds, without quotation marks: 24 * 60 * 60 * 1000 is a day.",
    },
  ],
  [
    /^Missing parameter name/,
    {
      cause: "a path has a `*` without a name, as Express 4 took it",
      advice:
        "`app.use(middleware)` without a path is for all of them. Where a path is needed, Express 5 writes `/{*rest}`.",
    },
  ],
  [
    /^argument name is invalid/,
    {
      cause: "the cookie's name holds what no name of a cookie may: a blank, or one of = ; , / :",
      advice: "`name` of `session()` takes letters, digits, - and _.",
    },
  ],
  [
    /invalid expire time/,
    {
      cause: "a key is to be written with an end that is over: 0 seconds, or fewer",
      advice:
        "A session ends when it is destroyed: `destroySession(req)`. What is given an end of 0 and then stored, Redis refuses.",
    },
  ],
  [
    /^(argument|option) \w+ is invalid/,
    {
      cause: "a cookie is given a name or an option that no cookie can have",
      advice:
        "A name has no blanks; `domain` is a host without https://; `sameSite` is one of its three words; `expires` is a Date. It is found out when the cookie is sent.",
    },
  ],
  [
    /^Redis is already connecting/,
    {
      cause: "a connection is told to connect that does so already",
      advice: "`new Redis(url)` connects by itself, and again when the connection is lost.",
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
      advice:
        "It takes one object, and signs the cookie with the `secret` in it: `session({ secret, … })`.",
    },
  ],
  [
    /must be a function|requires a middleware function/,
    {
      cause: "a route is given something that is no function",
      advice:
        "A route takes the function itself: `requireAuth`, and not `requireAuth()`, which is what it returns. `app.use` mounts functions; settings are made with `app.set`.",
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
      cause: "the store has no connection, or a command of ioredis has lost its own",
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
    /reading '(save|regenerate|destroy|touch)'/,
    {
      cause: "there is no `session` where one is used",
      advice:
        "`destroySession`, `regenerateSession` and `saveSession` take `req`, and find the session in it. It is there after `session()`, which must be mounted before the routes, and until `destroy`.",
    },
  ],
  [
    /undefined \(reading 'req'\)/,
    {
      cause: "`regenerate`, `save` or `destroy` has lost the session that it belongs to",
      advice:
        "A method that is handed over as a function forgets whose it is. `regenerateSession(req)`, `saveSession(req)` and `destroySession(req)` of `shared/app/session.ts` can be awaited.",
    },
  ],
  [
    /undefined \(reading '(users|db|redis|config|store)'\)/,
    ([, name = ""]) => ({
      cause: `there is nothing that could hold \`${name}\` where it is read`,
      advice:
        "Is it `this`? A method that is handed over as a function, as in `app.get(path, controller.me)`, forgets whose it is: `(req, res) => controller.me(req, res)` keeps it. And `createApp` receives `redis`, `db` and `config`, and has to hand them on.",
    }),
  ],
  [
    /undefined \(reading 'cookie'\)/,
    {
      cause: "there is no `req.session` where its cookie is read",
      advice:
        "After `destroy` there is none any more. The options of the cookie are known without it: they are those that `session()` was given.",
    },
  ],
  [
    /^secret option array must contain/,
    {
      cause: "`secret` is an empty list",
      advice:
        "The first secret of a list signs, the others still open what they signed: the current one comes first, and there may be no previous ones.",
    },
  ],
  [
    /^Assignment to constant variable/,
    {
      cause: "`=` gives a new value to a constant",
      advice:
        "Options are one object, with colons: `session({ resave: false })`. What changes is declared with `let`.",
    },
  ],
  [
    /^Cannot destructure property '(redis|db|config)'/,
    {
      cause: "`createApp` takes something apart that it is not given",
      advice:
        "It receives one object with everything in it, as in the starter: `createApp({ redis, db, config })`.",
    },
  ],
  [
    /setting '(visits|userId)'/,
    {
      cause: "there is no `req.session` to write into",
      advice:
        "After `destroy` there is none: `regenerateSession` ends the old one and begins another. Before `session()` there is none either: it must be mounted before the route.",
    },
  ],
  [
    /def\.fn is not a function/,
    {
      cause: "`refine` is given something that is no function",
      advice:
        "Is it imported from the file that exports it? `isReadable` comes from `shared/app/readable.ts`.",
    },
  ],
  [
    /^Object\.defineProperty called on non-object/,
    {
      cause: "the class `Session` is called instead of `session`",
      advice: 'The function is the default export: `import session from "express-session"`.',
    },
  ],
  [
    /'req\.session' as it is undefined|reading '(visits|userId)'/,
    {
      cause: "`req.session` is undefined, or what stands in its place",
      advice:
        "Express runs middleware in the order in which it is mounted: `session()` must come before the routes that use it, and its cookie has to be for all paths. Is it `req.session`, and does the handler take `(req, res)`? After `destroy` there is no session either.",
    },
  ],
  [
    /^Cannot set properties of undefined/,
    {
      advice:
        "What stands before the dot is undefined. After `destroy` there is no `req.session` any more; after `regenerate` there is a new one.",
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
        "`findByEmail` and `findById` have to be awaited, and resolve to undefined when nobody is found. The session holds `userId`, and no user. From step 4 on, `requireAuth` stands in the route, before the handler: it lets nobody pass without a user, and puts it into `req.user` before it calls `next()`.",
    },
  ],
];

/** What an error usually means here; undefined when nothing is known of its kind. */
export function meaningOf(error: { message?: string } | undefined): Meaning | undefined {
  const words = withoutImports(error?.message ?? "");
  for (const [pattern, meaning] of meanings) {
    const found = pattern.exec(words);
    if (found) return typeof meaning === "function" ? meaning(found) : meaning;
  }
  return undefined;
}

/** What an import is called in a module that Vite has transformed, as it was in its source. */
export function withoutImports(message: string): string {
  return message
    .replaceAll(/\(0 ?, ?__vite_ssr_import_\d+__\.(\w+)\)/g, "$1")
    .replaceAll(/__vite_ssr_import_\d+__\.(?=\w)/g, "")
    .replaceAll(/\(0 ?, ?__vite_ssr_import_\d+__\)|__vite_ssr_import_\d+__/g, "`import * as …`");
}
