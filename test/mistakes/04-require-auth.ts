import type { Mistake } from "../grading/catalogue.ts";

const profileOf = "({ id, email, displayName }: User) => ({ id, email, displayName });";

const displayNameSchema = "z.string().trim().min(1).max(80)";

const readUserId = "    const { userId } = req.session;\n";

const findUser = "const user = userId && (await db.users.findById(userId));";

const end = "      if (userId) await destroySession(req);\n";

const refuse = 'res.status(401).json({ error: { code: "not_authenticated" } });';

const refusal = `    if (!user) {
${end}      ${refuse}
      return;
    }
`;

const letThrough = `    req.user = user;
    res.set("Cache-Control", "no-store");
    next();
`;

const answerMe = "res.json({ data: profileOf(req.user) });";

const updateUser = "const user = await db.users.update(req.user.id, req.validBody);";

const answerPatch = "res.json({ data: user && profileOf(user) });";

export const mistakes: readonly Mistake[] = [
  {
    name: "findById without await",
    edits: [["(await db.users.findById(userId))", "(db.users.findById(userId) as never)"]],
    goal: "after login, /me answers with the profile",
    says: "",
  },
  {
    name: "next before the user is there",
    edits: [
      ["    next();\n  };", "  };"],
      ["    req.user = user;\n", "    next();\n    req.user = user;\n"],
    ],
    goal: "after login, /me answers with the profile",
    says: "",
  },
  {
    name: "next is never called",
    edits: [["    next();\n  };", "  };"]],
    goal: "after login, /me answers with the profile",
    says: "",
  },
  {
    name: "GET /me without the guard",
    edits: [['"/me", requireAuth, (req', '"/me", (req']],
    goal: "without a session, /me answers 401",
    says: "",
  },
  {
    name: "a redirect instead of a 401",
    edits: [[refuse, 'res.redirect("/login");']],
    goal: "without a session, /me answers 401",
    says: "",
  },
  {
    name: "200 and nobody",
    edits: [[refuse, "res.json({ data: null });"]],
    goal: "without a session, /me answers 401",
    says: "",
  },
  {
    name: "403 instead of 401",
    edits: [[refuse, refuse.replace("401", "403")]],
    goal: "without a session, /me answers 401",
    says: "",
  },
  {
    name: "every request has a session",
    edits: [
      [
        readUserId +
          `    // The session says who logged in; the database says who they are now.\n    ${findUser}\n${refusal}`,
        `    if (!req.session) {\n      ${refuse}\n      return;\n    }\n    const user = (await db.users.findById(req.session.userId ?? ""))!;\n`,
      ],
    ],
    goal: "without a session, /me answers 401",
    says: "",
  },
  {
    name: "every request has a session id",
    edits: [
      [
        readUserId +
          `    // The session says who logged in; the database says who they are now.\n    ${findUser}\n${refusal}`,
        `    if (!req.sessionID) {\n      ${refuse}\n      return;\n    }\n    const user = (await db.users.findById(req.session.userId ?? ""))!;\n`,
      ],
    ],
    goal: "without a session, /me answers 401",
    says: "",
  },
  {
    name: "only the cookie's presence is checked",
    edits: [
      [
        readUserId +
          `    // The session says who logged in; the database says who they are now.\n    ${findUser}\n${refusal}`,
        `    if (!req.headers.cookie) {\n      ${refuse}\n      return;\n    }\n    const user = (await db.users.findById(req.session.userId ?? ""))!;\n`,
      ],
    ],
    goal: "a forged cookie answers 401",
    says: "",
  },
  {
    name: "the session is read without the signature",
    edits: [
      [
        readUserId,
        '    const id = /sid=s%3A([\\w-]+)/.exec(req.headers.cookie ?? "")?.[1];\n    const userId: string | undefined = JSON.parse((await redis.get(`sess:${id}`)) ?? "{}").userId;\n',
      ],
    ],
    goal: "a forged cookie answers 401",
    says: "",
  },
  {
    name: "who was let through once is let through for ever",
    edits: [
      ["  const requireAuth:", "  const known = new Map<string, User>();\n\n  const requireAuth:"],
      [
        findUser,
        'const cookie = req.headers.cookie ?? "";\n    const user = known.get(cookie) ?? (userId && (await db.users.findById(userId)));',
      ],
      ["    req.user = user;\n", "    known.set(cookie, user);\n    req.user = user;\n"],
    ],
    goal: "an unknown or expired session answers 401",
    says: "",
  },
  {
    name: "the session is trusted, and the user never looked up",
    edits: [
      [
        "const user = userId && (await db.users.findById(userId));",
        "const user = userId && { id: userId };",
      ],
      ["req.user = user;", "req.user = user as User;"],
      [
        "(req, res) => {\n    res.json({ data: profileOf(req.user) });",
        "async (req, res) => {\n    res.json({ data: profileOf((await db.users.findById(req.user.id))!) });",
      ],
    ],
    goal: "a deleted user is out at once, and the session is gone",
    says: "",
  },
  {
    name: "404 for a deleted user",
    edits: [[refuse, refuse.replace("401", "userId ? 404 : 401")]],
    goal: "a deleted user is out at once, and the session is gone",
    says: "",
  },
  {
    name: "the session of a deleted user stays",
    edits: [[end, ""]],
    goal: "a deleted user is out at once, and the session is gone",
    says: "",
  },
  {
    name: "the session of a deleted user loses its id only",
    edits: [["if (userId) await destroySession(req);", "delete req.session.userId;"]],
    goal: "a deleted user is out at once, and the session is gone",
    says: "",
  },
  {
    name: "nobody waits for the session to end",
    edits: [["if (userId) await destroySession(req);", "if (userId) void destroySession(req);"]],
    goal: "a deleted user is out at once, and the session is gone",
    says: "",
  },
  {
    name: "401 before the session has ended",
    edits: [[`${end}      ${refuse}\n`, `      ${refuse}\n${end}`]],
    goal: "a deleted user is out at once, and the session is gone",
    says: "",
  },
  {
    name: "a copy of the user in the session",
    edits: [
      [
        findUser,
        "const copy = req.session as unknown as { user?: User };\n    const user = copy.user ?? (userId && (await db.users.findById(userId)));",
      ],
      ["    req.user = user;\n", "    copy.user = user;\n    req.user = user;\n"],
    ],
    goal: "a changed name shows on the next request",
    says: "",
  },
  {
    name: "a profile that is kept since login",
    edits: [
      [
        "    req.session.userId = user.id;\n",
        "    req.session.userId = user.id;\n    Object.assign(req.session, { profile: profileOf(user) });\n",
      ],
      [answerMe, "res.json({ data: (req.session as unknown as { profile: unknown }).profile });"],
    ],
    goal: "a changed name shows on the next request",
    says: "",
  },
  {
    name: "users kept in memory",
    edits: [
      ["  const requireAuth:", "  const known = new Map<string, User>();\n\n  const requireAuth:"],
      [
        findUser,
        "const user = userId && (known.get(userId) ?? (await db.users.findById(userId)));",
      ],
      ["    req.user = user;\n", "    known.set(user.id, user);\n    req.user = user;\n"],
    ],
    goal: "a changed name shows on the next request",
    says: "",
  },
  {
    name: "every field of the body is stored",
    edits: [["req.user.id, req.validBody", "req.user.id, req.body"]],
    goal: "PATCH /me changes the display name and nothing else",
    says: "",
  },
  {
    name: "a schema that lets more fields through",
    edits: [["const ProfileSchema = z.object", "const ProfileSchema = z.looseObject"]],
    goal: "PATCH /me changes the display name and nothing else",
    says: "",
  },
  {
    name: "a role that may be chosen",
    edits: [
      [
        `${displayNameSchema},\n`,
        `${displayNameSchema},\n  role: z.enum(["member", "admin"]).optional(),\n`,
      ],
    ],
    goal: "PATCH /me changes the display name and nothing else",
    says: "",
  },
  {
    name: "the body says whom to change",
    edits: [["update(req.user.id,", "update(req.body.id ?? req.user.id,"]],
    goal: "PATCH /me changes the display name and nothing else",
    says: "",
  },
  {
    name: "the new name is not stored",
    edits: [[updateUser, "const user = Object.assign(req.user, req.validBody);"]],
    goal: "PATCH /me changes the display name and nothing else",
    says: "",
  },
  {
    name: "PATCH answers with the old name",
    edits: [["user && profileOf(user)", "profileOf(req.user)"]],
    goal: "PATCH /me changes the display name and nothing else",
    says: "",
  },
  {
    name: "update without await",
    edits: [
      [
        updateUser,
        updateUser.replace(
          "await db.users.update(req.user.id, req.validBody)",
          "db.users.update(req.user.id, req.validBody) as never",
        ),
      ],
    ],
    goal: "PATCH /me changes the display name and nothing else",
    says: "",
  },
  {
    name: "a name of blanks",
    edits: [[displayNameSchema, "z.string().min(1).max(80).trim()"]],
    goal: "a display name has 1 to 80 characters",
    says: "",
  },
  {
    name: "an empty name",
    edits: [[".trim().min(1).max(80)", ".trim().max(80)"]],
    goal: "a display name has 1 to 80 characters",
    says: "",
  },
  {
    name: "a name without end",
    edits: [[".min(1).max(80)", ".min(1)"]],
    goal: "a display name has 1 to 80 characters",
    says: "",
  },
  {
    name: "a name that is not trimmed",
    edits: [["z.string().trim().min(1)", "z.string().min(1)"]],
    goal: "a display name has 1 to 80 characters",
    says: "",
  },
  {
    name: "a name that is cut",
    edits: [[displayNameSchema, "z.string().trim().min(1).transform((name) => name.slice(0, 80))"]],
    goal: "a display name has 1 to 80 characters",
    says: "",
  },
  {
    name: "PATCH /me without validation",
    edits: [
      ["requireAuth, validate({ body: ProfileSchema }), async", "requireAuth, async"],
      ["req.user.id, req.validBody", "req.user.id, { displayName: req.body.displayName }"],
    ],
    goal: "a display name has 1 to 80 characters",
    says: "",
  },
  {
    name: "401 without return",
    edits: [
      [`      ${refuse}\n      return;\n`, `      ${refuse}\n`],
      ["req.user = user;", "req.user = user as User;"],
    ],
    goal: "a refused request is answered once, and its handler never runs",
    says: "",
  },
  {
    name: "401 and next, whether somebody is there or not",
    edits: [
      [
        `${refusal}${letThrough}`,
        `    if (user) {\n      req.user = user;\n    } else {\n      ${refuse}\n    }\n    next();\n`,
      ],
    ],
    goal: "a refused request is answered once, and its handler never runs",
    says: "",
  },
  {
    name: "an error for next, and then next again",
    edits: [
      [
        `      ${refuse}\n      return;\n`,
        '      next(Object.assign(new Error("Who is asking?"), { status: 401 }));\n',
      ],
      ["req.user = user;", "req.user = user as User;"],
    ],
    goal: "a refused request is answered once, and its handler never runs",
    says: "",
  },
  {
    name: "the guard asks the session, refuses, and lets the handler write",
    edits: [
      [
        `    // The session says who logged in; the database says who they are now.\n    ${findUser}\n${refusal}    req.user = user;\n`,
        `    const user = userId && (await db.users.findById(userId));\n    if (!user) ${refuse}\n    req.user = user || (await db.users.findByEmail("ada@example.com"))!;\n`,
      ],
    ],
    goal: "a refused request is answered once, and its handler never runs",
    says: "",
  },
  {
    name: "the guard called inside the handler, which goes on",
    edits: [
      [
        "requireAuth, validate({ body: ProfileSchema }), async (req, res) => {",
        "validate({ body: ProfileSchema }), async (req, res) => {\n    await requireAuth(req, res, () => {});",
      ],
    ],
    goal: "a refused request is answered once, and its handler never runs",
    says: "",
  },
  {
    name: "the handler's own guard without return",
    edits: [
      [
        "requireAuth, validate({ body: ProfileSchema }), async (req, res) => {",
        `validate({ body: ProfileSchema }), async (req, res) => {\n    if (!req.session.userId) ${refuse}`,
      ],
      ["update(req.user.id,", 'update(req.session.userId ?? "",'],
    ],
    goal: "a refused request is answered once, and its handler never runs",
    says: "",
  },
  {
    name: "PATCH /me without the guard",
    edits: [
      ["requireAuth, validate({ body: ProfileSchema })", "validate({ body: ProfileSchema })"],
    ],
    goal: "a refused request is answered once, and its handler never runs",
    says: "",
  },
  {
    name: "PATCH /me guarded by the session alone",
    edits: [
      ["requireAuth, validate({ body: ProfileSchema })", "validate({ body: ProfileSchema })"],
      ["update(req.user.id,", 'update(req.session.userId ?? "",'],
    ],
    goal: "a refused request is answered once, and its handler never runs",
    says: "",
  },
  {
    name: "the change is stored before the guard asks",
    edits: [
      [
        'app.patch("/me", requireAuth, validate({ body: ProfileSchema }), async (req, res) => {\n    const user = await db.users.update(req.user.id, req.validBody);',
        'app.patch("/me", validate({ body: ProfileSchema }), async (req, res) => {\n    const user = await db.users.update(req.session.userId ?? "", req.validBody);\n    await requireAuth(req, res, () => {});\n    if (res.headersSent) return;',
      ],
    ],
    goal: "a refused request is answered once, and its handler never runs",
    says: "",
  },
  {
    name: "/me answers with the whole user",
    edits: [[answerMe, "res.json({ data: req.user });"]],
    goal: "no password hash leaves the server",
    says: "",
  },
  {
    name: "PATCH answers with the whole user",
    edits: [[answerPatch, "res.json({ data: user });"]],
    goal: "no password hash leaves the server",
    says: "",
  },
  {
    name: "everything but a field that is called otherwise",
    edits: [
      [profileOf, "({ password: _secret, ...visible }: User & { password?: string }) => visible;"],
    ],
    goal: "no password hash leaves the server",
    says: "",
  },
  {
    name: "the whole user beside the profile",
    edits: [[answerMe, "res.json({ data: profileOf(req.user), session: { owner: req.user } });"]],
    goal: "no password hash leaves the server",
    says: "",
  },
  {
    name: "the whole user in the session",
    edits: [
      [
        "    req.user = user;\n",
        "    Object.assign(req.session, { user });\n    req.user = user;\n",
      ],
    ],
    goal: "no password hash leaves the server",
    says: "",
  },
  {
    name: "the profile may be kept by a proxy",
    edits: [['    res.set("Cache-Control", "no-store");\n    next();', "    next();"]],
    goal: "without a session, /me answers 401",
    says: "",
  },
];
