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
    name: "no session is mounted",
    edits: [[mountSession, ""]],
    goal: "a second visit counts 2",
    says: "`req.session` is undefined",
  },
  {
    name: "the session is mounted after the routes",
    edits: [
      [mountSession, ""],
      ["  app.use(errorHandler);\n", `${mountSession}  app.use(errorHandler);\n`],
    ],
    goal: "a second visit counts 2",
    says: "`req.session` is undefined",
  },
  {
    name: "a session without a secret",
    edits: [["      secret,\n", ""]],
    goal: "a second visit counts 2",
    says: "secret option required",
  },
  {
    name: "a secret from a variable that nobody sets",
    edits: [["      secret,\n", "      secret: process.env.WORKSHOP_SECRET as string,\n"]],
    goal: "a second visit counts 2",
    says: "secret option required",
  },
  {
    name: "a new session middleware, with a new memory, for each request",
    edits: [
      ["  app.use(\n    session({", "  app.use((req, res, next) =>\n    session({"],
      ["    }),\n  );", "    })(req, res, next),\n  );"],
    ],
    goal: "a second visit counts 2",
    says: "counts 1, not 2",
  },
  {
    name: "a Secure cookie over http",
    edits: [
      ["saveUninitialized: false,", "saveUninitialized: false,\n      cookie: { secure: true },"],
    ],
    goal: "a second visit counts 2",
    says: "set no session cookie",
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
    says: "`req.session` is undefined",
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
    says: "first visit does not count 1",
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
    says: "first visit does not count 1",
  },
  {
    name: "the session is replaced by a plain object",
    edits: [[count, "req.session = { visits: (req.session.visits ?? 0) + 1 } as never;"]],
    goal: "a second visit counts 2",
    says: "req.session.touch is not a function",
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
    says: "Another visitor took over",
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
    says: "set no session cookie",
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
    says: "set no session cookie",
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
    goal: "a forged or unsigned cookie starts over",
    says: "a signature by the secret in the source",
  },
  {
    name: "the visitor of the moment in a variable",
    edits: [
      [
        '  app.get("/visits", (req, res) => {\n    req.session.visits = (req.session',
        '  let current: express.Request;\n  app.get("/visits", async (req, res) => {\n    current = req;\n    await new Promise((resolve) => setTimeout(resolve, 5));\n    req.session.visits = (current.session',
      ],
    ],
    goal: "it holds in other worlds, too",
    says: "GET /visits counts",
  },
];
