import type { Mistake } from "../grading/catalogue.ts";

const profileOf = "({ id, email, displayName }: User) => ({ id, email, displayName });";

const displayNameSchema = "z.string().trim().min(1).max(80)";

const readUserId = "    const { userId } = req.session;\n";

const findUser = "const user = userId && (await db.users.findById(userId));";

const end = "      if (userId) await destroySession(req);\n";

const refusal = 'res.status(401).json({ error: { code: "not_authenticated" } });';

const refuse = `${end}      ${refusal}\n`;

const userGone = `\
    // Somebody may have been deleted since the guard looked.
    if (!changed) {
      ${refusal}
      return;
    }
`;

const answerMe = "res.json({ data: profileOf(req.user) });";

const answerPatch = "res.json({ data: profileOf(changed) });";

export const mistakes: readonly Mistake[] = [
  {
    name: "a guard that does not hand on",
    edits: [["    req.user = user;\n    next();", "    req.user = user;\n    return void next;"]],
    goal: "after login, /me answers with the profile",
    says: "GET /me never answered: what stands before its handler neither answers nor calls next()",
  },
  {
    name: "a guard that stands behind the handler",
    edits: [
      ['app.get("/me", requireAuth, (req, res) => {', 'app.get("/me", (req, res) => {'],
      [`    ${answerMe}\n  });`, `    ${answerMe}\n  }, requireAuth);`],
    ],
    goal: "after login, /me answers with the profile",
    says: "The handler of GET /me runs before its guard",
  },
  {
    name: "a guard that Express takes for an error handler",
    edits: [
      [
        "const requireAuth: RequestHandler = async (req, res, next) => {",
        "const requireAuth = async (_: unknown, req: Request, res: Response, next: NextFunction) => {",
      ],
      ["type RequestHandler }", "type NextFunction, type Request, type Response }"],
    ],
    goal: "after login, /me answers with the profile",
    says: "Express skips the guard of GET /me",
  },
  {
    name: "the user is set when the handler is through",
    edits: [["    req.user = user;\n    next();", "    next();\n    req.user = user;"]],
    goal: "after login, /me answers with the profile",
    says: "The guard of GET /me has set no user when the handler runs",
  },
  {
    name: "a router and its route name the same path",
    edits: [
      [
        'app.get("/me", requireAuth',
        'const me = express.Router();\n  app.use("/me", me);\n  me.get("/me", requireAuth',
      ],
    ],
    goal: "after login, /me answers with the profile",
    says: "GET /me answers 404: the route is at /me/me",
  },
  {
    name: "a deleted user is refused, and the handler runs",
    edits: [
      [
        "      return;\n    }\n    req.user = user;\n",
        "      if (!userId) return;\n    }\n    req.user = user as User;\n",
      ],
    ],
    goal: "a deleted user is out at once, and the session is gone",
    says: "goes on after it answered 401",
  },
  {
    name: "findById without await",
    edits: [["(await db.users.findById(userId))", "(db.users.findById(userId) as never)"]],
    goal: "after login, /me answers with the profile",
    says: "no user, or not one yet",
  },
  {
    name: "GET /me without the guard",
    edits: [['"/me", requireAuth, (req', '"/me", (req']],
    goal: "after login, /me answers with the profile",
    says: "GET /me has no guard",
  },
  {
    name: "JSON with padding",
    edits: [[answerMe, answerMe.replace("json", "jsonp")]],
    goal: "When a request says more than it is asked",
    says: "asked with ?callback, /me answers with a script instead of JSON",
  },
  {
    name: "the address says whose profile it is",
    edits: [
      [
        findUser,
        "const user = userId && (await db.users.findById(String(req.query.as ?? userId)));",
      ],
    ],
    goal: "When a request says more than it is asked",
    says: "Grace's id in ?as",
  },
  {
    name: "a header says who is asking",
    edits: [[readUserId, '    const userId = req.session.userId ?? req.get("X-Member");\n']],
    goal: "When a request says more than it is asked",
    says: "Ada's id in x-member opens /me",
  },
  {
    name: "a proxy is trusted to say who is asking",
    edits: [
      [
        findUser,
        `const email = req.get("X-Forwarded-Email");
    const user = email
      ? await db.users.findByEmail(email)
      : userId && (await db.users.findById(userId));`,
      ],
    ],
    goal: "When a request says more than it is asked",
    says: "Ada's email in x-forwarded-email opens /me",
  },
  {
    name: "a cookie of its own says who is asking",
    edits: [
      [
        readUserId,
        `    const [, remembered] = /\\buserId=([^;]+)/.exec(req.headers.cookie ?? "") ?? [];
    const userId = req.session.userId ?? remembered;
`,
      ],
    ],
    goal: "When a request says more than it is asked",
    says: "in a cookie of its own opens /me",
  },
  {
    name: "the session id as a bearer token",
    edits: [
      [
        readUserId,
        `    const [, token] = /^Bearer (.+)$/.exec(req.get("Authorization") ?? "") ?? [];
    const stored = token && (await redis.get(\`sess:\${token}\`));
    const userId: string | undefined = stored ? JSON.parse(stored).userId : req.session.userId;
`,
      ],
    ],
    goal: "When a request says more than it is asked",
    says: "the id of Ada's session in authorization opens /me",
  },
  {
    name: "the session id in the address",
    edits: [
      [
        "  app.use(\n    session({",
        `  app.use((req, _res, next) => {
    const { sid } = req.query;
    if (sid) req.headers.cookie ??= \`connect.sid=\${encodeURIComponent(String(sid))}\`;
    next();
  });

  app.use(
    session({`,
      ],
    ],
    goal: "When a request says more than it is asked",
    says: "the value of Ada's cookie in ?sid opens /me",
  },
  {
    name: "a code of its own for those who are not logged in",
    edits: [[refuse, refuse.replace("not_authenticated", "login_required")]],
    goal: "without a session, /me answers 401",
    says: "does not carry the code of the contract",
  },
  {
    name: "a redirect instead of a 401",
    edits: [[refuse, `${end}      res.redirect("/login");\n`]],
    goal: "without a session, /me answers 401",
    says: "/me answers 302 to somebody who never logged in, not 401",
  },
  {
    name: "every request has a session",
    edits: [
      [`if (!user) {\n${end}`, "if (!req.session) {\n"],
      ["req.user = user;", "req.user = user as User;"],
    ],
    goal: "without a session, /me answers 401",
    says: "The guard of GET /me calls `next()` for somebody who never logged in",
  },
  {
    name: "only the cookie's presence is checked",
    edits: [
      [`if (!user) {\n${end}`, "if (!req.headers.cookie) {\n"],
      ["req.user = user;", "req.user = user as User;"],
    ],
    goal: "a forged cookie answers 401",
    says: "The guard of GET /me calls `next()` for somebody who never logged in",
  },
  {
    name: "the session is read without the signature",
    edits: [
      [
        readUserId,
        `    const id = /sid=s%3A([\\w-]+)/.exec(req.headers.cookie ?? "")?.[1];
    const stored = await redis.get(\`sess:\${id}\`);
    const userId: string | undefined = stored && JSON.parse(stored).userId;
`,
      ],
    ],
    goal: "a forged cookie answers 401",
    says: "changed signature is let in",
  },
  {
    name: "who was let through once is let through for ever",
    edits: [
      ["  const requireAuth:", "  const known = new Map<string, User>();\n\n  const requireAuth:"],
      [
        findUser,
        `const cookie = req.headers.cookie ?? "";
    const user = known.get(cookie) ?? (userId && (await db.users.findById(userId)));`,
      ],
      ["    req.user = user;\n", "    known.set(cookie, user);\n    req.user = user;\n"],
    ],
    goal: "an unknown or expired session answers 401",
    says: "although its session was deleted",
  },
  {
    name: "the session is trusted, and the user never looked up",
    edits: [
      [findUser, "const user = userId && { id: userId };"],
      ["req.user = user;", "req.user = user as User;"],
      [
        "(req, res) => {\n    res.json({ data: profileOf(req.user) });",
        `async (req, res) => {
    res.json({ data: profileOf((await db.users.findById(req.user.id))!) });`,
      ],
    ],
    goal: "a deleted user is out at once, and the session is gone",
    says: "deleted user",
  },
  {
    name: "404 for a deleted user",
    edits: [[refuse, refuse.replace("401", "userId ? 404 : 401")]],
    goal: "a deleted user is out at once, and the session is gone",
    says: "deleted user",
  },
  {
    name: "a deleted user learns about it",
    edits: [
      [refuse, refuse.replace('"not_authenticated"', 'userId ? "gone" : "not_authenticated"')],
    ],
    goal: "a deleted user is out at once, and the session is gone",
    says: "does not carry the code of the contract, not_authenticated",
  },
  {
    name: "the session of a deleted user stays",
    edits: [[end, ""]],
    goal: "a deleted user is out at once, and the session is gone",
    says: "session stays in Redis",
  },
  {
    name: "the session of a deleted user loses its id only",
    edits: [["if (userId) await destroySession(req);", "delete req.session.userId;"]],
    goal: "a deleted user is out at once, and the session is gone",
    says: "session stays in Redis",
  },
  {
    name: "nobody waits for the session to end",
    edits: [["if (userId) await destroySession(req);", "if (userId) void destroySession(req);"]],
    goal: "With a session that cannot be ended",
    says: "An error escaped that would end the process",
  },
  {
    name: "a copy of the user in the session",
    edits: [
      [
        findUser,
        `const copy = req.session as unknown as { user?: User };
    const user = copy.user ?? (userId && (await db.users.findById(userId)));`,
      ],
      ["    req.user = user;\n", "    copy.user = user;\n    req.user = user;\n"],
    ],
    goal: "a changed name shows on the next request",
    says: "name of yesterday",
  },
  {
    name: "a profile that is kept since login",
    edits: [
      [
        "    req.session.userId = user.id;\n",
        `    req.session.userId = user.id;
    Object.assign(req.session, { profile: profileOf(user) });
`,
      ],
      [answerMe, "res.json({ data: (req.session as unknown as { profile: unknown }).profile });"],
    ],
    goal: "a changed name shows on the next request",
    says: "name of yesterday",
  },
  {
    name: "the browser may keep the profile",
    edits: [
      [
        "    req.user = user;\n",
        '    req.user = user;\n    res.set("Cache-Control", "private, max-age=60");\n',
      ],
    ],
    goal: "No standing rule is broken, on any path",
    says: "A browser may keep the answer of GET /me",
  },
  {
    name: "no word about caches",
    edits: [["  app.use(noStore);\n", ""]],
    goal: "No standing rule is broken, on any path",
    says: "A cache may keep the answer of",
  },
  {
    name: "every field of the body is stored",
    edits: [["req.user.id, req.validBody", "req.user.id, req.body"]],
    goal: "PATCH /me changes the display name and nothing else",
    says: "PATCH /me stores the name as the client sent it",
  },
  {
    name: "the body says whom to change",
    edits: [["update(req.user.id,", "update(req.body.id ?? req.user.id,"]],
    goal: "When a request says more than it is asked",
    says: "somebody else",
  },
  {
    name: "the address says whom to change",
    edits: [["update(req.user.id,", "update(String(req.query.user ?? req.user.id),"]],
    goal: "When a request says more than it is asked",
    says: "somebody else",
  },
  {
    name: "PATCH answers with the old name",
    edits: [["profileOf(changed)", "profileOf(req.user)"]],
    goal: "PATCH /me changes the display name and nothing else",
    says: "PATCH /me answers with another name than the one that it stored",
  },
  {
    name: "the answer does not wait for the change",
    edits: [
      [
        "const changed = await db.users.update(req.user.id, req.validBody);",
        "void db.users.update(req.user.id, req.validBody);",
      ],
      [userGone, ""],
      [answerPatch, "res.json({ data: { ...profileOf(req.user), ...req.validBody } });"],
    ],
    goal: "With a database that fails",
    says: "PATCH /me answers 200, not 500",
  },
  {
    name: "nobody is renamed, and that is a success",
    edits: [
      [userGone, ""],
      [answerPatch, "res.json({ data: changed && profileOf(changed) });"],
    ],
    goal: "When the user is deleted meanwhile",
    says: "PATCH /me answers 200 although nothing was changed",
  },
  {
    name: "a code of its own for a bad body",
    edits: [
      [
        "validate({ body: ProfileSchema }), async (req, res) => {",
        `async (req, res) => {
    const parsed = ProfileSchema.safeParse(req.body);
    if (!parsed.success) {
      res.status(400).json({ error: { code: "bad_name" } });
      return;
    }
    req.validBody = parsed.data;`,
      ],
    ],
    goal: "In production, behind a TLS proxy",
    says: "the refusal does not carry the code of the contract, invalid_body",
  },
  {
    name: "a name of blanks",
    edits: [[`${displayNameSchema}.refine(isReadable)`, "z.string().min(1).max(80).trim()"]],
    goal: "a display name has 1 to 80 characters",
    says: "PATCH /me answers 200, not 400, to a name that is blank",
  },
  {
    name: "80 bytes instead of 80 characters",
    edits: [
      [
        displayNameSchema,
        "z.string().trim().min(1).refine((text) => Buffer.byteLength(text) <= 80)",
      ],
    ],
    goal: "a display name has 1 to 80 characters",
    says: "A name of 80 letters is refused when each takes two bytes",
  },
  {
    name: "a name without end",
    edits: [[".min(1).max(80)", ".min(1)"]],
    goal: "a display name has 1 to 80 characters",
    says: "PATCH /me answers 200, not 400, to a name that is too long",
  },
  {
    name: "401 without return",
    edits: [
      [`${refuse}      return;\n`, refuse],
      ["req.user = user;", "req.user = user as User;"],
    ],
    goal: "without a session, /me answers 401",
    says: "GET /me ",
  },
  {
    name: "the handler's own guard without return",
    edits: [
      [
        "requireAuth, validate({ body: ProfileSchema }), async (req, res) => {",
        `validate({ body: ProfileSchema }), async (req, res) => {
    if (!req.session.userId) ${refusal}`,
      ],
      ["update(req.user.id,", 'update(req.session.userId ?? "",'],
    ],
    goal: "a refused request is answered once, and its handler never runs",
    says: "PATCH /me changes the database although",
  },
  {
    name: "PATCH /me without the guard",
    edits: [
      ["requireAuth, validate({ body: ProfileSchema })", "validate({ body: ProfileSchema })"],
    ],
    goal: "PATCH /me changes the display name and nothing else",
    says: "PATCH /me has no guard",
  },
  {
    name: "PATCH /me guarded by the session alone",
    edits: [
      ["requireAuth, validate({ body: ProfileSchema })", "validate({ body: ProfileSchema })"],
      ["update(req.user.id,", 'update(req.session.userId ?? "",'],
    ],
    goal: "a refused request is answered once, and its handler never runs",
    says: "PATCH /me changes the database although the request is refused",
  },
  {
    name: "the body is checked before the guard",
    edits: [
      [
        "requireAuth, validate({ body: ProfileSchema })",
        "validate({ body: ProfileSchema }), requireAuth",
      ],
    ],
    goal: "a refused request is answered once, and its handler never runs",
    says: "PATCH /me answers 400 to somebody who is not logged in",
  },
  {
    name: "a guard for the address as it is written",
    edits: [
      [
        '  app.get("/me", requireAuth, (req',
        `  app.use((req, res, next) => {
    if (req.path === "/me") void requireAuth(req, res, next);
    else next();
  });

  app.get("/me", (req`,
      ],
    ],
    goal: "Written in another way",
    says: "GET /me/ passes the guard without a user, and crashes",
  },
  {
    name: "a guard that knows GET and PATCH",
    edits: [
      [
        readUserId,
        `    if (!["GET", "PATCH"].includes(req.method)) return next();
${readUserId}`,
      ],
      [answerMe, "res.json({ data: req.user ? profileOf(req.user) : {} });"],
    ],
    goal: "By another method",
    says: "HEAD /me lets in",
  },
  {
    name: "/me answers with the whole user",
    edits: [[answerMe, "res.json({ data: req.user });"]],
    goal: "no password hash leaves the server",
    says: "GET /me contains a password hash",
  },
  {
    name: "PATCH answers with the whole user",
    edits: [[answerPatch, "res.json({ data: changed });"]],
    goal: "no password hash leaves the server",
    says: "PATCH /me contains a password hash",
  },
  {
    name: "everything but a field that is called otherwise",
    edits: [
      [profileOf, "({ password: _secret, ...visible }: User & { password?: string }) => visible;"],
    ],
    goal: "no password hash leaves the server",
    says: "GET /me contains a password hash",
  },
  {
    name: "the whole user beside the profile",
    edits: [[answerMe, "res.json({ data: profileOf(req.user), session: { owner: req.user } });"]],
    goal: "no password hash leaves the server",
    says: "GET /me contains a password hash",
  },
  {
    name: "the role in the profile",
    edits: [
      [
        profileOf,
        "({ id, email, displayName, role }: User) => ({ id, email, displayName, role });",
      ],
    ],
    goal: "No standing rule is broken, on any path",
    says: "tells the role",
  },
  {
    name: "the role in the answer to a change",
    edits: [[answerPatch, "res.json({ data: { ...profileOf(changed), role: changed.role } });"]],
    goal: "No standing rule is broken, on any path",
    says: "tells the role",
  },
  {
    name: "the whole user in the session",
    edits: [
      [
        "    req.user = user;\n",
        "    Object.assign(req.session, { user });\n    req.user = user;\n",
      ],
    ],
    goal: "No standing rule is broken, on any path",
    says: "is stored in Redis",
  },
  {
    name: "the whole user is written back",
    edits: [
      [
        "update(req.user.id, req.validBody)",
        "update(req.user.id, { ...req.user, ...req.validBody })",
      ],
    ],
    goal: "While an administrator changes the user",
    says: "takes back what somebody else changed meanwhile",
  },
  {
    name: "public paths, anywhere in the address",
    edits: [
      [
        "    const { userId } = req.session;\n",
        "    if (/health|visits/.test(req.originalUrl)) return next();\n    const { userId } = req.session;\n",
      ],
    ],
    goal: "Written in another way",
    says: "passes the guard without a user, and crashes",
  },
  {
    name: "a helper that was never imported",
    edits: [["import { destroySession, regenerateSession", "import { regenerateSession"]],
    goal: "a deleted user is out at once, and the session is gone",
    says: "GET /me crashes for a deleted user: ReferenceError: destroySession is not defined",
  },
  {
    name: "the guard is called where it should be handed over",
    edits: [['app.get("/me", requireAuth,', 'app.get("/me", (requireAuth as () => never)(),']],
    goal: "after login, /me answers with the profile",
    says: "a route is given something that is no function",
  },
  {
    name: "the id where the user belongs",
    edits: [["req.user = user;", "req.user = userId as never;"]],
    goal: "after login, /me answers with the profile",
    says: "/me answers without a profile",
  },
  {
    name: "a deleted user's session is renewed, not ended",
    edits: [
      ["if (userId) await destroySession(req);", "if (userId) await regenerateSession(req);"],
    ],
    goal: "No standing rule is broken, on any path",
    says: "GET /me is refused, and starts a session all the same",
  },
  {
    name: "browsers are sent to a page",
    edits: [
      [
        "      if (userId) await destroySession(req);\n",
        '      if (userId) await destroySession(req);\n      if (req.accepts(["json", "html"]) === "html") return res.redirect("/login");\n',
      ],
    ],
    goal: "Written in another way",
    says: "GET /me answers 302, not 401, when its address is typed into a browser",
  },
  {
    name: "a name is stored as HTML",
    edits: [
      [
        "update(req.user.id, req.validBody)",
        'update(req.user.id, { displayName: req.validBody.displayName.replaceAll("&", "&amp;") })',
      ],
    ],
    goal: "With inputs of every kind",
    says: "PATCH /me stores another name than Smith & Sons",
  },
  {
    name: "an update that found nobody is taken for done",
    edits: [
      [
        "    if (!changed) {",
        "    if (!changed) {\n      res.json({ data: profileOf({ ...req.user, ...req.validBody }) });\n      return;\n    }\n    if (!changed) {",
      ],
    ],
    goal: "When the user is deleted meanwhile",
    says: "PATCH /me answers 200 although nothing was changed",
  },
  {
    name: "the guard knows two methods",
    edits: [
      [
        "    const { userId } = req.session;\n",
        '    if (!["GET", "PATCH"].includes(req.method)) return next();\n    const { userId } = req.session;\n',
      ],
    ],
    goal: "By another method",
    says: "HEAD /me passes the guard, and crashes",
  },
  {
    name: "letters and digits, but no marks",
    edits: [[".refine(isReadable)", ".refine(isReadable).regex(/^[\\p{L}\\p{N} .,'’&-]*$/u)"]],
    goal: "With inputs of every kind",
    says: "PATCH /me refuses the name",
  },
  {
    name: "a pattern for names that backtracks",
    edits: [[".refine(isReadable)", ".regex(/^(?:[^\\p{Cc}\\s]+\\s*)+$/u)"]],
    goal: "With inputs of every kind",
    says: "PATCH /me works for",
  },
  {
    name: "what is under way is counted down when it was answered",
    edits: [
      [
        "  const requireAuth:",
        "  const underWay = new Map<string, number>();\n  const requireAuth:",
      ],
      [
        readUserId,
        `${readUserId}    const others = underWay.get(String(userId)) ?? 0;
    if (others >= 32) return void res.status(503).json({ error: { code: "busy" } });
    underWay.set(String(userId), others + 1);
    res.once("finish", () => underWay.set(String(userId), underWay.get(String(userId))! - 1));
`,
      ],
    ],
    goal: "Among many visitors",
    says: "whoever hung up before the answer often enough is locked out",
  },
  {
    name: "whoever was deleted once is remembered",
    edits: [
      ["  const requireAuth:", "  const deleted = new Set<string>();\n  const requireAuth:"],
      [
        findUser,
        "const user = userId && !deleted.has(userId) && (await db.users.findById(userId));",
      ],
      [end, `${end}      if (userId) deleted.add(userId);\n`],
    ],
    goal: "When the user is deleted meanwhile",
    says: "somebody who was deleted by mistake, and is back, is kept out",
  },
  {
    name: "the profile stands beside data",
    edits: [[answerMe, "res.json(profileOf(req.user));"]],
    goal: "after login, /me answers with the profile",
    says: "GET /me answers without data.id and data.email and data.displayName",
  },
  {
    name: "a slip in the name of a field",
    edits: [
      [
        profileOf,
        "({ id, email, displayName }: User) => ({ id, email, dispalyName: displayName });",
      ],
    ],
    goal: "after login, /me answers with the profile",
    says: "GET /me answers without data.displayName",
  },
  {
    name: "the guard counts visits",
    edits: [["    req.user = user;\n", "    req.user = user;\n    req.session.visits = 0;\n"]],
    goal: "In the whole story",
    says: "In the whole story, GET /visits counts 1, not 2",
  },
  {
    name: "an option that express-session does not know",
    edits: [["store: new RedisStore", "stores: new RedisStore"]],
    goal: "a store that cannot be read is an error, not a stranger",
    says: "`stores` is no option of `session()`",
  },
  {
    name: "the sessions left in memory",
    edits: [["      store: new RedisStore({ client: redis }),\n", ""]],
    goal: "a store that cannot be read is an error, not a stranger",
    says: "The sessions are in the memory of the process, not in Redis",
  },
  {
    name: "the guard begins another session",
    edits: [
      [
        "    req.user = user;\n",
        "    await regenerateSession(req);\n    req.session.userId = user.id;\n    req.user = user;\n",
      ],
    ],
    goal: "In the whole story",
    says: "since GET /me, the browser has another session: GET /visits counts 1, not 2",
  },
  {
    name: "the refusal goes to next",
    edits: [
      [
        '      res.status(401).json({ error: { code: "not_authenticated" } });\n      return;\n    }\n    req.user',
        '      next("not_authenticated");\n      return;\n    }\n    req.user',
      ],
    ],
    goal: "without a session, /me answers 401",
    says: "what is thrown, or given to next(), is no Error",
  },
  {
    name: "another id each hour, and the one before ends at once",
    edits: [
      [
        "    req.session.userId = user.id;\n",
        "    req.session.userId = user.id;\n    Object.assign(req.session, { since: Date.now() });\n",
      ],
      [
        "    req.user = user;\n",
        `    const { since = 0, visits = 0 } = req.session as { since?: number; visits?: number };
    if (Date.now() - since > 3_000_000) {
      await regenerateSession(req);
      Object.assign(req.session, { userId: user.id, since: Date.now(), visits });
      await saveSession(req);
    }
    req.user = user;\n`,
      ],
    ],
    goal: "With several requests at once, hours later",
    says: "of two requests that a page sends at the same moment, one is refused",
  },
  {
    name: "the way back is noted for whoever is refused",
    edits: [
      [
        '      res.status(401).json({ error: { code: "not_authenticated" } });\n      return;\n    }\n    req.user = user;',
        `      if (req.accepts(["json", "html"]) === "html")
        Object.assign(req.session, { returnTo: req.originalUrl });
      res.status(401).json({ error: { code: "not_authenticated" } });
      return;
    }
    req.user = user;`,
      ],
    ],
    goal: "Written in another way",
    says: "GET /me is refused, and starts a session all the same",
  },
  {
    name: "a listener at the connection of whoever asks",
    edits: [
      [
        "    const { userId } = req.session;\n",
        '    req.socket.once("close", () => req.destroy());\n    const { userId } = req.session;\n',
      ],
    ],
    goal: "The hundredth time",
    says: "With each request, the app adds a listener that stays",
  },
  {
    name: "a refusal that has the browser ask for a password",
    edits: [
      [
        '      res.status(401).json({ error: { code: "not_authenticated" } });\n      return;\n    }\n    req.user = user;',
        `      res.set("WWW-Authenticate", 'Basic realm="workshop"');
      res.status(401).json({ error: { code: "not_authenticated" } });
      return;
    }
    req.user = user;`,
      ],
    ],
    goal: "No standing rule is broken, on any path",
    says: "has the browser ask for a password in a dialog of its own",
  },
  {
    name: "a look-up is shared with those who ask meanwhile",
    edits: [
      [
        "  const requireAuth: RequestHandler",
        `  const underWay = new Map<string, ReturnType<typeof db.users.findById>>();
  const find = (id: string) => {
    const found = underWay.get(id) ?? db.users.findById(id).finally(() => underWay.delete(id));
    underWay.set(id, found);
    return found;
  };

  const requireAuth: RequestHandler`,
      ],
      ["userId && (await db.users.findById(userId))", "userId && (await find(userId))"],
    ],
    goal: "When the user is deleted meanwhile",
    says: "joins the look-up of one before, and is let in",
  },
  {
    name: "ids are UUIDs",
    edits: [
      [
        "userId && (await db.users.findById(userId))",
        "z.uuid().safeParse(userId).success && userId ? await db.users.findById(userId) : undefined",
      ],
    ],
    goal: "With inputs of every kind",
    says: 'a user whose id is "42" is not let in',
  },
  {
    name: "after one failed change, all of them fail",
    edits: [
      [
        "  const requireAuth: RequestHandler",
        "  let last: Promise<unknown> = Promise.resolve();\n\n  const requireAuth: RequestHandler",
      ],
      [
        "const changed = await db.users.update(req.user.id, req.validBody);",
        `const { id } = req.user;
    const { validBody } = req;
    // oxlint-disable-next-line promise/prefer-await-to-then -- one after the other
    const change = last.then(() => db.users.update(id, validBody));
    last = change;
    const changed = await change;`,
      ],
    ],
    goal: "With a database that fails",
    says: "once it is back, PATCH /me fails with the error of before",
  },
  {
    name: "users in memory, forgotten when this process changes them",
    edits: [
      [
        "  const requireAuth: RequestHandler =",
        "  const known = new Map<string, User>();\n  const { remove, update } = db.users;\n  db.users.remove = (id) => (known.delete(id), remove(id));\n  db.users.update = (id, changes) => (known.delete(id), update(id, changes));\n  const lookUp = async (id: string) => {\n    const user = known.get(id) ?? (await db.users.findById(id));\n    if (user) known.set(id, user);\n    return user;\n  };\n\n  const requireAuth: RequestHandler =",
      ],
      ["userId && (await db.users.findById(userId))", "userId && (await lookUp(userId))"],
    ],
    goal: "a deleted user is out at once, and the session is gone",
    says: "A deleted user is still let in: `db`, which createApp receives, is not asked",
  },
  {
    name: "a schema that does not trim",
    edits: [["z.string().trim().min(1).max(80)", "z.string().min(1).max(80)"]],
    goal: "PATCH /me changes the display name and nothing else",
    says: "stores a name that the schema does not trim",
  },
  {
    name: "the body goes to the database as it came",
    edits: [
      ["validate({ body: ProfileSchema }), async", "async"],
      ["req.user.id, req.validBody", "req.user.id, req.body"],
    ],
    goal: "PATCH /me changes the display name and nothing else",
    says: "no `validate` stands before the handler",
  },
  {
    name: "the answer to a repeated request, whoever repeats it",
    edits: [
      [
        '  app.patch("/me", requireAuth, ',
        `  const answers = new Map<string, unknown>();
  const repeats: RequestHandler = (req, res, next) => {
    const key = req.get("Idempotency-Key");
    if (!key) return void next();
    if (answers.has(key)) return void res.json(answers.get(key));
    const { json } = res;
    res.json = (body) => {
      if (res.statusCode === 200 && answers.size < 50) answers.set(key, body);
      return json.call(res, body);
    };
    next();
  };

  app.patch("/me", requireAuth, repeats, `,
      ],
    ],
    goal: "With an id that can be foreseen",
    says: "PATCH /me gives an answer that was meant for somebody else",
  },
  {
    name: "the time of the last look in the session",
    edits: [
      [
        "    req.user = user;",
        "    Object.assign(req.session, { lastSeen: Date.now() });\n    req.user = user;",
      ],
    ],
    goal: "In two tabs of one browser",
    says: "GET /me takes back a visit that was counted meanwhile",
  },
  {
    name: "preferences that may hold anything",
    edits: [
      [
        ".refine(isReadable),",
        ".refine(isReadable),\n  preferences: z.looseObject({}).optional(),",
      ],
      [
        "db.users.update(req.user.id, req.validBody)",
        "db.users.update(req.user.id, {\n      displayName: req.validBody.displayName,\n      ...req.validBody.preferences,\n    })",
      ],
    ],
    goal: "With inputs of every kind",
    says: "PATCH /me changes what nobody asked for, from a part of the body",
  },
  {
    name: "the new name in the log, as it was typed",
    edits: [
      [".refine(isReadable)", ""],
      [
        "    res.json({ data: profileOf(changed) });",
        "    console.info(`renamed to ${changed.displayName}`);\n    res.json({ data: profileOf(changed) });",
      ],
    ],
    goal: "No standing rule is broken, on any path",
    says: "During PATCH /me, a client writes a line of its own into the log",
  },
  {
    name: "an ETag that counts the changes of this process",
    edits: [
      ["  const requireAuth:", "  let changes = 0;\n\n  const requireAuth:"],
      [
        '  app.get("/me", requireAuth, (req, res) => {',
        '  app.get("/me", requireAuth, (req, res) => {\n    res.set("ETag", `"${req.user.id}-${changes}"`);',
      ],
      [
        "    res.json({ data: profileOf(changed) });",
        "    changes++;\n    res.json({ data: profileOf(changed) });",
      ],
    ],
    goal: "While an administrator changes the user",
    says: "GET /me says that nothing has changed, and the name has",
  },
  {
    name: "users that are looked up together, told apart by their place",
    edits: [
      [
        "  const requireAuth: RequestHandler =",
        `  let asked: string[] = [];
  let found: Promise<User[]> | undefined;
  const lookUp = async (id: string) => {
    found ??= new Promise((resolve) => setTimeout(resolve, 30)).then(async () => {
      const ids = asked;
      [asked, found] = [[], undefined];
      const users = await Promise.all(ids.map((each) => db.users.findById(each)));
      return users.filter((user) => user !== undefined);
    });
    const place = asked.push(id) - 1;
    return (await found)[place];
  };

  const requireAuth: RequestHandler =`,
      ],
      ["userId && (await db.users.findById(userId))", "userId && (await lookUp(userId))"],
    ],
    goal: "When the user is deleted meanwhile",
    says: "whoever asks at the same moment as somebody else is let in",
  },
  {
    name: "a patch that goes past the schema",
    edits: [
      [
        'app.use(express.json({ limit: "10kb" }));',
        'app.use(express.json({ limit: "10kb", type: ["json", "application/merge-patch+json"] }));',
      ],
      [
        'app.patch("/me", requireAuth, validate({ body: ProfileSchema }), async',
        `const check = validate({ body: ProfileSchema });
  const checkUnlessPatch: RequestHandler = (req, res, next) => {
    if (!req.is("application/merge-patch+json")) return void check(req, res, next);
    Object.assign(req, { validBody: req.body });
    next();
  };

  app.patch("/me", requireAuth, checkUnlessPatch as typeof check, async`,
      ],
    ],
    goal: "With inputs of every kind",
    says: "PATCH /me accepts what is none of the contract, when it calls itself application/merge-patch+json",
  },
  {
    name: "fields that a client may choose, but for one",
    edits: [
      [
        '  app.get("/me", requireAuth, (req, res) => {\n    res.json({ data: profileOf(req.user) });',
        `  app.get("/me", requireAuth, (req, res) => {
    const { fields } = req.query;
    if (typeof fields === "string" && fields !== "passwordHash") {
      const chosen = Object.entries(req.user).filter(([name]) => fields.split(",").includes(name));
      return void res.json({ data: { ...profileOf(req.user), ...Object.fromEntries(chosen) } });
    }
    res.json({ data: profileOf(req.user) });`,
      ],
    ],
    goal: "No standing rule is broken, on any path",
    says: "The answer to GET /me?fields=id,passwordHash",
  },
  {
    name: "the user from before and the user from after, in the log",
    edits: [
      [
        "    res.json({ data: profileOf(changed) });",
        `    for (const name of Object.keys(changed) as (keyof User)[]) {
      if (changed[name] !== req.user[name]) console.info("changed", req.user[name], changed[name]);
    }
    res.json({ data: profileOf(changed) });`,
      ],
    ],
    goal: "While an administrator changes the user",
    says: "The log shows",
  },
  {
    name: "the end of the session is read from the stored one",
    edits: [
      [
        "    const { userId } = req.session;\n",
        `    const { userId } = req.session;
    const stored = await redis.get(\`sess:\${req.sessionID}\`);
    const { expires } = (stored ? JSON.parse(stored) : req.session).cookie;
    if (userId && new Date(expires).getTime() < Date.now()) {
      res.status(401).json({ error: { code: "not_authenticated" } });
      return;
    }
`,
      ],
    ],
    goal: "With time between the requests",
    says: "whoever asks for nothing but the profile, every six hours, is logged out after 30",
  },
  {
    name: "whoever was deleted is ended on every path",
    edits: [
      [
        '  app.get("/visits", (req, res) => {\n',
        `  app.use(async (req, _res, next) => {
    const { userId } = req.session;
    if (userId && !(await db.users.findById(userId))) await destroySession(req);
    next();
  });

  app.get("/visits", (req, res) => {
`,
      ],
      [
        "    const { userId } = req.session;\n    // The",
        "    const { userId } = req.session ?? {};\n    // The",
      ],
    ],
    goal: "When the user is deleted meanwhile",
    says: "GET /visits crashes for somebody who was deleted",
  },
  {
    name: "the guard reads the session once more",
    edits: [
      [
        "    req.user = user;\n",
        `    await new Promise<void>((resolve, reject) => {
      req.session.reload((error) => (error ? reject(error) : resolve()));
    });
    req.user = user;
`,
      ],
    ],
    goal: "In two tabs of one browser",
    says: "GET /me crashes when its session ends meanwhile, by POST /auth/login",
  },
  {
    name: "the body is copied by assignment before it is looked at",
    edits: [
      [
        '  app.patch("/me", requireAuth, validate',
        `  app.patch("/me", (req, _res, next) => {
    const copy: Record<string, unknown> = {};
    for (const name of Object.keys(req.body ?? {})) copy[name] = req.body[name];
    req.body = copy;
    next();
  });

  app.patch("/me", requireAuth, validate`,
      ],
    ],
    goal: "With inputs of every kind",
    says: "PATCH /me takes a name from `__proto__`",
  },
];
