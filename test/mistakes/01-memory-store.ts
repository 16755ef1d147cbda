import type { Mistake } from "../grading/catalogue.ts";

const health = `  app.get("/health", (_req, res) => {
    res.json({ data: { ok: true } });
  });

`;

const mountSession = `  app.use(
    session({
      secret,
      resave: false,
      saveUninitialized: false,
    }),
  );

`;

const count = "req.session.visits = (req.session.visits ?? 0) + 1;";

const countAndAnswer = `    ${count}
    res.json({ data: { visits: req.session.visits } });`;

export const mistakes: readonly Mistake[] = [
  {
    name: "an id that takes its time",
    edits: [
      [
        "      resave: false,",
        "      resave: false,\n      genid: async () => crypto.randomUUID(),",
      ],
    ],
    goal: "a second visit counts 2",
    says: "`genid` is async",
  },
  {
    name: "counted among the flags of the cookie",
    edits: [
      [
        "req.session.visits = (req.session.visits ?? 0) + 1;",
        "const flags = req.session.cookie as { visits?: number };\n    flags.visits = (flags.visits ?? 0) + 1;",
      ],
      ["visits: req.session.visits }", "visits: flags.visits }"],
    ],
    goal: "a second visit counts 2",
    says: "what stands in `cookie` describes the cookie",
  },
  {
    name: "no session is mounted",
    edits: [[mountSession, ""]],
    goal: "a second visit counts 2",
    says: "Nobody has called `session()`",
  },
  {
    name: "the session is mounted after the routes",
    edits: [
      [mountSession, ""],
      ["  app.use(errorHandler);\n", `${mountSession}  app.use(errorHandler);\n`],
    ],
    goal: "a second visit counts 2",
    says: "GET /visits is answered, and what `session()` returns has not run",
  },
  {
    name: "a session without a secret",
    edits: [["      secret,\n", ""]],
    goal: "a second visit counts 2",
    says: "GET /visits crashed: `session()` has no `secret`",
  },
  {
    name: "a secret from a variable that nobody sets",
    edits: [["      secret,\n", "      secret: process.env.WORKSHOP_SECRET as string,\n"]],
    goal: "a second visit counts 2",
    says: "GET /visits crashed: `session()` has no `secret`",
  },
  {
    name: "a new session middleware, with a new memory, for each request",
    edits: [
      ["  app.use(\n    session({", "  app.use((req, res, next) =>\n    session({"],
      ["    }),\n  );", "    })(req, res, next),\n  );"],
    ],
    goal: "a second visit counts 2",
    says: "`session()` is called anew with each request",
  },
  {
    name: "a Secure cookie over http",
    edits: [
      ["saveUninitialized: false,", "saveUninitialized: false,\n      cookie: { secure: true },"],
    ],
    goal: "a second visit counts 2",
    says: "The session cookie is Secure: on http nobody gets it",
  },
  {
    name: "a cookie for a path that nobody visits",
    edits: [
      [
        "saveUninitialized: false,",
        'saveUninitialized: false,\n      cookie: { path: "/session" },',
      ],
    ],
    goal: "a second visit counts 2",
    says: "The session is for addresses below /session alone",
  },
  {
    name: "?? without parentheses: the counter stays at 1",
    edits: [["(req.session.visits ?? 0) + 1", "req.session.visits ?? 0 + 1"]],
    goal: "a second visit counts 2",
    says: "counts 1, not 2",
  },
  {
    name: "a counter that was never set is incremented",
    edits: [[count, "req.session.visits!++;"]],
    goal: "a second visit counts 2",
    says: "The first visit counts null, not 1",
  },
  {
    name: "the answer shows the counter before it is raised",
    edits: [
      [
        "    res.json({ data: { visits",
        "    const visits = req.session.visits ?? 0;\n    res.json({ data: { visits",
      ],
      [`    ${count}\n`, ""],
      ["visits: req.session.visits }", "visits }"],
      ["visits } });", "visits } });\n    req.session.visits = visits + 1;"],
    ],
    goal: "a second visit counts 2",
    says: "The first visit counts 0, not 1",
  },
  {
    name: "the session is replaced by a plain object",
    edits: [[count, "req.session = { visits: (req.session.visits ?? 0) + 1 } as never;"]],
    goal: "a second visit counts 2",
    says: "`req.session` was replaced by something else",
  },
  {
    name: "one counter for everybody, in a variable",
    edits: [
      ['  app.get("/visits"', '  let visits = 0;\n  app.get("/visits"'],
      [count, "req.session.visits = ++visits;"],
    ],
    goal: "two browsers count apart",
    says: "share one counter",
  },
  {
    name: "a counter per address",
    edits: [
      ['  app.get("/visits"', '  const visits = new Map<string, number>();\n  app.get("/visits"'],
      [
        count,
        `visits.set(req.ip ?? "", (visits.get(req.ip ?? "") ?? 0) + 1);
    req.session.visits = visits.get(req.ip ?? "") ?? 0;`,
      ],
    ],
    goal: "two browsers count apart",
    says: "share one counter",
  },
  {
    name: "the address as session id",
    edits: [
      [
        "saveUninitialized: false,",
        'saveUninitialized: false,\n      genid: (req) => req.ip ?? "",',
      ],
    ],
    goal: "two browsers count apart",
    says: "Another visitor is given the session id of the first one",
  },
  {
    name: "sessions for health checks too",
    edits: [
      [health, ""],
      ["saveUninitialized: false", "saveUninitialized: true"],
      ['  app.get("/visits"', `${health}  app.get("/visits"`],
    ],
    goal: "a health check gets no cookie",
    says: "health check got a cookie",
  },
  {
    name: "saveUninitialized: true",
    edits: [["saveUninitialized: false", "saveUninitialized: true"]],
    goal: "a visitor with nothing to remember gets no cookie",
    says: "nothing to remember got a session",
  },
  {
    name: "saveUninitialized left to its default",
    edits: [["      saveUninitialized: false,\n", ""]],
    goal: "a visitor with nothing to remember gets no cookie",
    says: "nothing to remember got a session",
  },
  {
    name: "every request counts as a visit",
    edits: [
      [
        '  app.get("/visits"',
        `  app.use((req, _res, next) => {\n    ${count}\n    next();\n  });\n\n  app.get("/visits"`,
      ],
      [countAndAnswer, countAndAnswer.replace(`    ${count}\n`, "")],
    ],
    goal: "a visitor with nothing to remember gets no cookie",
    says: "nothing to remember got a session",
  },
  {
    name: "the counter itself in a cookie",
    edits: [
      [
        count,
        `const visits = Number(/visits=(\\d+)/.exec(req.headers.cookie ?? "")?.[1] ?? 0) + 1;
    res.cookie("visits", visits);`,
      ],
      ["visits: req.session.visits }", "visits }"],
    ],
    goal: "a second visit counts 2",
    says: "GET /visits puts nothing into `req.session`",
  },
  {
    name: "an id in an unsigned cookie",
    edits: [
      ['  app.get("/visits"', '  const visits = new Map<string, number>();\n  app.get("/visits"'],
      [
        count,
        `const id = /visitor=([\\w-]+)/.exec(req.headers.cookie ?? "")?.[1] ?? crypto.randomUUID();
    res.cookie("visitor", id);
    visits.set(id, (visits.get(id) ?? 0) + 1);`,
      ],
      ["visits: req.session.visits }", "visits: visits.get(id) }"],
    ],
    goal: "a second visit counts 2",
    says: "GET /visits puts nothing into `req.session`",
  },
  {
    name: "the id is read from the cookie without its signature",
    edits: [
      ['  app.get("/visits"', '  const visits = new Map<string, number>();\n  app.get("/visits"'],
      [
        count,
        `req.session.visits = 1;
    const id = /sid=s%3A([\\w-]+)/.exec(req.headers.cookie ?? "")?.[1] ?? req.sessionID;
    visits.set(id, (visits.get(id) ?? 0) + 1);`,
      ],
      ["visits: req.session.visits }", "visits: visits.get(id) }"],
    ],
    goal: "a forged or unsigned cookie starts over",
    says: "changed signature",
  },
  {
    name: "app.listen, as in every tutorial",
    edits: [["  return app;", "  app.listen(0);\n  return app;"]],
    goal: "a second visit counts 2",
    says: "createApp listens on a port by itself",
  },
  {
    name: "sessions written back by every request",
    edits: [["resave: false", "resave: true"]],
    goal: "a visitor with nothing to remember gets no cookie",
    says: "A request that only read wrote the session back",
  },
  {
    name: "the secret in the source before the one of the machine",
    edits: [['config.sessionSecret ?? "only for the first steps"', '"only for the first steps"']],
    goal: "With a cookie that an attacker signed",
    says: '"only for the first steps" signs cookies that the app accepts',
  },
  {
    name: "the visitor of the moment in a variable",
    edits: [
      [
        '  app.get("/visits", (req, res) => {\n    req.session.visits = (req.session',
        '  let current: express.Request;\n  app.get("/visits", async (req, res) => {\n    current = req;\n    await new Promise((resolve) => setTimeout(resolve, 5));\n    req.session.visits = (current.session',
      ],
    ],
    goal: "At the same moment",
    says: "GET /visits counts",
  },
  {
    name: "the session is mounted without being called",
    edits: [[mountSession, "  app.use(session as never);\n\n"]],
    goal: "a second visit counts 2",
    says: "`session` is mounted itself",
  },
  {
    name: "the session is made, and mounted nowhere",
    edits: [
      [mountSession, mountSession.replace("app.use(", "void [").replace("}),\n  );", "}),\n  ];")],
    ],
    goal: "a second visit counts 2",
    says: "GET /visits is answered, and what `session()` returns has not run",
  },
  {
    name: "express-session in braces",
    edits: [["import session from", "import { session } from"]],
    goal: "a second visit counts 2",
    says: "session is not a function",
  },
  {
    name: "the answer without its data",
    edits: [["{ data: { visits: req.session.visits } }", "{ visits: req.session.visits }"]],
    goal: "a second visit counts 2",
    says: "has no `data.visits`",
  },
  {
    name: "ids that are counted up",
    edits: [
      ["export function createApp", "let visitors = 0;\n\nexport function createApp"],
      ["      secret,\n", "      secret,\n      genid: () => `visitor-${++visitors}`,\n"],
    ],
    goal: "With an id that can be foreseen",
    says: "a new visitor is given the session id of an earlier one",
  },
  {
    name: "the count from a cookie that anybody can write",
    edits: [
      [
        count,
        `const claimed = /visits=(\\d+)/.exec(req.headers.cookie ?? "")?.[1];
    req.session.visits = Number(claimed ?? req.session.visits ?? 0) + 1;
    res.cookie("visits", req.session.visits);`,
      ],
    ],
    goal: "Among other cookies",
    says: "GET /visits counts 42",
  },
  {
    name: "a new id with each visit",
    edits: [
      [
        countAndAnswer,
        `    const visits = (req.session.visits ?? 0) + 1;
    req.session.regenerate(() => {
      req.session.visits = visits;
      res.json({ data: { visits } });
    });`,
      ],
    ],
    goal: "In two tabs of one browser",
    says: "after two visits at once",
  },
  {
    name: "a store that keeps fifty sessions",
    edits: [
      [
        mountSession,
        mountSession.replace(
          "      secret,\n",
          `      secret,
      store: new (class extends session.MemoryStore {
        readonly #ids = new Set<string>();
        override set(id: string, ...rest: [session.SessionData, ((error?: unknown) => void)?]) {
          this.#ids.add(id);
          super.set(id, ...rest);
          const [oldest = ""] = this.#ids;
          if (this.#ids.size > 50 && this.#ids.delete(oldest)) this.destroy(oldest);
        }
      })(),
`,
        ),
      ],
    ],
    goal: "Among many visitors",
    says: "GET /visits counts 1",
  },
  {
    name: "what cleans up takes sessions without an end for ended ones",
    edits: [
      [
        mountSession,
        `  const store = new session.MemoryStore();
  setInterval(() => store.clear(), 20_000).unref();

${mountSession.replace("      secret,\n", "      secret,\n      store,\n")}`,
      ],
    ],
    goal: "When what was put off is done",
    says: "GET /visits counts 1",
  },
  {
    name: "forgotten after some seconds",
    edits: [["      secret,\n", "      secret,\n      cookie: { maxAge: 3600 },\n"]],
    goal: "With time between the requests",
    says: "and is gone: GET /visits counts 1",
  },
  {
    name: "an expiry that is fixed when the app starts",
    edits: [
      [
        "      secret,\n",
        "      secret,\n      cookie: { expires: new Date(Date.now() + 86_400_000) },\n",
      ],
    ],
    goal: "With time between the requests",
    says: "a new visitor's session is shorter",
  },
  {
    name: "the secret from before signs",
    edits: [["      secret,\n", "      secret: [...config.previousSessionSecrets, secret],\n"]],
    goal: "With a secret that was changed",
    says: "signed with the secret from before",
  },
  {
    name: "the session before the health check, with a cookie each time",
    edits: [
      [health, ""],
      [mountSession, mountSession.replace("secret,", "secret,\n      rolling: true,") + health],
    ],
    goal: "No standing rule is broken, on any path",
    says: "GET /health sends a session cookie",
  },
  {
    name: "SameSite none without Secure",
    edits: [["      secret,\n", '      secret,\n      cookie: { sameSite: "none" },\n']],
    goal: "a second visit counts 2",
    says: "The browser refuses the session cookie",
  },
  {
    name: "an id that does not open anything is taken over",
    edits: [
      [
        "      secret,\n",
        '      secret,\n      genid: (req) =>\n        /sid=s(?::|%3A)([\\w-]+)/.exec(req.headers.cookie ?? "")?.[1] ?? crypto.randomUUID(),\n',
      ],
    ],
    goal: "With a cookie that an attacker signed",
    says: "a cookie with a bad signature is answered with a good one, for the same id",
  },
  {
    name: "a visitor's turn that ends with the answer alone",
    edits: [
      [
        mountSession,
        `  const turns = new Map<string, Promise<void>>();
  app.use(async (req, res, next) => {
    const visitor = req.headers.cookie ?? "";
    const before = turns.get(visitor);
    turns.set(visitor, new Promise((done) => res.once("finish", done)));
    await before;
    next();
  });

${mountSession}`,
      ],
    ],
    goal: "Among many visitors",
    says: "hung up before the answer, nobody is served",
  },
  {
    name: "a new session middleware for each request, at one store",
    edits: [
      [
        "  app.use(\n    session({",
        "  const store = new session.MemoryStore();\n  app.use((req, res, next) =>\n    session({\n      store,",
      ],
      ["    }),\n  );", "    })(req, res, next),\n  );"],
    ],
    goal: "No standing rule is broken, on any path",
    says: "the app adds a listener that stays",
  },
  {
    name: "a list with the time of each visit",
    edits: [
      [
        countAndAnswer,
        `    const { times = [] } = req.session as { times?: number[] };
    Object.assign(req.session, { times: [...times, Date.now()] });
    res.json({ data: { visits: times.length + 1 } });`,
      ],
    ],
    goal: "The hundredth time",
    says: "a session grows with every visit",
  },
  {
    name: "a session cookie for scripts as well",
    edits: [["      secret,\n", "      secret,\n      cookie: { httpOnly: false },\n"]],
    goal: "No standing rule is broken, on any path",
    says: "sends a session cookie without HttpOnly",
  },
  {
    name: "no session for whoever calls itself a bot",
    edits: [
      ["  app.use(\n    session({", "  const remember = session({"],
      [
        "    }),\n  );\n",
        `    });
  app.use((req, res, next) => {
    if (/bot|curl/i.test(req.get("User-Agent") ?? "")) next();
    else remember(req, res, next);
  });
`,
      ],
    ],
    goal: "From clients of every kind",
    says: 'GET /visits crashes for a client that calls itself "curl/',
  },
  {
    name: "texts of any length are read",
    edits: [
      [
        'app.use(express.json({ limit: "10kb" }));',
        'app.use(express.json({ limit: "10kb" }), express.text({ limit: "5mb" }));',
      ],
    ],
    goal: "With a body that nobody asked for",
    says: "the app reads a megabyte that calls itself text/plain",
  },
  {
    name: "the cookie's life in seconds",
    edits: [["      secret,\n", "      secret,\n      cookie: { maxAge: 60 },\n"]],
    goal: "a second visit counts 2",
    says: "The session cookie has expired before the browser comes back",
  },
  {
    name: "the cookie belongs to one path",
    edits: [["      secret,\n", '      secret,\n      cookie: { path: "/visit" },\n']],
    goal: "a second visit counts 2",
    says: "The browser sends the session cookie to /visit alone",
  },
  {
    name: "ids of three bytes",
    edits: [
      [
        "      resave: false,",
        '      genid: () => randomBytes(3).toString("hex"),\n      resave: false,',
      ],
      ["import express", 'import { randomBytes } from "node:crypto";\nimport express'],
    ],
    goal: "With an id that can be foreseen",
    says: "bits of chance",
  },
  {
    name: "a field of the session that the client names",
    edits: [
      [
        "    req.session.visits =",
        '    Object.assign(req.session, { [String(req.query.page ?? "start")]: 1 });\n    req.session.visits =',
      ],
    ],
    goal: "With more in the address",
    says: "into ?page breaks the session",
  },
  {
    name: "a session for one address alone",
    edits: [
      [
        "    req.session.visits = (",
        `    const { ip = "" } = req;
    const kept = req.session as { ip?: string; visits?: number };
    if (kept.ip !== ip) kept.visits = 0;
    kept.ip = ip;
    req.session.visits = (`,
      ],
    ],
    goal: "From another address each time",
    says: "GET /visits counts 1, not 2",
  },
  {
    name: "everybody forgotten at a thousand",
    edits: [
      [
        mountSession,
        `  const store = new session.MemoryStore();
  let newcomers = 0;
  app.use((req, _res, next) => {
    if (!req.headers.cookie && ++newcomers % 1_000 === 0) store.clear();
    next();
  });

${mountSession.replace("      secret,\n", "      secret,\n      store,\n")}`,
      ],
    ],
    goal: "Among many visitors",
    says: "GET /visits counts 1",
  },
  {
    name: "an id out of Math.random",
    edits: [
      [
        "      secret,\n",
        `      secret,
      genid: () => Array.from({ length: 32 }, () => Math.floor(Math.random() * 36).toString(36)).join(""),
`,
      ],
    ],
    goal: "With an id that can be foreseen",
    says: "session ids are made with `Math.random`",
  },
  {
    name: "the headers of a request that failed in the log",
    edits: [
      [
        "  app.use(errorHandler);\n",
        `  const logged: ErrorRequestHandler = (error, req, _res, next) => {
    console.warn(req.method, req.path, req.headers);
    next(error);
  };
  app.use(logged, errorHandler);
`,
      ],
      [
        'import express, { type Express } from "express";',
        'import express, { type ErrorRequestHandler, type Express } from "express";',
      ],
    ],
    goal: "No standing rule is broken, on any path",
    says: "The log shows a session id, written during POST /visits",
  },
  {
    name: "the counter is mounted for every method",
    edits: [['app.get("/visits"', 'app.use("/visits"']],
    goal: "By another method",
    says: "POST /visits counts a visit, as GET /visits does",
  },
  {
    name: "a session for one spelling of the address alone",
    edits: [
      ["  app.use(\n    session({", "  const withSession = session({"],
      [
        "      saveUninitialized: false,\n    }),\n  );",
        '      saveUninitialized: false,\n    });\n  app.use((req, res, next) => (req.path === "/visits" ? withSession(req, res, next) : next()));',
      ],
    ],
    goal: "Written in another way",
    says: "GET /visits/ leads to the handler, and it fails",
  },
  {
    name: "a number for every address that anybody asked for",
    edits: [
      [
        "  app.use(noStore);",
        "  app.use(noStore);\n  const asked = new Map<string, number>();\n  app.use((req, _res, next) => {\n    asked.set(req.url, (asked.get(req.url) ?? 0) + 1);\n    next();\n  });",
      ],
    ],
    goal: "After many strangers",
    says: "the process remembers something of each of them, and never forgets it",
  },
  {
    name: "ids from a stock of chance that is never filled up",
    edits: [
      [
        'import session from "express-session";',
        'import session from "express-session";\nimport { randomBytes } from "node:crypto";\n\nconst stock = Array.from({ length: 2_000 }, () => randomBytes(24).toString("hex"));\nlet taken = 0;',
      ],
      [
        "      saveUninitialized: false,",
        "      saveUninitialized: false,\n      genid: () => stock[taken++ % stock.length] as string,",
      ],
    ],
    goal: "With an id that can be foreseen",
    says: "session ids come again",
  },
  {
    name: "a cookie for all subdomains of wherever the app is",
    edits: [
      [
        "      saveUninitialized: false,",
        "      saveUninitialized: false,\n      cookie: (req) => ({ domain: req.hostname }),",
      ],
    ],
    goal: "No standing rule is broken, on any path",
    says: "GET /visits sends a session cookie for every subdomain: Domain=workshop.test",
  },
  {
    name: "whoever would not be tracked has no session",
    edits: [
      ["  app.use(\n    session({", "  const withSession = session({"],
      [
        "      saveUninitialized: false,\n    }),\n  );",
        '      saveUninitialized: false,\n    });\n  app.use((req, res, next) => (req.get("Sec-GPC") ? next() : withSession(req, res, next)));',
      ],
    ],
    goal: "From clients of every kind",
    says: "GET /visits crashes for a client that sends Sec-GPC: 1",
  },
  {
    name: "now and then another id, and the one before is over",
    edits: [
      [
        '  app.get("/visits", (req, res) => {',
        '  app.use("/visits", (req, _res, next) => {\n    const { visits = 0 } = req.session;\n    if (visits % 30 !== 29) return next();\n    req.session.regenerate(() => {\n      req.session.visits = visits;\n      next();\n    });\n  });\n\n  app.get("/visits", (req, res) => {',
      ],
    ],
    goal: "In two tabs of one browser",
    says: "of two requests that leave with the same cookie, the later one begins another session",
  },
  {
    name: "JSON that is sent as a text",
    edits: [
      [
        "res.json({ data: { visits: req.session.visits } })",
        "res.send(JSON.stringify({ data: { visits: req.session.visits } }))",
      ],
    ],
    goal: "No standing rule is broken, on any path",
    says: "The answer to GET /visits is JSON, and says that it is HTML",
  },
  {
    name: "the status of the stub is left",
    edits: [["res.json({ data: { visits", "res.status(501).json({ data: { visits"]],
    goal: "a second visit counts 2",
    says: "the status 501, which is left of the stub",
  },
  {
    name: "counted on when the answer has left",
    edits: [
      [
        countAndAnswer,
        "    req.session.visits ||= 1;\n    res.json({ data: { visits: req.session.visits } });\n    req.session.visits++;",
      ],
    ],
    goal: "a second visit counts 2",
    says: "counted when the answer has left, too late to be stored",
  },
  {
    name: "every origin that begins with localhost",
    edits: [
      [
        '  app.get("/health"',
        `  app.use((req, res, next) => {
    const origin = req.get("Origin") ?? "";
    if (/^http:\\/\\/localhost/.test(origin)) {
      res.set("Access-Control-Allow-Origin", origin);
      res.set("Access-Control-Allow-Credentials", "true");
    }
    next();
  });

  app.get("/health"`,
      ],
    ],
    goal: "No standing rule is broken, on any path",
    says: "CORS lets pages of http://localhost.mallory.example read",
  },
  {
    name: "the secret is taken for a list, between commas",
    edits: [["      secret,\n", '      secret: secret.split(","),\n']],
    goal: "With a cookie that an attacker signed",
    says: 'of a secret with "," in it, one part is enough to sign cookies with',
  },
  {
    name: "a request whose body was read is taken for one that has left",
    edits: [
      [
        "    req.session.visits = (req.session.visits ?? 0) + 1;\n",
        "    req.session.visits = (req.session.visits ?? 0) + 1;\n    if (req.destroyed) return;\n",
      ],
    ],
    goal: "With a body that nobody asked for",
    says: "GET /visits never answered",
  },
  {
    name: "a body is merged into what all objects inherit from",
    edits: [
      [
        '  app.get("/visits", (req, res) => {\n',
        `  app.use((req, _res, next) => {
    const known: Record<string, Record<string, unknown>> = {};
    for (const [name, value] of Object.entries(req.body ?? {})) Object.assign((known[name] ??= {}), value);
    next();
  });

  app.get("/visits", (req, res) => {
`,
      ],
    ],
    goal: "With a body that nobody asked for",
    says: "whoever sends __proto__ to /nothing-here writes into the session of everybody",
  },
  {
    name: "a language is taken for one as it comes",
    edits: [
      [
        "    res.json({ data: { visits: req.session.visits } });",
        `    const formatted = new Intl.NumberFormat(req.get("Accept-Language")?.split(",")[0]);
    res.json({ data: { visits: req.session.visits, text: formatted.format(req.session.visits) } });`,
      ],
    ],
    goal: "From clients of every kind",
    says: "crashes for a client that sends Accept-Language: en_US",
  },
  {
    name: "an address that sends forged cookies is shut out",
    edits: [
      [
        '  app.get("/visits", (req, res) => {\n',
        `  const forged = new Map<string, number>();
  app.use((req, res, next) => {
    const address = req.ip ?? "";
    const count = forged.get(address) ?? 0;
    if (count >= 20) return void res.sendStatus(429);
    if (req.get("Cookie")?.includes("s%3A") && !req.session.visits) forged.set(address, count + 1);
    next();
  });

  app.get("/visits", (req, res) => {
`,
      ],
    ],
    goal: "With a cookie that an attacker signed",
    says: "after 30 forged cookies, everybody else is answered 429",
  },
  {
    name: "TRACE is answered",
    edits: [
      [
        '  app.get("/visits", (req, res) => {\n',
        '  app.trace("/visits", (req, res) => void res.type("text/plain").send(req.rawHeaders.join("\\n")));\n\n  app.get("/visits", (req, res) => {\n',
      ],
    ],
    goal: "By another method",
    says: "TRACE answers with the session cookie",
  },
];
