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

const patience = `    // A visitor would rather read an error now than wait for ten seconds of retries.
    maxRetriesPerRequest: 1,
    connectTimeout: 1_000,
    commandTimeout: 2_000,
`;

const listener = '  redis.on("error", (error) => console.warn(`Redis: ${error.message}`));\n';

export const mistakes: readonly Mistake[] = [
  {
    name: "no store",
    edits: [[`      ${store}\n`, ""]],
    goal: "a visitor is remembered after a restart",
    says: "memory of the process",
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
    name: "the store among the cookie's options",
    edits: [
      [`      ${store}\n`, ""],
      ["maxAge: sessionLifeMs,\n", `maxAge: sessionLifeMs,\n        ${store}\n`],
    ],
    goal: "a visitor is remembered after a restart",
    says: "memory of the process",
  },
  {
    name: "a store under another option's name",
    edits: [[store, store.replace("store:", "sessionStore:")]],
    goal: "a visitor is remembered after a restart",
    says: "memory of the process",
  },
  {
    name: "memory as long as Redis is not connected yet",
    edits: [
      [store, 'store: redis.status === "ready" ? new RedisStore({ client: redis }) : undefined,'],
    ],
    goal: "a visitor is remembered after a restart",
    says: "memory of the process",
  },
  {
    name: "a memory store that all apps of the process share",
    edits: [
      [
        "export function connectRedis",
        "const memory = new session.MemoryStore();\n\nexport function connectRedis",
      ],
      [store, "store: memory,"],
    ],
    goal: "a visitor is remembered after a restart",
    says: "memory of the process",
  },
  {
    name: "a random secret per start",
    edits: [[secret, "crypto.randomUUID()"]],
    goal: "a visitor is remembered after a restart",
    says: "although the session is still in Redis",
  },
  {
    name: "a random secret when none is configured",
    edits: [['"only for the first steps"', "crypto.randomUUID()"]],
    goal: "a visitor is remembered after a restart",
    says: "although the session is still in Redis",
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
    says: "although the session is still in Redis",
  },
  {
    name: "the default import of older versions",
    edits: [
      ['import { RedisStore } from "connect-redis"', 'import RedisStore from "connect-redis"'],
    ],
    goal: "a visitor is remembered after a restart",
    says: "RedisStore",
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
    says: "RedisStore",
  },
  {
    name: "the factory of older versions, with the new import",
    edits: [[store, "store: new (RedisStore(session))({ client: redis }),"]],
    goal: "a visitor is remembered after a restart",
    says: "RedisStore cannot be invoked without 'new'",
  },
  {
    name: "the connection itself instead of { client }",
    edits: [[store, "store: new RedisStore(redis),"]],
    goal: "a visitor is remembered after a restart",
    says: "client",
  },
  {
    name: "the function that connects instead of the connection",
    edits: [["{ client: redis }", "{ client: connectRedis }"]],
    goal: "a visitor is remembered after a restart",
    says: "client.get is not a function",
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
    name: "maxAge: 3600",
    edits: [["maxAge: sessionLifeMs", "maxAge: 3600"]],
    goal: "the session lives in Redis for a day, like its cookie",
    says: "4 s, not a day",
  },
  {
    name: "an hour instead of a day",
    edits: [["24 * 60 * 60 * 1000", "60 * 60 * 1000"]],
    goal: "the session lives in Redis for a day, like its cookie",
    says: "60 min, not a day",
  },
  {
    name: "a year instead of a day",
    edits: [["24 * 60 * 60 * 1000", "365 * 24 * 60 * 60 * 1000"]],
    goal: "the session lives in Redis for a day, like its cookie",
    says: "365 days, not a day",
  },
  {
    name: "no maxAge",
    edits: [[cookie, ""]],
    goal: "the session lives in Redis for a day, like its cookie",
    says: "ends with the browser",
  },
  {
    name: "maxAge beside the cookie's options",
    edits: [[cookie, "      maxAge: sessionLifeMs,\n"]],
    goal: "the session lives in Redis for a day, like its cookie",
    says: "ends with the browser",
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
    name: "a ttl that contradicts the cookie",
    edits: [["{ client: redis }", "{ client: redis, ttl: () => 60 * 60 }"]],
    goal: "the session lives in Redis for a day, like its cookie",
    says: "expire at different times",
  },
  {
    name: "a ttl in milliseconds",
    edits: [["{ client: redis }", "{ client: redis, ttl: () => sessionLifeMs }"]],
    goal: "the session lives in Redis for a day, like its cookie",
    says: "expire at different times",
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
    goal: "the session lives in Redis for a day, like its cookie",
    says: "not a day",
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
    name: "the time of the last request in the session",
    edits: [
      [
        '  app.get("/visits"',
        '  app.use((req, _res, next) => {\n    if (req.session.visits) Object.assign(req.session, { seenAt: performance.now() });\n    next();\n  });\n\n  app.get("/visits"',
      ],
    ],
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
    name: "saveUninitialized left to its default",
    edits: [["      saveUninitialized: false,\n", ""]],
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
        '  app.use((_req, res, next) => {\n    if (redis.status === "ready") next();\n    else res.status(503).json({ error: { code: "unavailable" } });\n  });\n\n  app.use(\n    session({',
      ],
    ],
    goal: "the first request after a start waits for the connection",
    says: "before the Redis connection is ready",
  },
  {
    name: "a lazy connection without an offline queue",
    edits: [
      [
        "maxRetriesPerRequest: 1,",
        "maxRetriesPerRequest: 1,\n    lazyConnect: true,\n    enableOfflineQueue: false,",
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
    says: "logged",
  },
  {
    name: "a listener for an event that never comes",
    edits: [['redis.on("error"', 'redis.on("connect_error"']],
    goal: "a lost connection is logged in a line of your own",
    says: "Nobody listens for the errors",
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
    says: "refuses connections keeps the visitor waiting",
  },
  {
    name: "retries without end",
    edits: [[patience, "    maxRetriesPerRequest: null,\n"]],
    goal: "without Redis, a visitor gets an error within 3 s, and is back when Redis is",
    says: "refuses connections keeps the visitor waiting",
  },
  {
    name: "few retries, and no limit for an answer",
    edits: [["    commandTimeout: 2_000,\n", ""]],
    goal: "without Redis, a visitor gets an error within 3 s, and is back when Redis is",
    says: "never answers keeps the visitor waiting",
  },
  {
    name: "maxRetriesPerRequest alone",
    edits: [["    connectTimeout: 1_000,\n    commandTimeout: 2_000,\n", ""]],
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
    name: "a limit of ten seconds",
    edits: [["commandTimeout: 2_000", "commandTimeout: 10_000"]],
    goal: "without Redis, a visitor gets an error within 3 s, and is back when Redis is",
    says: "never answers keeps the visitor waiting",
  },
  {
    name: "a connection that never retries",
    edits: [["maxRetriesPerRequest: 1,", "retryStrategy: () => null,"]],
    goal: "without Redis, a visitor gets an error within 3 s, and is back when Redis is",
    says: "does not come back",
  },
  {
    name: "a connection that gives up after three attempts",
    edits: [["maxRetriesPerRequest: 1,", "retryStrategy: (times) => (times > 3 ? null : 100),"]],
    goal: "without Redis, a visitor gets an error within 3 s, and is back when Redis is",
    says: "does not come back",
  },
  {
    name: "retries every few seconds, and each request waits for them",
    edits: [[patience, "    retryStrategy: () => 3_000,\n"]],
    goal: "without Redis, a visitor gets an error within 3 s, and is back when Redis is",
    says: "refuses connections keeps the visitor waiting",
  },
  {
    name: "the first error closes the connection for good",
    edits: [
      [
        "console.warn(`Redis: ${error.message}`)",
        "{\n    console.warn(`Redis: ${error.message}`);\n    redis.disconnect();\n  }",
      ],
    ],
    goal: "without Redis, a visitor gets an error within 3 s, and is back when Redis is",
    says: "does not come back",
  },
  {
    name: "the listener ends the process",
    edits: [
      [
        "console.warn(`Redis: ${error.message}`)",
        "{\n    console.warn(`Redis: ${error.message}`);\n    process.exit(1);\n  }",
      ],
    ],
    goal: "without Redis, a visitor gets an error within 3 s, and is back when Redis is",
    says: "process.exit",
  },
  {
    name: "the listener throws",
    edits: [["console.warn(`Redis: ${error.message}`)", "{\n    throw error;\n  }"]],
    goal: "without Redis, a visitor gets an error within 3 s, and is back when Redis is",
    says: "would end the process",
  },
  {
    name: "without Redis, a known visitor is a stranger",
    edits: [
      [
        "import session",
        'import type { NextFunction, Request, Response } from "express";\nimport session',
      ],
      [
        "  app.use(errorHandler);",
        "  app.use((_error: Error, _req: Request, res: Response, _next: NextFunction) => {\n    res.json({ data: { visits: 1 } });\n  });",
      ],
    ],
    goal: "without Redis, a visitor gets an error within 3 s, and is back when Redis is",
    says: "goes unnoticed",
  },
];
