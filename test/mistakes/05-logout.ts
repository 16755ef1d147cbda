import type { Mistake } from "../grading/catalogue.ts";

const destroy = `\
    // The key first: a cleared cookie alone would leave a stolen copy of it at work.
    await destroySession(req);
`;

const clear = '    res.clearCookie("connect.sid");\n';

const end = "    await endSession(req, res);\n";

const store = `store: new SessionStore({
        client: redis,
        // XX, only where a key is: a request under way must not bring an ended session back.
        rewrite: (key, value, ttlSeconds) => redis.set(key, value, "EX", ttlSeconds, "XX"),
      }),`;

/** What connect-redis does on its own: it writes a session whether its key is there or not. */
const plainStore = [
  [store, "store: new RedisStore({ client: redis }),"],
  [
    'import { SessionStore } from "../../shared/app/session-store.ts";',
    'import { RedisStore } from "connect-redis";',
  ],
] as const;

const answer = "    res.status(204).end();\n  });\n\n  app.use(errorHandler);";

const route = 'app.post("/auth/logout", async (req, res) => {\n';

export const mistakes: readonly Mistake[] = [
  {
    name: "value and seconds change places",
    edits: [["rewrite: (key, value, ttlSeconds)", "rewrite: (key, ttlSeconds, value)"]],
    goal: "No standing rule is broken, on any path",
    says: "In SET, the number of seconds stands where the session belongs",
  },
  {
    name: "logging out by another method",
    edits: [['app.post("/auth/logout"', 'app.delete("/auth/logout"']],
    goal: "logging out answers 204",
    says: "POST /auth/logout answers 404: there is DELETE /auth/logout, and not POST",
  },
  {
    name: "a session is written whether it is still there or not",
    edits: plainStore,
    goal: "a request under way does not bring the session back",
    says: "a request that was under way stored the session once more",
  },
  {
    name: "looked for first, then written",
    edits: [
      [
        'redis.set(key, value, "EX", ttlSeconds, "XX")',
        '(await redis.exists(key)) ? redis.set(key, value, "EX", ttlSeconds) : "gone"',
      ],
      ["rewrite: (key", "rewrite: async (key"],
    ],
    goal: "a request under way does not bring the session back",
    says: "it was there at EXISTS, and gone by the time of SET",
  },
  {
    name: "NX in place of XX",
    edits: [['"XX"', '"NX"']],
    goal: "a request under way does not bring the session back",
    says: "After logout, a request that was under way stored the session once more: its cookie works again",
  },
  {
    name: "seconds where milliseconds are counted",
    edits: [['"EX", ttlSeconds, "XX"', '"PX", ttlSeconds, "XX"']],
    goal: "With time between the requests",
    says: "the session was stored with PX, which counts milliseconds, and is gone",
  },
  {
    name: "nobody asks where a request comes from",
    edits: [["  app.use(refuseOtherSites);\n", ""]],
    goal: "a page of another site cannot log anybody out",
    says: "A page of another site can log people out: the answer is 204, not 403",
  },
  {
    name: "other sites are refused after the session",
    edits: [
      ["  app.use(refuseOtherSites);\n", ""],
      [
        end,
        `${end}    if (req.get("Sec-Fetch-Site") === "cross-site") return void res.status(403).end();\n`,
      ],
    ],
    goal: "a page of another site cannot log anybody out",
    says: "is refused too late",
  },
  {
    name: "subdomains count as one's own",
    edits: [
      [
        "  app.use(refuseOtherSites);\n",
        `  app.use((req, res, next) => {
    if (req.method === "GET" || req.get("Sec-Fetch-Site") !== "cross-site") return next();
    res.status(403).json({ error: { code: "forbidden" } });
  });
`,
      ],
    ],
    goal: "a page of another site cannot log anybody out",
    says: "A page of another subdomain can log people out",
  },
  {
    name: "only Sec-Fetch-Site is asked for",
    edits: [
      [
        "  app.use(refuseOtherSites);\n",
        `  app.use((req, res, next) => {
    const site = req.get("Sec-Fetch-Site") ?? "none";
    if (req.method === "GET" || site === "none" || site === "same-origin") return next();
    res.status(403).json({ error: { code: "forbidden" } });
  });
`,
      ],
    ],
    goal: "a page of another site cannot log anybody out",
    says: "in a browser without Sec-Fetch-Site",
  },
  {
    name: "whoever sends an Origin cannot log out",
    edits: [
      [
        "  app.use(refuseOtherSites);\n",
        `  app.use("/auth/logout", (req, res, next) => {
    if (req.method === "GET" || !req.get("Origin")) return next();
    res.status(403).json({ error: { code: "forbidden" } });
  });
`,
      ],
    ],
    goal: "logging out answers 204",
    says: "Logging out answers 403, not 204",
  },
  {
    name: "200 with a body",
    edits: [["res.status(204).end()", "res.json({ data: { ok: true } })"]],
    goal: "logging out answers 204",
    says: "answers 200, not 204",
  },
  {
    name: "GET instead of POST",
    edits: [['app.post("/auth/logout"', 'app.get("/auth/logout"']],
    goal: "logging out answers 204",
    says: "POST /auth/logout answers 404",
  },
  {
    name: "the cookie is cleared, and that is all",
    edits: [[destroy, ""]],
    goal: "the cookie from before logout is refused",
    says: "a copy of the cookie works",
  },
  {
    name: "the user id is deleted from the session",
    edits: [[destroy, "    delete req.session.userId;\n"]],
    goal: "the cookie from before logout is refused",
    says: "session is still there: nothing deletes it",
  },
  {
    name: "the session is set to null",
    edits: [[destroy, "    req.session = null as never;\n"]],
    goal: "the cookie from before logout is refused",
    says: "a copy of the cookie works",
  },
  {
    name: "the session is set to null, and the store told to follow",
    edits: [
      [destroy, "    req.session = null as never;\n"],
      ["saveUninitialized: false,", 'saveUninitialized: false,\n      unset: "destroy",'],
    ],
    goal: "a store that fails answers 500",
    says: "although Redis refused to delete",
  },
  {
    name: "the key without its prefix",
    edits: [[destroy, "    await redis.del(req.sessionID);\n"]],
    goal: "the cookie from before logout is refused",
    says: "a copy of the cookie works",
  },
  {
    name: "users are remembered until they log out here",
    edits: [
      ["  const requireAuth:", "  const known = new Map<string, User>();\n\n  const requireAuth:"],
      [
        "    const { userId } = req.session;\n    // The session",
        `    const userId = req.session.userId ?? known.get(req.headers.cookie ?? "")?.id;
    // The session`,
      ],
      [
        "    req.user = user;\n",
        `    known.set(req.headers.cookie ?? "", user);
    req.user = user;
`,
      ],
      [destroy, `    known.delete(req.headers.cookie ?? "");\n${destroy}`],
    ],
    goal: "a request under way does not bring the session back",
    says: "the cookie from before still works, although its session is gone",
  },
  {
    name: "the time of the last visit is written later",
    edits: [
      ...plainStore,
      [
        "    req.user = user;\n",
        `    const { session: current } = req;
    setTimeout(() => current.save(), 500).unref();
    req.user = user;
`,
      ],
    ],
    goal: "the cookie from before logout is refused",
    says: "After logout, a copy of the cookie works",
  },
  {
    name: "sessions are written all together, once a minute",
    edits: [
      ...plainStore,
      [
        "  const requireAuth:",
        `  const waiting = new Set<{ save(): void }>();
  setInterval(() => {
    for (const each of waiting) each.save();
    waiting.clear();
  }, 60_000).unref();

  const requireAuth:`,
      ],
      ["    req.user = user;\n", "    waiting.add(req.session);\n    req.user = user;\n"],
    ],
    goal: "the cookie from before logout is refused",
    says: "After logout, a copy of the cookie works",
  },
  {
    name: "a note about the session that ended",
    edits: [[destroy, `    await redis.set(\`ended:\${req.sessionID}\`, Date.now());\n${destroy}`]],
    goal: "No standing rule is broken, on any path",
    says: "A key never expires",
  },
  {
    name: "a list of those who logged out, beside a session that ends",
    edits: [
      ["  const requireAuth:", "  const loggedOut = new Set<string>();\n\n  const requireAuth:"],
      ["const user = userId && (await", "const user = userId && !loggedOut.has(userId) && (await"],
      [
        "    req.session.userId = user.id;\n",
        "    loggedOut.delete(user.id);\n    req.session.userId = user.id;\n",
      ],
      [destroy, `    loggedOut.add(req.session.userId ?? "");\n${destroy}`],
    ],
    goal: "other devices stay logged in",
    says: "logged out another one",
  },
  {
    name: "destroy is not waited for",
    edits: [["    await destroySession(req);\n    res", "    void destroySession(req);\n    res"]],
    goal: "the answer waits until the session is deleted",
    says: "leaves before the session is deleted",
  },
  {
    name: "destroy awaited without a callback",
    edits: [
      [
        "    await destroySession(req);\n    res",
        "    await (req.session as any).destroy();\n    res",
      ],
    ],
    goal: "the answer waits until the session is deleted",
    says: "leaves before the session is deleted",
  },
  {
    name: "the answer before the end of the session",
    edits: [
      [destroy, ""],
      [answer, answer.replace("end();\n", "end();\n    await destroySession(req);\n")],
    ],
    goal: "the answer waits until the session is deleted",
    says: "leaves before the session is deleted",
  },
  {
    name: "the cookie is not cleared",
    edits: [[clear, ""]],
    goal: "the browser drops its cookie",
    says: "leaves the cookie in the browser",
  },
  {
    name: "another cookie is cleared",
    edits: [['clearCookie("connect.sid")', 'clearCookie("sid")']],
    goal: "the browser drops its cookie",
    says: "logout cleared another one",
  },
  {
    name: "the cookie is cleared by its value",
    edits: [['clearCookie("connect.sid")', "clearCookie(req.sessionID)"]],
    goal: "the browser drops its cookie",
    says: "logout cleared another one",
  },
  {
    name: "the cookie of another path is cleared",
    edits: [['clearCookie("connect.sid")', 'clearCookie("connect.sid", { path: "/auth" })']],
    goal: "the browser drops its cookie",
    says: "logout cleared another one",
  },
  {
    name: "the cookie of another domain is cleared",
    edits: [
      ['clearCookie("connect.sid")', 'clearCookie("connect.sid", { domain: "example.com" })'],
    ],
    goal: "the browser drops its cookie",
    says: "logout cleared another one",
  },
  {
    name: "the cookie of the whole domain is cleared",
    edits: [['clearCookie("connect.sid")', 'clearCookie("connect.sid", { domain: req.hostname })']],
    goal: "the browser drops its cookie",
    says: "logout cleared another one",
  },
  {
    name: "a Secure end for a cookie that came over http",
    edits: [['clearCookie("connect.sid")', 'clearCookie("connect.sid", { secure: true })']],
    goal: "the browser drops its cookie",
    says: "logout cleared another one",
  },
  {
    name: "an empty cookie instead of none",
    edits: [['clearCookie("connect.sid")', 'cookie("connect.sid", "")']],
    goal: "the browser drops its cookie",
    says: "cookie",
  },
  {
    name: "the cookie is cleared after the answer",
    edits: [
      [clear, ""],
      [answer, answer.replace("end();\n", `end();\n${clear}`)],
    ],
    goal: "other devices stay logged in",
    says: "when its answer has left: too late",
  },
  {
    name: "cleared, and set again by a new session",
    edits: [
      [
        "    await destroySession(req);\n    res",
        "    await regenerateSession(req);\n    req.session.visits = 0;\n    res",
      ],
    ],
    goal: "the browser drops its cookie",
    says: "gives the browser a session cookie again",
  },
  {
    name: "cleared, and the emptied session set again",
    edits: [["    await destroySession(req);\n    res", "    delete req.session.userId;\n    res"]],
    goal: "the browser drops its cookie",
    says: "sends the cookie of its session once more",
  },
  {
    name: "any method logs out",
    edits: [['app.post("/auth/logout"', 'app.all("/auth/logout"']],
    goal: "GET does not log out",
    says: "GET /auth/logout logs out",
  },
  {
    name: "a link that logs out, beside the form",
    edits: [
      [
        `  ${route}`,
        `  app.get("/auth/logout", async (req, res) => {
    await destroySession(req);
${clear}    res.redirect("/");
  });

  ${route}`,
      ],
    ],
    goal: "GET does not log out",
    says: "GET /auth/logout logs out",
  },
  {
    name: "a link of another name",
    edits: [
      [
        `  ${route}`,
        `  app.get("/goodbye", async (req, res) => {
    await destroySession(req);
    res.redirect("/");
  });

  ${route}`,
      ],
    ],
    goal: "With a link instead of a form",
    says: "GET /goodbye logs out",
  },
  {
    name: "the body names the session",
    edits: [
      [destroy, `    if (req.body?.sid) await redis.del(\`sess:\${req.body.sid}\`);\n${destroy}`],
    ],
    goal: "When a request says more than it is asked",
    says: "anybody can log out somebody else, by naming the session",
  },
  {
    name: "the address names the session",
    edits: [
      [
        destroy,
        `    const { device = req.sessionID } = req.query;
    req.sessionStore.destroy(String(device));
${destroy}`,
      ],
    ],
    goal: "When a request says more than it is asked",
    says: "by naming the session",
  },
  {
    name: "the address may name another method",
    edits: [
      [
        "  app.use(\n    session({",
        `  app.use((req, _res, next) => {
    if (req.query._method) req.method = String(req.query._method).toUpperCase();
    next();
  });

  app.use(
    session({`,
      ],
    ],
    goal: "With a link instead of a form",
    says: "when ?_method says POST",
  },
  {
    name: "a header may name another method",
    edits: [
      [
        "  app.use(\n    session({",
        `  app.use((req, _res, next) => {
    req.method = req.get("X-HTTP-Method-Override") ?? req.method;
    next();
  });

  app.use(
    session({`,
      ],
    ],
    goal: "With a link instead of a form",
    says: "when x-http-method-override says POST",
  },
  {
    name: "throw inside the callback of destroy",
    edits: [
      [
        `${end}${answer}`,
        `    req.session.destroy((error) => {
      if (error) throw error;
  ${clear}      res.status(204).end();
    });
  });

  app.use(errorHandler);`,
      ],
    ],
    goal: "a store that fails answers 500",
    says: "thrown where nobody catches it",
  },
  {
    name: "the callback of destroy ignores its error",
    edits: [
      [
        `${end}${answer}`,
        `    req.session.destroy(() => {
  ${clear}      res.status(204).end();
    });
  });

  app.use(errorHandler);`,
      ],
    ],
    goal: "a store that fails answers 500",
    says: "although Redis refused to delete",
  },
  {
    name: "an error of destroy is only logged",
    edits: [
      [
        destroy,
        `    try {
      await destroySession(req);
    } catch (error) {
      console.warn(\`\${error}\`);
    }
`,
      ],
    ],
    goal: "a store that fails answers 500",
    says: "although Redis refused to delete",
  },
  {
    name: "a time-out passes for a deletion",
    edits: [
      [
        destroy,
        `    await destroySession(req).catch((error: Error) => {
      if (error.message !== "Command timed out") throw error;
    });
`,
      ],
    ],
    goal: "a store that fails answers 500",
    says: "although Redis did not say that the session is deleted",
  },
  {
    name: "the client reads what Redis said",
    edits: [
      [
        destroy,
        `    try {
      await destroySession(req);
    } catch (error) {
      res.status(500).json({ error: { code: "internal_error", message: String(error) } });
      return;
    }
`,
      ],
    ],
    goal: "No standing rule is broken, on any path",
    says: "The answer to POST /auth/logout tells strangers what Redis said",
  },
  {
    name: "somebody must be there to be logged out",
    edits: [
      [
        route,
        `${route}    const user = await db.users.findById(req.session.userId!);
    console.info(\`\${user!.id} logs out\`);
`,
      ],
    ],
    goal: "logging out without a session is harmless",
    says: "POST /auth/logout crashed: there is no user where one is used",
  },
  {
    name: "an error for those who are not logged in",
    edits: [
      [route, `${route}    if (!req.session.userId) throw new Error("You are not logged in.");\n`],
    ],
    goal: "logging out without a session is harmless",
    says: "POST /auth/logout crashed: Error: You are not logged in",
  },
  {
    name: "a farewell in a new session",
    edits: [
      [
        destroy,
        `${destroy}    req.sessionStore.generate(req);
    Object.assign(req.session, { notice: "Goodbye" });
`,
      ],
      [clear, ""],
    ],
    goal: "logging out without a session is harmless",
    says: "Logging out begins a new session",
  },
  {
    name: "the body is looked at before the guard, once more",
    edits: [
      [
        "requireAuth, validate({ body: ProfileSchema })",
        "validate({ body: ProfileSchema }), requireAuth",
      ],
    ],
    step: 4,
    goal: "a refused request is answered once, and its handler never runs",
    says: "PATCH /me answers 400 to somebody who is not logged in",
  },
  {
    name: "caches may count visits",
    edits: [["  app.use(noStore);\n", ""]],
    goal: "No standing rule is broken, on any path",
    says: "A cache may keep the answer of GET /visits",
  },
  {
    name: "an origin that begins like one's own",
    edits: [
      [
        "  app.use(refuseOtherSites);\n",
        `  app.use((req, res, next) => {
    const origin = req.get("Origin") ?? "";
    const own = origin === "" || new URL(origin).host.startsWith(req.host);
    if (req.method === "POST" && !own) {
      res.status(403).json({ error: { code: "forbidden" } });
      return;
    }
    next();
  });
`,
      ],
    ],
    goal: "In a browser from before 2023",
    says: "a page of http://workshop.test.mallory.example can log people out",
  },
  {
    name: "the logout alone is guarded",
    edits: [
      ["  app.use(refuseOtherSites);\n", ""],
      ['app.post("/auth/logout", async', 'app.post("/auth/logout", refuseOtherSites, async'],
    ],
    goal: "From a page of another site",
    says: "a login that comes from another site is answered 200",
  },
  {
    name: "what a pipeline could not do",
    edits: [
      [
        'redis.set(key, value, "EX", ttlSeconds, "XX")',
        'redis.pipeline().set(key, value, "EX", ttlSeconds, "XX").exec()',
      ],
    ],
    goal: "With a Redis that refuses",
    says: "a session that Redis refuses to store is lost, and nobody hears of it",
  },
  {
    name: "other sites are refused at one spelling",
    edits: [
      [
        "  app.use(refuseOtherSites);\n",
        `  app.use((req, res, next) => {
    if (["/auth/login", "/auth/logout", "/me"].includes(req.path)) refuseOtherSites(req, res, next);
    else next();
  });
`,
      ],
    ],
    goal: "From a page of another site",
    says: "it posts to /auth/logout/",
  },
  {
    name: "one limit for login and logout",
    edits: [
      ['app.post("/auth/login", limitConcurrency(16));', 'app.use("/auth", limitConcurrency(16));'],
    ],
    goal: "Among many visitors",
    says: "while many log in, nobody can log out",
  },
  {
    name: "whoever hung up is not logged out",
    edits: [[route, `${route}    if (req.socket.destroyed) return;\n`]],
    goal: "Among many visitors",
    says: "whoever hangs up before the answer to a logout stays logged in",
  },
  {
    name: "key and value in each other's place",
    edits: [["(key, value, ttlSeconds) =>", "(value, key, ttlSeconds) =>"]],
    goal: "In the whole story",
    says: "the session is not written where it is read: GET /visits counts 1, not 2",
  },
  {
    name: "the address says where to go next",
    edits: [
      [
        "res.status(204).end();",
        `const { next } = req.query;
    if (typeof next === "string") res.redirect(303, next);
    else res.status(204).end();`,
      ],
    ],
    goal: "With more in the address",
    says: "POST /auth/logout sends people to whichever address stands in ?next",
  },
  {
    name: "rewritten under another key",
    edits: [["redis.set(key, value,", "redis.set(`sess:${key}`, value,"]],
    goal: "In the whole story",
    says: "the session is not written where it is read: GET /visits counts 1, not 2",
  },
  {
    name: "prolonged instead of rewritten",
    edits: [['redis.set(key, value, "EX", ttlSeconds, "XX")', "redis.expire(key, ttlSeconds)"]],
    goal: "In the whole story",
    says: "what the visit before changed was never written to Redis",
  },
  {
    name: "JSON of JSON",
    edits: [["redis.set(key, value,", "redis.set(key, JSON.stringify(value),"]],
    goal: "No standing rule is broken, on any path",
    says: "A session is stored as JSON of JSON",
  },
  {
    name: "rewrite is what a function returns",
    edits: [
      [
        "rewrite: (key, value, ttlSeconds) => redis",
        "rewrite: ((key: string, value: string, ttlSeconds: number) => redis",
      ],
      ['"XX"),\n', '"XX"))("", "", 1) as never,\n'],
    ],
    goal: "In the whole story",
    says: "GET /visits answers 200 and crashes then: `rewrite` is no function",
  },
  {
    name: "a write that failed is tried again without its condition",
    edits: [
      [
        'redis.set(key, value, "EX", ttlSeconds, "XX")',
        `redis
            .set(key, value, "EX", ttlSeconds, "XX")
            .catch(() => redis.set(key, value, "EX", ttlSeconds))`,
      ],
    ],
    goal: "With a Redis that refuses",
    says: "a write that failed is tried again without its condition",
  },
  {
    name: "whoever logs in once more keeps the session",
    edits: [
      [
        "    await regenerateSession(req);\n",
        "    if (req.session.userId !== user.id) await regenerateSession(req);\n",
      ],
    ],
    goal: "a request under way does not bring the session back",
    says: "A login keeps the session id from before",
  },
  {
    name: "a changed session lives as long as that of a user",
    edits: [
      [
        'redis.set(key, value, "EX", ttlSeconds, "XX")',
        'redis.set(key, value, "EX", sessionLifeMs / 1000, "XX")',
      ],
      ["(key, value, ttlSeconds)", "(key, value)"],
    ],
    goal: "Hours after the last visit",
    says: "somebody who is not logged in is kept for 60 min, and after a second visit for 24 h",
  },
  {
    name: "the session stands in the text of the script that stores it",
    edits: [
      [
        'redis.set(key, value, "EX", ttlSeconds, "XX")',
        'redis.eval(`return redis.call("SET", KEYS[1], [==[${value}]==], "EX", ${ttlSeconds}, "XX")`, 1, key)',
      ],
    ],
    goal: "No standing rule is broken, on any path",
    says: "A new script is made for each request",
  },
  {
    name: "whatever leads to a page may come from anywhere, a form as well",
    edits: [
      [
        "app.use(refuseOtherSites);",
        'app.use((req, res, next) =>\n    req.get("Sec-Fetch-Mode") === "navigate" ? next() : refuseOtherSites(req, res, next),\n  );',
      ],
    ],
    goal: "a page of another site cannot log anybody out",
    says: "A page of another site can log people out",
  },
  {
    name: "the cookie is cleared before an end that may fail",
    edits: [[`${destroy}${clear}`, `${clear}${destroy}`]],
    goal: "a store that fails answers 500",
    says: "A logout that fails clears the cookie",
  },
  {
    name: "what prolongs a session stores it, key or not",
    edits: [
      [
        "export function createApp(",
        `class InsistentStore extends SessionStore {
  constructor(options: ConstructorParameters<typeof SessionStore>[0]) {
    super(options);
    this.touch = async (id, session, done) => {
      await options.client.set(\`sess:\${id}\`, JSON.stringify(session), "EX", 86_400);
      done?.();
    };
  }
}

export function createApp(`,
      ],
      ["store: new SessionStore({", "store: new InsistentStore({"],
    ],
    goal: "In two tabs of one browser",
    says: "GET /me brings back a session that was logged out meanwhile",
  },
  {
    name: "a new id with the new name, and the old one for requests under way",
    edits: [
      [
        "    res.json({ data: profileOf(changed) });",
        `    const { userId, visits } = req.session;
    const { sessionID: id, session } = req;
    await regenerateSession(req);
    Object.assign(req.session, { userId, visits });
    await saveSession(req);
    await redis.set(\`sess:\${id}\`, JSON.stringify(session), "EX", 86_400);
    res.json({ data: profileOf(changed) });`,
      ],
    ],
    goal: "In the whole story",
    says: "the cookie from before it still opens /me",
  },
  {
    name: "who leaves is looked up, and may be gone",
    edits: [
      [
        route,
        `${route}    const { userId } = req.session;
    const user = userId ? await db.users.findById(userId) : undefined;
    if (userId && !user) throw new Error("nobody");
`,
      ],
    ],
    goal: "When the user is deleted meanwhile",
    says: "POST /auth/logout crashes for somebody who was deleted",
  },
  {
    name: "a session that is gone already is an error",
    edits: [
      [
        "    await destroySession(req);\n",
        `    const wasThere = await redis.exists(\`sess:\${req.sessionID}\`);
    const isUser = req.session.userId;
    await destroySession(req);
    if (isUser && !wasThere) throw new Error("it was gone");
`,
      ],
    ],
    goal: "In two tabs of one browser",
    says: "of two logouts of one session at once, one fails",
  },
  {
    name: "a write that insists, for visitors",
    edits: [
      [
        'redis.set(key, value, "EX", ttlSeconds, "XX")',
        'value.includes("userId")\n            ? redis.set(key, value, "EX", ttlSeconds, "XX")\n            : redis.set(key, value, "EX", ttlSeconds)',
      ],
    ],
    goal: "In two tabs of one browser",
    says: "GET /visits brings back the session of a visitor",
  },
  {
    name: "who was there before comes back at the logout",
    edits: [
      [
        "    await regenerateSession(req);\n    req.session.userId = user.id;\n",
        `    const before = req.session.userId;
    await regenerateSession(req);
    req.session.userId = user.id;
    if (before && before !== user.id) Object.assign(req.session, { before });
`,
      ],
      [
        '  app.post("/auth/logout", async (req, res) => {\n',
        `  app.post("/auth/logout", async (req, res) => {
    const { before } = req.session as { before?: string };
    if (before) {
      await regenerateSession(req);
      req.session.userId = before;
      await saveSession(req);
      res.status(204).end();
      return;
    }
`,
      ],
    ],
    goal: "In the whole story",
    says: "GET /me lets in somebody who is not logged in",
  },
  {
    name: "a logout without a store has nothing to end",
    edits: [
      [
        '  app.post("/auth/logout", async (req, res) => {\n',
        '  app.post("/auth/logout", async (req, res) => {\n    if (!req.session) return void res.status(204).end();\n',
      ],
      [
        "  app.use(\n    session({",
        `  let store!: SessionStore;
  redis.on("close", () => store.emit("disconnect"));
  redis.on("ready", () => store.emit("connect"));
  app.use(\n    session({`,
      ],
      ["store: new SessionStore({", "store: store = new SessionStore({"],
    ],
    goal: "After a long outage of Redis",
    says: "while Redis is away, a logout is answered 204, and the session lives on",
  },
];
