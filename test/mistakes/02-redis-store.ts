import type { Mistake } from "../grading/catalogue.ts";

const health = `  app.get("/health", (_req, res) => {
    res.json({ data: { ok: true } });
  });

`;

const secret = 'config.sessionSecret ?? "only for the first steps"';

const store = "store: new RedisStore({ client: redis }),";

const cookie = `      cookie: {
        maxAge: sessionLifeMs,
      },
`;

const patience = `\
    // A visitor would rather read an error now than wait for a minute of retries.
    maxRetriesPerRequest: 1,
    connectTimeout: 1_000,
    commandTimeout: 2_000,
    // A connection that fell silent is replaced. TCP alone would wait for minutes.
    socketTimeout: 3_000,
`;

const listener =
  '  redis.on("error", (error) => console.warn(`Redis: ${describeError(error)}`));\n';

export const mistakes: readonly Mistake[] = [
  {
    name: "a store that returns a Promise and never calls back",
    edits: [
      [
        "export function createApp(",
        `class PromisingStore extends RedisStore {
  override async set(id: string, stored: session.SessionData): Promise<void> {
    await super.set(id, stored);
  }
}

export function createApp(`,
      ],
      ["new RedisStore(", "new PromisingStore("],
    ],
    goal: "a visitor is remembered after a restart",
    says: "`set` of the session store is done, and does not call back",
  },
  {
    name: "a store that is built and not handed over",
    edits: [
      [`      ${store}\n`, ""],
      [
        "  app.use(\n    session({",
        "  const redisStore = new RedisStore({ client: redis });\n  app.use(\n    session({",
      ],
    ],
    goal: "a visitor is remembered after a restart",
    says: "memory of the process",
  },
  {
    name: "a random secret per start",
    edits: [[secret, "crypto.randomUUID()"]],
    goal: "a visitor is remembered after a restart",
    says: "the new process has forgotten the visitor",
  },
  {
    name: "a random secret when none is configured",
    edits: [['"only for the first steps"', "crypto.randomUUID()"]],
    goal: "Without a SESSION_SECRET",
    says: "Without a SESSION_SECRET",
  },
  {
    name: "a random secret per start, at the top of the file",
    edits: [
      [
        "export function connectRedis",
        "const secretOfToday = crypto.randomUUID();\n\nexport function connectRedis",
      ],
      [secret, "secretOfToday"],
    ],
    goal: "a visitor is remembered after a restart",
    says: "the new process has forgotten the visitor",
  },
  {
    name: "the default import of older versions",
    edits: [
      ['import { RedisStore } from "connect-redis"', 'import RedisStore from "connect-redis"'],
    ],
    goal: "a visitor is remembered after a restart",
    says: "default import that does not exist",
  },
  {
    name: "the factory of older versions",
    edits: [
      [
        'import { RedisStore } from "connect-redis"',
        'import connectRedisStore from "connect-redis"',
      ],
      [store, "store: new (connectRedisStore(session))({ client: redis }),"],
    ],
    goal: "a visitor is remembered after a restart",
    says: "default import that does not exist",
  },
  {
    name: "the connection itself instead of { client }",
    edits: [[store, "store: new RedisStore(redis),"]],
    goal: "a visitor is remembered after a restart",
    says: "never answered",
  },
  {
    // What versions 9 and 10 of connect-redis do to ioredis.
    name: "a store that speaks node-redis to ioredis",
    edits: [
      ["{ client: redis }", "{ client: Object.assign(redis, { scanIterator: redis.scan }) }"],
    ],
    goal: "a visitor is remembered after a restart",
    says: "syntax error",
  },
  {
    name: "a key prefix per start",
    edits: [["{ client: redis }", "{ client: redis, prefix: `${crypto.randomUUID()}:` }"]],
    goal: "two instances share their visitors",
    says: "second instance does not know the visitor",
  },
  {
    name: "a day in seconds",
    edits: [["24 * 60 * 60 * 1000", "24 * 60 * 60"]],
    goal: "the session lives in Redis for a day, like its cookie",
    says: "87 s, not a day",
  },
  {
    name: "maxAge beside the cookie's options",
    edits: [[cookie, "      maxAge: sessionLifeMs,\n"]],
    goal: "the session lives in Redis for a day, like its cookie",
    says: "`maxAge` stands beside `cookie`",
  },
  {
    name: "the store's ttl alone",
    edits: [
      ["{ client: redis }", "{ client: redis, ttl: 24 * 60 * 60 }"],
      [cookie, ""],
    ],
    goal: "the session lives in Redis for a day, like its cookie",
    says: "ends with the browser",
  },
  {
    name: "a ttl in milliseconds",
    edits: [["{ client: redis }", "{ client: redis, ttl: () => sessionLifeMs }"]],
    goal: "the session lives in Redis for a day, like its cookie",
    says: "The cookie lives 24 h, and the session in Redis 1000 days",
  },
  {
    name: "disableTTL",
    edits: [["{ client: redis }", "{ client: redis, disableTTL: true }"]],
    goal: "the session lives in Redis for a day, like its cookie",
    says: "for ever",
  },
  {
    name: "an expiry that is fixed when the app starts",
    edits: [["maxAge: sessionLifeMs", "expires: new Date(Date.now() + sessionLifeMs)"]],
    goal: "With time between the requests",
    says: "a new visitor's session is shorter",
  },
  {
    name: "resave: true",
    edits: [["resave: false", "resave: true"]],
    goal: "a request that only reads does not rewrite the session",
    says: "only read wrote the session back",
  },
  {
    name: "resave left to its default",
    edits: [["      resave: false,\n", ""]],
    goal: "a request that only reads does not rewrite the session",
    says: "only read wrote the session back",
  },
  {
    name: "saveUninitialized: true",
    edits: [["saveUninitialized: false", "saveUninitialized: true"]],
    goal: "an anonymous request leaves no key",
    says: "left a session in Redis",
  },
  {
    name: "the session is mounted above the health check",
    edits: [
      [health, ""],
      ['  app.get("/visits"', `${health}  app.get("/visits"`],
    ],
    goal: "a health check asks Redis nothing",
    says: "asked Redis for a session",
  },
  {
    name: "a health check that pings Redis",
    edits: [
      ['"/health", (_req, res) => {', '"/health", async (_req, res) => {\n    await redis.ping();'],
    ],
    goal: "a health check asks Redis nothing",
    says: "asked Redis",
  },
  {
    name: "no offline queue",
    edits: [
      ["maxRetriesPerRequest: 1,", "maxRetriesPerRequest: 1,\n    enableOfflineQueue: false,"],
    ],
    goal: "the first request after a start waits for the connection",
    says: "before the Redis connection is ready",
  },
  {
    name: "503 until the connection is ready",
    edits: [
      [
        "  app.use(\n    session({",
        `  app.use((_req, res, next) => {
    if (redis.status === "ready") next();
    else res.status(503).json({ error: { code: "unavailable" } });
  });

  app.use(
    session({`,
      ],
    ],
    goal: "the first request after a start waits for the connection",
    says: "before the Redis connection is ready",
  },
  {
    name: "no error listener",
    edits: [[listener, ""]],
    goal: "a lost connection is logged in a line of your own",
    says: "Nobody listens for the errors",
  },
  {
    name: "a listener that says nothing",
    edits: [[listener, '  redis.on("error", () => {});\n']],
    goal: "a lost connection is logged in a line of your own",
    says: "swallowed",
  },
  {
    name: "a listener for the first error only",
    edits: [['redis.on("error"', 'redis.once("error"']],
    goal: "a lost connection is logged in a line of your own",
    says: "listens",
  },
  {
    name: "the default patience of ioredis",
    edits: [[`, {\n${patience}  }`, ""]],
    goal: "without Redis, a visitor gets an error within 3 s, and is back when Redis is",
    says: "keeps the visitor waiting",
  },
  {
    name: "few retries, and no limit for an answer",
    edits: [["    commandTimeout: 2_000,\n", ""]],
    goal: "without Redis, a visitor gets an error within 3 s, and is back when Redis is",
    says: "never answers keeps the visitor waiting",
  },
  {
    name: "connectTimeout alone",
    edits: [
      ["    maxRetriesPerRequest: 1,\n", ""],
      ["    commandTimeout: 2_000,\n", ""],
    ],
    goal: "without Redis, a visitor gets an error within 3 s, and is back when Redis is",
    says: "keeps the visitor waiting",
  },
  {
    name: "a connection that never retries",
    edits: [["maxRetriesPerRequest: 1,", "retryStrategy: () => null,"]],
    goal: "without Redis, a visitor gets an error within 3 s, and is back when Redis is",
    says: "does not come back",
  },
  {
    name: "the listener ends the process",
    edits: [
      [
        "console.warn(`Redis: ${describeError(error)}`)",
        "{\n    console.warn(`Redis: ${describeError(error)}`);\n    process.exit(1);\n  }",
      ],
    ],
    goal: "without Redis, a visitor gets an error within 3 s, and is back when Redis is",
    says: "the app ends its process (steps/02-redis-store/app.ts:24)",
  },
  {
    name: "session ids made of the time and Math.random",
    edits: [["secret,\n", "secret,\n      genid: () => `${Date.now()}-${Math.random()}`,\n"]],
    goal: "With an id that can be foreseen",
    says: "session ids are made with `Math.random`",
  },
  {
    name: "the address of Redis in the log",
    edits: [["`Redis: ${describeError(error)}`", "`Redis at ${url}: ${error.message}`"]],
    goal: "No standing rule is broken, on any path",
    says: "The log shows the password of Redis, written during a lost connection",
  },
  {
    name: "the whole error of Redis in the log",
    edits: [["`Redis: ${describeError(error)}`", '"Redis:", error']],
    goal: "No standing rule is broken, on any path",
    says: "The log shows the password of Redis, written during a connection that Redis refused",
  },
  {
    name: "reconnecting ends after three tries",
    edits: [
      [
        "maxRetriesPerRequest: 1,",
        "maxRetriesPerRequest: 1,\n    retryStrategy: (times) => (times > 3 ? null : 50),",
      ],
    ],
    goal: "After a long outage of Redis",
    says: "the app does not come back with it",
  },
  {
    name: "the address taken apart, without its password",
    edits: [["new Redis(url, {", "new Redis(Number(new URL(url).port), new URL(url).hostname, {"]],
    goal: "With an address of Redis that has everything in it",
    says: "connectRedis loses the user and the password",
  },
  {
    name: "a counter under a key of its own, which never expires",
    edits: [
      [
        "res.json({ data: { visits",
        "void redis.incr(`visits:${req.sessionID}`);\n    res.json({ data: { visits",
      ],
    ],
    goal: "No standing rule is broken, on any path",
    says: "A key never expires",
  },
  {
    name: "everybody's keys are looked through",
    edits: [
      ["res.json({ data: { visits", 'void redis.keys("sess:*");\n    res.json({ data: { visits'],
    ],
    goal: "No standing rule is broken, on any path",
    says: "goes through everybody's keys",
  },
  {
    name: "a connection of its own, to wherever Redis is by default",
    edits: [["new RedisStore({ client: redis })", "new RedisStore({ client: new Redis() })"]],
    goal: "a visitor is remembered after a restart",
    says: "The app opens a connection of its own, to localhost:6379",
  },
  {
    name: "connectRedis does not look at its address",
    edits: [["new Redis(url, {", "new Redis({"]],
    goal: "a visitor is remembered after a restart",
    says: "connectRedis connects to localhost:6379, and not to the address that it receives",
  },
  {
    name: "the store's client under another name",
    edits: [["{ client: redis }", "{ redis } as never"]],
    goal: "a visitor is remembered after a restart",
    says: "what the store has as `client` is no connection",
  },
  {
    name: "seconds for milliseconds in commandTimeout",
    edits: [["commandTimeout: 2_000", "commandTimeout: 0.002"]],
    goal: "With a slow Redis",
    says: "the connection gives up on Redis",
  },
  {
    name: "a Promise of Redis that nobody awaits",
    edits: [
      [
        "res.json({ data: { visits",
        'void redis.publish("visits", "one more");\n    res.json({ data: { visits',
      ],
    ],
    goal: "No standing rule is broken, on any path",
    says: "An error escaped that would end the process",
  },
  {
    name: "a prefix with the number of the process",
    edits: [
      [
        "new RedisStore({ client: redis })",
        "new RedisStore({ client: redis, prefix: `${process.pid}:` })",
      ],
    ],
    goal: "a visitor is remembered after a restart",
    says: "the new process has forgotten the visitor",
  },
  {
    name: "the cookie is prolonged by each request, and the key is not",
    edits: [
      [
        "new RedisStore({ client: redis })",
        "new RedisStore({ client: redis, disableTouch: true })",
      ],
    ],
    goal: "Hours after the last visit",
    says: "the cookie of GET /nothing-here lives 24 h, and its session 18 h",
  },
  {
    name: "a prefix with the name of the machine",
    edits: [
      [
        "new RedisStore({ client: redis })",
        "new RedisStore({ client: redis, prefix: `${hostname()}:` })",
      ],
      [
        'import { Redis } from "ioredis";',
        'import { hostname } from "node:os";\nimport { Redis } from "ioredis";',
      ],
    ],
    goal: "a visitor is remembered after a restart",
    says: "the new process has forgotten the visitor",
  },
  {
    name: "the error handler before what fails",
    edits: [
      ["  app.use(errorHandler);\n", ""],
      ["  app.use(express.json(", "  app.use(errorHandler);\n  app.use(express.json("],
    ],
    goal: "No standing rule is broken, on any path",
    says: "fails, and no error handler is reached",
  },
  {
    name: "where it connected to, with the password",
    edits: [
      [
        'redis.on("error",',
        'redis.on("ready", () => console.info(`Redis: connected to ${url}`));\n  redis.on("error",',
      ],
    ],
    goal: "With an address of Redis that has everything in it",
    says: "the log shows the password of Redis",
  },
  {
    name: "whoever answers over TLS is believed",
    edits: [
      [
        "    commandTimeout: 2_000,",
        '    commandTimeout: 2_000,\n    ...(url.startsWith("rediss:") && { tls: { rejectUnauthorized: false } }),',
      ],
    ],
    goal: "With an address of Redis that has everything in it",
    says: "over TLS, connectRedis believes whoever answers",
  },
  {
    name: "WATCH on the connection of all",
    edits: [
      [
        '  app.get("/visits", (req, res) => {',
        '  app.get("/visits", async (req, res) => {\n    await redis.watch(`sess:${req.sessionID}`);',
      ],
    ],
    goal: "No standing rule is broken, on any path",
    says: "uses WATCH on the connection that all its requests share",
  },
  {
    name: "a delay that doubles without an end",
    edits: [
      [
        "    commandTimeout: 2_000,",
        "    commandTimeout: 2_000,\n    retryStrategy: (times) => 2 ** times * 100,",
      ],
    ],
    goal: "After a long outage of Redis",
    says: "the connection waits",
  },
  {
    name: "one connection for all who ever ask",
    edits: [
      [
        "  const redis = new Redis(url, {",
        "  const all = globalThis as { redis?: Redis };\n  const redis = (all.redis ??= new Redis(url, {",
      ],
      ["    socketTimeout: 3_000,\n  });", "    socketTimeout: 3_000,\n  }));"],
    ],
    goal: "a visitor is remembered after a restart",
    says: "connectRedis returns a connection that is closed for good",
  },
  {
    name: "a delay that comes from what another client hands over",
    edits: [
      [
        "    commandTimeout: 2_000,",
        "    commandTimeout: 2_000,\n    retryStrategy: (failed: unknown) => Math.min(Object(failed).attempt * 100, 3_000),",
      ],
    ],
    goal: "After a long outage of Redis",
    says: "after 40 attempts, the connection tries again without a pause",
  },
  {
    name: "a new connection after each error",
    edits: [
      ["    commandTimeout: 2_000,", "    commandTimeout: 2_000,\n    reconnectOnError: () => 2,"],
    ],
    goal: "After a long outage of Redis",
    says: "one command that Redis refuses ends the connection of all",
  },
  {
    name: "the same line is never logged again",
    edits: [
      [
        listener,
        `  const said = new Set<string>();
  redis.on("error", (error) => {
    const line = describeError(error);
    if (!said.has(line)) console.warn(\`Redis: \${line}\`);
    said.add(line);
  });
`,
      ],
    ],
    goal: "After a long outage of Redis",
    says: "the next outage leaves no line in the log",
  },
  {
    name: "what is stored has lost its cookie",
    edits: [
      [
        store,
        `store: new RedisStore({
        client: redis,
        ttl: sessionLifeMs / 1_000,
        serializer: {
          stringify: ({ cookie: _, ...rest }) => JSON.stringify(rest),
          parse: (text) => ({ ...JSON.parse(text), cookie: { originalMaxAge: null } }),
        },
      }),`,
      ],
    ],
    goal: "Hours after the last visit",
    says: "ends with the browser, and the one before lived 24 h",
  },
  {
    name: "a patience of twenty seconds",
    edits: [[patience, "    maxRetriesPerRequest: 2,\n    commandTimeout: 20_000,\n"]],
    goal: "without Redis, a visitor gets an error within 3 s, and is back when Redis is",
    says: "keeps the visitor waiting for more than 3 s",
  },
  {
    name: "the error is logged whole",
    edits: [[listener, '  redis.on("error", console.error);\n']],
    goal: "No standing rule is broken, on any path",
    says: "The log shows the password of Redis",
  },
  {
    name: "a timer of the request in place of limits for the commands",
    edits: [
      ["    maxRetriesPerRequest: 1,\n", ""],
      ["    commandTimeout: 2_000,\n", ""],
      ["    socketTimeout: 3_000,\n", ""],
      [
        "  app.use(\n    session({",
        `  app.use((_req, res, next) => {
    const timer = setTimeout(() => {
      if (!res.headersSent) res.status(503).json({ error: { code: "unavailable" } });
    }, 2_500);
    res.on("close", () => clearTimeout(timer));
    next();
  });
  app.use(\n    session({`,
      ],
    ],
    goal: "without Redis, a visitor gets an error within 3 s, and is back when Redis is",
    says: "keeps somebody new waiting for more than 3 s",
  },
  {
    name: "a store in memory while Redis is away",
    edits: [
      [
        "  app.use(\n    session({",
        `  const inMemory = session({ secret, resave: false, saveUninitialized: false });
  app.use((req, res, next) => {
    if (redis.status === "reconnecting") inMemory(req, res, next);
    else next();
  });
  app.use(\n    session({`,
      ],
    ],
    goal: "After a long outage of Redis",
    says: "while Redis is away, a visitor with a session is answered 200",
  },
  {
    name: "createApp listens for the errors of the connection",
    edits: [
      [listener, ""],
      [
        "export function createApp({ redis, config }: Services): Express {\n",
        `export function createApp({ redis, config }: Services): Express {\n${listener}`,
      ],
    ],
    goal: "No standing rule is broken, on any path",
    says: "Nobody listens for the errors of the connection that connectRedis returns",
  },
  {
    name: "another database than the address says",
    edits: [["new Redis(url, {", "new Redis(url, {\n    db: 1,"]],
    goal: "a visitor is remembered after a restart",
    says: "and not to the address that it receives",
  },
  {
    name: "a Redis that is full is reconnected to",
    edits: [
      [
        "new Redis(url, {",
        "new Redis(url, {\n    reconnectOnError: (error) => /^(READONLY|OOM)/.test(error.message) && 2,",
      ],
    ],
    goal: "With a Redis that refuses",
    says: "when Redis is full, the app reconnects to it again and again",
  },
  {
    name: "a listener that stays when a client leaves",
    edits: [
      [
        "  app.use(\n    session({",
        `  app.use((_req, res, next) => {
    const lost = () => void res.set("X-Redis", "lost");
    redis.on("close", lost);
    res.once("finish", () => redis.off("close", lost));
    next();
  });
  app.use(\n    session({`,
      ],
    ],
    goal: "Among many visitors",
    says: "with each client that hangs up, a listener stays at the Redis connection",
  },
  {
    name: "the hundredth failed attempt ends the process",
    edits: [
      [
        '  redis.on("error", (error) => console.warn(`Redis: ${describeError(error)}`));\n',
        `  let failures = 0;
  redis.on("error", (error) => {
    console.warn(\`Redis: \${describeError(error)}\`);
    if (++failures >= 100) process.exit(1);
  });
`,
      ],
    ],
    goal: "After a long outage of Redis",
    says: "after 100 failed attempts to connect, the app ends its own process",
  },
  {
    name: "a cookie that is never prolonged",
    edits: [["      rolling: true,\n", ""]],
    goal: "the cookie is prolonged with its session",
    says: "the cookie is never prolonged",
  },
  {
    name: "a heartbeat whose failure nobody catches",
    edits: [[listener, `${listener}  setInterval(() => redis.ping(), 60_000).unref();\n`]],
    goal: "When what was put off is done",
    says: "An error escaped that would end the process",
  },
  {
    name: "a place in the queue that a client who left keeps",
    edits: [
      [
        "  // Whoever knows",
        '  let busy = 0;\n  app.use((_req, res, next) => {\n    if (busy >= 200) return void res.status(503).json({ error: { code: "busy" } });\n    busy++;\n    res.once("finish", () => busy--);\n    next();\n  });\n\n  // Whoever knows',
      ],
    ],
    goal: "Among many visitors",
    says: "requests whose clients hung up before the answer, nobody is served",
  },
  {
    name: "a prefix with the number of the release",
    edits: [
      [
        "new RedisStore({ client: redis })",
        "new RedisStore({ client: redis, prefix: `sess:${process.env.npm_package_version}:` })",
      ],
    ],
    goal: "a visitor is remembered after a restart",
    says: 'it looks for the session at "sess:',
  },
  {
    name: "Secure on http",
    edits: [["maxAge: sessionLifeMs,", "maxAge: sessionLifeMs, secure: true,"]],
    goal: "a visitor is remembered after a restart",
    says: "The session cookie is Secure: on http nobody gets it",
  },
  {
    name: "SameSite=None on http",
    edits: [["maxAge: sessionLifeMs,", 'maxAge: sessionLifeMs, sameSite: "none",']],
    goal: "a visitor is remembered after a restart",
    says: "SameSite=None demands Secure",
  },
  {
    name: "the limits under the names of other clients",
    edits: [[patience, "retry_strategy: () => 1000, socket_timeout: 2,"]],
    goal: "without Redis, a visitor gets an error within 3 s, and is back when Redis is",
    says: "keeps the visitor waiting for more than 3 s: `maxRetriesPerRequest` is 20",
  },
  {
    name: "a patience of five seconds",
    edits: [[patience, "maxRetriesPerRequest: 3, commandTimeout: 5_000,"]],
    goal: "without Redis, a visitor gets an error within 3 s, and is back when Redis is",
    says: "keeps somebody new waiting for more than 3 s: `commandTimeout` is 5000 ms",
  },
  {
    name: "a store that does not prolong",
    edits: [["{ client: redis }", "{ client: redis, disableTouch: true }"]],
    goal: "Hours after the last visit",
    says: "`disableTouch` keeps the store from prolonging it",
  },
  {
    name: "a store that gives up on Redis until the next connection",
    edits: [
      ["new RedisStore({ client: redis })", "new GuardedStore(redis)"],
      [
        "export function createApp(",
        `class GuardedStore extends RedisStore {
  #failures = 0;

  constructor(client: Redis) {
    super({ client });
    client.on("ready", () => (this.#failures = 0));
  }

  override get(...[id, done]: Parameters<RedisStore["get"]>) {
    if (this.#failures >= 3) return Promise.resolve(done?.(new Error("no store")));
    return super.get(id, (error, data) => {
      this.#failures = error ? this.#failures + 1 : 0;
      done?.(error, data);
    });
  }
}

export function createApp(`,
      ],
    ],
    goal: "With a slow Redis",
    says: "Redis answers again, and three minutes later GET /visits is still answered 500",
  },
  {
    name: "the headers of a slow request are logged",
    edits: [
      [
        '  app.get("/health"',
        `  app.use((req, res, next) => {
    const start = performance.now();
    res.once("finish", () => {
      if (performance.now() - start > 5_000) console.warn("slow:", JSON.stringify(req.headers));
    });
    next();
  });

  app.get("/health"`,
      ],
    ],
    goal: "With a slow Redis",
    says: "The log shows a session id, written during GET /visits",
  },
  {
    name: "sessions for GET and POST alone",
    edits: [
      ["  app.use(\n    session({", "  const sessions =\n    session({"],
      [
        '      },\n    }),\n  );\n\n  app.get("/visits"',
        `      },
    });
  app.use((req, res, next) => {
    if (/^(GET|POST)$/.test(req.method)) sessions(req, res, next);
    else next();
  });

  app.get("/visits"`,
      ],
    ],
    goal: "By another method",
    says: "HEAD /visits crashes",
  },
  {
    name: "nobody waits for the store",
    edits: [
      [
        "  app.use(\n    session({",
        `  const store = new RedisStore({ client: redis });
  const { set } = store;
  store.set = async (id, data, done = () => {}) => {
    done();
    await set.call(store, id, data, () => {});
  };
  app.use(\n    session({`,
      ],
      ["new RedisStore({ client: redis }),\n      cookie", "store,\n      cookie"],
    ],
    goal: "With a slow Redis",
    says: "a visit is answered before Redis has the session",
  },
  {
    name: "a refused write is tried again a second later",
    edits: [
      [
        "  app.use(\n    session({",
        `  const store = new RedisStore({ client: redis });
  const { set } = store;
  store.set = (id, data, done = () => {}) =>
    set.call(store, id, data, (error) => {
      const again = () => void set.call(store, id, data, () => {});
      if (error) setTimeout(again, 1_000).unref();
      done(error);
    });
  app.use(\n    session({`,
      ],
      ["new RedisStore({ client: redis }),\n      cookie", "store,\n      cookie"],
    ],
    goal: "When what was put off is done",
    says: "tried again later, and takes back what was counted since",
  },
  {
    name: "an id that comes back is used again",
    edits: [
      [
        "      resave: false,",
        `      genid: ({ headers }) =>
        /s%3A([\\w-]+)\\./.exec(headers.cookie ?? "")?.[1] ?? randomBytes(24).toString("base64url"),
      resave: false,`,
      ],
      ["import express", 'import { randomBytes } from "node:crypto";\nimport express'],
    ],
    goal: "Hours after the last visit",
    says: "leaves a key for a session that has ended",
  },
  {
    name: "one connection for whoever asks for one",
    edits: [
      [
        "  const redis = new Redis(url, {",
        '  if (shared?.status === "end") shared = undefined;\n  shared ??= new Redis(url, {',
      ],
      ["  redis.on(", '  shared.removeAllListeners("error").on('],
      ["  return redis;", "  return shared;"],
      [
        "export function connectRedis",
        "let shared: Redis | undefined;\n\nexport function connectRedis",
      ],
    ],
    goal: "Beside another app in the same process",
    says: "connectRedis returns the connection that it has returned before",
  },
  {
    name: "keys that are called after the day of the start",
    edits: [
      [
        "new RedisStore({ client: redis })",
        "new RedisStore({ client: redis, prefix: `sess-${new Date().getUTCDate()}:` })",
      ],
    ],
    goal: "With time between the requests",
    says: "an app that is started anew hours later does not know who was here before",
  },
];
