import type { Mistake } from "../grading/catalogue.ts";

const destroy = `    // The key first: a cleared cookie alone would leave a stolen copy of it at work.
    await destroySession(req);
`;

const clear = '    res.clearCookie("connect.sid");\n';

const answer = "    res.status(204).end();\n  });\n\n  app.use(errorHandler);";

const route = 'app.post("/auth/logout", async (req, res) => {\n';

export const mistakes: readonly Mistake[] = [
  {
    name: "200 with a body",
    edits: [["res.status(204).end()", "res.json({ data: { ok: true } })"]],
    goal: "logging out answers 204",
    says: "",
  },
  {
    name: "a redirect home",
    edits: [["res.status(204).end()", 'res.redirect("/")']],
    goal: "logging out answers 204",
    says: "",
  },
  {
    name: "a status that is never sent",
    edits: [["res.status(204).end()", "res.status(204)"]],
    goal: "logging out answers 204",
    says: "",
  },
  {
    name: "GET instead of POST",
    edits: [['app.post("/auth/logout"', 'app.get("/auth/logout"']],
    goal: "logging out answers 204",
    says: "",
  },
  {
    name: "the route stands after the error handler",
    edits: [
      [
        `  ${route}${destroy}${clear}${answer}`,
        `  app.use(errorHandler);\n  app.use((_req, res) => void res.status(404).end());\n\n  ${route}${destroy}${clear}    res.status(204).end();\n  });\n`,
      ],
    ],
    goal: "logging out answers 204",
    says: "",
  },
  {
    name: "the cookie is cleared, and that is all",
    edits: [[destroy, ""]],
    goal: "the cookie from before logout is refused",
    says: "",
  },
  {
    name: "the user id is deleted from the session",
    edits: [[destroy, "    delete req.session.userId;\n"]],
    goal: "the cookie from before logout is refused",
    says: "",
  },
  {
    name: "the user id is deleted, and the session saved",
    edits: [
      [
        destroy,
        "    delete req.session.userId;\n    await new Promise((done) => req.session.save(done));\n",
      ],
    ],
    goal: "the cookie from before logout is refused",
    says: "",
  },
  {
    name: "the session is set to null",
    edits: [[destroy, "    req.session = null as never;\n"]],
    goal: "the cookie from before logout is refused",
    says: "",
  },
  {
    name: "the session is set to null, and the store told to follow",
    edits: [
      [destroy, "    req.session = null as never;\n"],
      ["saveUninitialized: false,", 'saveUninitialized: false,\n      unset: "destroy",'],
    ],
    goal: "the answer waits until the session is deleted",
    says: "",
  },
  {
    name: "the cookie of the session ends, and the session does not",
    edits: [[destroy, "    req.session.cookie.maxAge = 0;\n"]],
    goal: "the cookie from before logout is refused",
    says: "",
  },
  {
    name: "the key without its prefix",
    edits: [[destroy, "    await redis.del(req.sessionID);\n"]],
    goal: "the cookie from before logout is refused",
    says: "",
  },
  {
    name: "the key deleted, and the session still there to be saved",
    edits: [
      [destroy, "    await redis.del(`sess:${req.sessionID}`);\n    req.session.visits = 0;\n"],
    ],
    goal: "the cookie from before logout is refused",
    says: "",
  },
  {
    name: "a list of those who logged out",
    edits: [
      ["  const requireAuth:", "  const loggedOut = new Set<string>();\n\n  const requireAuth:"],
      ["const user = userId && (await", "const user = userId && !loggedOut.has(userId) && (await"],
      [
        "    req.session.userId = user.id;\n",
        "    loggedOut.delete(user.id);\n    req.session.userId = user.id;\n",
      ],
      [destroy, '    loggedOut.add(req.session.userId ?? "");\n'],
    ],
    goal: "other devices stay logged in",
    says: "",
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
    says: "",
  },
  {
    name: "the user is deleted instead of the session",
    edits: [[destroy, '    await db.users.remove(req.session.userId ?? "");\n']],
    goal: "other devices stay logged in",
    says: "",
  },
  {
    name: "destroy is not waited for",
    edits: [["    await destroySession(req);\n    res", "    void destroySession(req);\n    res"]],
    goal: "the answer waits until the session is deleted",
    says: "",
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
    says: "",
  },
  {
    name: "destroy with an empty callback",
    edits: [
      ["    await destroySession(req);\n    res", "    req.session.destroy(() => {});\n    res"],
    ],
    goal: "the answer waits until the session is deleted",
    says: "",
  },
  {
    name: "the answer before the end of the session",
    edits: [
      [destroy, ""],
      [answer, answer.replace("end();\n", "end();\n    await destroySession(req);\n")],
    ],
    goal: "the answer waits until the session is deleted",
    says: "",
  },
  {
    name: "the cookie is not cleared",
    edits: [[clear, ""]],
    goal: "the browser drops its cookie",
    says: "",
  },
  {
    name: "another cookie is cleared",
    edits: [['clearCookie("connect.sid")', 'clearCookie("sid")']],
    goal: "the browser drops its cookie",
    says: "",
  },
  {
    name: "the cookie is cleared by its value",
    edits: [['clearCookie("connect.sid")', "clearCookie(req.sessionID)"]],
    goal: "the browser drops its cookie",
    says: "",
  },
  {
    name: "the cookie of another path is cleared",
    edits: [['clearCookie("connect.sid")', 'clearCookie("connect.sid", { path: "/auth" })']],
    goal: "the browser drops its cookie",
    says: "",
  },
  {
    name: "the cookie of another domain is cleared",
    edits: [
      ['clearCookie("connect.sid")', 'clearCookie("connect.sid", { domain: "example.com" })'],
    ],
    goal: "the browser drops its cookie",
    says: "",
  },
  {
    name: "the cookie of the whole domain is cleared",
    edits: [['clearCookie("connect.sid")', 'clearCookie("connect.sid", { domain: req.hostname })']],
    goal: "the browser drops its cookie",
    says: "",
  },
  {
    name: "a Secure end for a cookie that came over http",
    edits: [['clearCookie("connect.sid")', 'clearCookie("connect.sid", { secure: true })']],
    goal: "the browser drops its cookie",
    says: "",
  },
  {
    name: "an empty cookie instead of none",
    edits: [['clearCookie("connect.sid")', 'cookie("connect.sid", "")']],
    goal: "the browser drops its cookie",
    says: "",
  },
  {
    name: "the cookie is cleared after the answer",
    edits: [
      [clear, ""],
      [answer, answer.replace("end();\n", `end();\n${clear}`)],
    ],
    goal: "the browser drops its cookie",
    says: "",
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
    says: "",
  },
  {
    name: "cleared, and the emptied session set again",
    edits: [["    await destroySession(req);\n    res", "    delete req.session.userId;\n    res"]],
    goal: "the browser drops its cookie",
    says: "",
  },
  {
    name: "any method logs out",
    edits: [['app.post("/auth/logout"', 'app.all("/auth/logout"']],
    goal: "GET does not log out",
    says: "",
  },
  {
    name: "the route mounted with use",
    edits: [['app.post("/auth/logout"', 'app.use("/auth/logout"']],
    goal: "GET does not log out",
    says: "",
  },
  {
    name: "a link that logs out, beside the form",
    edits: [
      [
        `  ${route}`,
        `  app.get("/auth/logout", async (req, res) => {\n    await destroySession(req);\n${clear}    res.redirect("/");\n  });\n\n  ${route}`,
      ],
    ],
    goal: "GET does not log out",
    says: "",
  },
  {
    name: "throw inside the callback of destroy",
    edits: [
      [
        `${destroy}${clear}${answer}`,
        `    req.session.destroy((error) => {\n      if (error) throw error;\n  ${clear}      res.status(204).end();\n    });\n  });\n\n  app.use(errorHandler);`,
      ],
    ],
    goal: "a store that fails answers 500",
    says: "",
  },
  {
    name: "the callback of destroy ignores its error",
    edits: [
      [
        `${destroy}${clear}${answer}`,
        `    req.session.destroy(() => {\n  ${clear}      res.status(204).end();\n    });\n  });\n\n  app.use(errorHandler);`,
      ],
    ],
    goal: "a store that fails answers 500",
    says: "",
  },
  {
    name: "an error of destroy is swallowed",
    edits: [
      [
        "    await destroySession(req);\n    res",
        "    await destroySession(req).catch(() => {});\n    res",
      ],
    ],
    goal: "a store that fails answers 500",
    says: "",
  },
  {
    name: "an error of destroy is only logged",
    edits: [
      [
        destroy,
        "    try {\n      await destroySession(req);\n    } catch (error) {\n      console.warn(`${error}`);\n    }\n",
      ],
    ],
    goal: "a store that fails answers 500",
    says: "",
  },
  {
    name: "an error of destroy is not passed on",
    edits: [
      [
        destroy,
        "    await new Promise<void>((resolve) => {\n      req.session.destroy(() => resolve());\n    });\n",
      ],
    ],
    goal: "a store that fails answers 500",
    says: "",
  },
  {
    name: "somebody must be there to be logged out",
    edits: [
      [
        route,
        `${route}    const user = await db.users.findById(req.session.userId!);\n    console.info(\`\${user!.id} logs out\`);\n`,
      ],
    ],
    goal: "logging out without a session is harmless",
    says: "",
  },
  {
    name: "an error for those who are not logged in",
    edits: [
      [route, `${route}    if (!req.session.userId) throw new Error("You are not logged in.");\n`],
    ],
    goal: "logging out without a session is harmless",
    says: "",
  },
  {
    name: "no answer for those who are not logged in",
    edits: [[route, `${route}    if (!req.session.userId) return;\n`]],
    goal: "logging out without a session is harmless",
    says: "",
  },
  {
    name: "a farewell in a new session",
    edits: [
      [
        destroy,
        `${destroy}    req.sessionStore.generate(req);\n    Object.assign(req.session, { notice: "Goodbye" });\n`,
      ],
      [clear, ""],
    ],
    goal: "logging out without a session is harmless",
    says: "",
  },
];
