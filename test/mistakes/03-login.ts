import type { Mistake } from "../grading/catalogue.ts";

const validated = "validate({ body: LoginSchema }), async";

const parsed = "const { email, password } = req.validBody;";

const compare = "const matches = await bcrypt.compare(password, user?.passwordHash ?? decoyHash);";

const refusal = `    if (!user || !matches) {
      res.status(401).json({ error: { code: "invalid_credentials" } });
      return;
    }
`;

const refuse = 'res.status(401).json({ error: { code: "invalid_credentials" } });';

const regenerate = `    // A new id on login, so a session id that an attacker planted is worthless.
    await regenerateSession(req);
`;

const storeUser = "    req.session.userId = user.id;\n";

const save = `    // Answering first would let the browser come back before its session is stored.
    await saveSession(req);
`;

const answer = "    res.json({ data: { id: user.id, email: user.email } });\n";

const emailSchema = "z.string().trim().toLowerCase().pipe(z.email())";

const passwordSchema = `z
    .string()
    .max(256, { abort: true })
    .normalize("NFC")
    .refine((password) => Buffer.byteLength(password) <= 72)`;

const decoy = "bcrypt.hashSync(randomUUID(), db.bcryptCost)";

export const mistakes: readonly Mistake[] = [
  {
    name: "a schema that knows better than the password",
    edits: [
      ["    .max(256, { abort: true })", "    .max(256, { abort: true })\n    .regex(/^\\w+$/)"],
    ],
    goal: "the right password logs in",
    says: "before the handler sees it: the schema objects to password (Invalid string: must match pattern",
  },
  {
    name: "a comparison that nobody waits for",
    edits: [[compare, compare.replace("decoyHash)", "decoyHash, (_, matches) => matches)")]],
    goal: "the right password logs in",
    says: "the answer is there before bcrypt has compared",
  },
  {
    name: "logins wait in a chain that breaks",
    edits: [
      [
        "export function createApp(",
        "let tail: Promise<unknown> = Promise.resolve();\n\nexport function createApp(",
      ],
      [
        `${regenerate}${storeUser}${save}`,
        `    await (tail = tail.then(async () => {
      await regenerateSession(req);
      req.session.userId = user.id;
      await saveSession(req);
    }));
`,
      ],
    ],
    goal: "With a Redis that refuses",
    says: "Redis is well again, and the right password is answered 500",
  },
  {
    name: "a new session beside the old one",
    edits: [[regenerate, "    req.sessionStore.generate(req);\n"]],
    goal: "The hundredth time",
    says: "every login leaves a key behind",
  },
  {
    name: "a verdict shared by the logins under way",
    edits: [
      [
        compare,
        "const matches = await (underWay[email] ??= bcrypt.compare(password, user?.passwordHash ?? decoyHash).finally(() => delete underWay[email]));",
      ],
      [
        'app.post("/auth/login", validate',
        'const underWay: Record<string, Promise<boolean>> = {};\n  app.post("/auth/login", validate',
      ],
    ],
    goal: "In a sequence that nobody listed",
    // Which of the two comes first, the wrong one or the right one, is a matter of chance.
    says: "In a sequence that nobody listed, ",
  },
  {
    name: "compare without await",
    edits: [["await bcrypt.compare", "bcrypt.compare"]],
    goal: "a wrong password answers 401",
    says: "A wrong password logged in",
  },
  {
    name: "the callback refuses too late",
    edits: [
      [
        compare,
        `let matches = true;
    bcrypt.compare(password, user?.passwordHash ?? decoyHash, (_error, same) => {
      matches = same;
    });`,
      ],
    ],
    goal: "a wrong password answers 401",
    says: "A wrong password logged in",
  },
  {
    name: "the refusal is a 200",
    edits: [[refuse, refuse.replace("res.status(401)", "res")]],
    goal: "a wrong password answers 401",
    says: "POST /auth/login refuses with the status 200, not 401",
  },
  {
    name: "return inside the callback of compare",
    edits: [
      [
        compare,
        `const matches = bcrypt.compare(
      password,
      user?.passwordHash ?? decoyHash,
      (_error, same) => same,
    ) as unknown;`,
      ],
    ],
    goal: "the right password logs in",
    says: "right password is refused",
  },
  {
    name: "the user is stored before the new id is there",
    edits: [
      [regenerate, ""],
      [storeUser, `${storeUser}    await regenerateSession(req);\n`],
    ],
    goal: "the right password logs in",
    says: "`req.session.userId` is set before `regenerate`",
  },
  {
    name: "the body is not validated",
    edits: [
      [validated, "async"],
      [parsed, "const { email, password } = req.body;"],
    ],
    goal: "a body that is no login answers 400",
    says: "POST /auth/login crashes at a login with no body",
  },
  {
    name: "arrays and objects made into text",
    edits: [
      [emailSchema, emailSchema.replace("z.string", "z.coerce.string")],
      [passwordSchema, passwordSchema.replace("z\n", "z.coerce\n")],
    ],
    goal: "a body that is no login answers 400",
    says: "list as password logged in",
  },
  {
    name: "trim after the check",
    edits: [[emailSchema, "z.email().trim().toLowerCase()"]],
    goal: "an email may be typed with capitals and blanks",
    says: "is not recognised: it is",
  },
  {
    name: "404 for an unknown email",
    edits: [
      [
        refusal,
        `    if (!user) {
      res.status(404).json({ error: { code: "unknown_email" } });
      return;
    }
${refusal.replace("!user || ", "")}`,
      ],
    ],
    goal: "an unknown email and a wrong password answer alike",
    says: "unknown email",
  },
  {
    name: "compare throws for an unknown email",
    edits: [["user?.passwordHash ?? decoyHash", "user?.passwordHash as string"]],
    goal: "an unknown email and a wrong password answer alike",
    says: "bcrypt is given something that is no text",
  },
  {
    name: "login answers with the whole user",
    edits: [["{ id: user.id, email: user.email }", "user"]],
    goal: "no password hash leaves the server",
    says: "A password hash stands in the answer to a login",
  },
  {
    name: "the whole user beside the id",
    edits: [["email: user.email }", "email: user.email, profile: { owner: user } }"]],
    goal: "no password hash leaves the server",
    says: "A password hash stands in the answer to a login",
  },
  {
    name: "the whole user in the session",
    edits: [[storeUser, `${storeUser}    Object.assign(req.session, { user });\n`]],
    goal: "no password hash leaves the server",
    says: "A password hash stands in sess",
  },
  {
    name: "the role in the session",
    edits: [[storeUser, `${storeUser}    Object.assign(req.session, { role: user.role });\n`]],
    goal: "of the user, the session holds the id alone",
    says: "copy of the user's role",
  },
  {
    name: "the password in the session",
    edits: [[storeUser, `${storeUser}    Object.assign(req.session, { password });\n`]],
    goal: "No standing rule is broken, on any path",
    says: "The typed password is stored in Redis",
  },
  {
    name: "the session id from before login is kept",
    edits: [[regenerate, ""]],
    goal: "the session id from before login is nobody afterwards",
    says: "keeps the session id from before",
  },
  {
    name: "a new id only for those who are not logged in",
    edits: [[regenerate, "    if (!req.session.userId) await regenerateSession(req);\n"]],
    goal: "Logging in once more in the same browser",
    says: "keeps the session id from before",
  },
  {
    name: "regenerate is not waited for",
    edits: [["await regenerateSession(req)", "void regenerateSession(req)"]],
    goal: "the session id from before login is nobody afterwards",
    says: "in the session from before, and not in the new one: nothing waits for `regenerate`",
  },
  {
    name: "failed attempts are counted in the session",
    edits: [[refuse, `Object.assign(req.session, { failures: 1 });\n      ${refuse}`]],
    goal: "a failed login stores nothing",
    says: "failed login leaves a session behind",
  },
  {
    name: "401 without return",
    edits: [[`${refuse}\n      return;`, refuse]],
    goal: "a wrong password answers 401",
    says: "goes on after it answered 401",
  },
  {
    name: "no compare for an unknown email",
    edits: [
      [compare, "const matches = user && (await bcrypt.compare(password, user.passwordHash));"],
    ],
    goal: "an unknown email takes as long as a known one",
    says: "unknown email takes less work",
  },
  {
    name: "a decoy that is no hash",
    edits: [[decoy, '"nobody has this password"']],
    goal: "an unknown email takes as long as a known one",
    says: "unknown email takes less work",
  },
  {
    name: "72 characters instead of bytes",
    edits: [[passwordSchema, "z.string().max(72)"]],
    goal: "nobody logs in on the first 72 bytes of a password",
    says: "Somebody logged in with the first 72 bytes of a password and a letter more",
  },
  {
    name: "a long password is cut",
    edits: [[passwordSchema, "z.string().transform((password) => password.slice(0, 72))"]],
    goal: "nobody logs in on the first 72 bytes of a password",
    says: "Somebody logged in with the first 72 bytes of a password and a letter more",
  },
  {
    name: "no save",
    edits: [[save, ""]],
    goal: "the answer waits until the session is stored",
    says: "leaves before the session is stored",
  },
  {
    name: "saved before the user stands in it",
    edits: [
      [save, ""],
      [storeUser, `    await saveSession(req);\n${storeUser}`],
    ],
    goal: "the answer waits until the session is stored",
    says: "leaves before the user's id is stored",
  },
  {
    name: "an error of save is only logged",
    edits: [
      [
        "await saveSession(req);",
        `try {
      await saveSession(req);
    } catch (error) {
      console.warn(\`\${error}\`);
    }`,
      ],
    ],
    goal: "a login that cannot be stored is an error",
    says: "Redis refused to store the session, and the login answers 200",
  },
  {
    name: "throw inside the callback of regenerate",
    edits: [
      [
        `${regenerate}${storeUser}${save}${answer}`,
        `    req.session.regenerate((error) => {
      if (error) throw error;
${storeUser}      req.session.save((error) => {
        if (error) throw error;
  ${answer}      });
    });
`,
      ],
    ],
    goal: "a login that cannot be stored is an error",
    says: "thrown where nobody catches it",
  },
  {
    name: "a hash on top of the comparison, for unknown emails alone",
    edits: [[compare, `if (!user) await bcrypt.hash("nobody", db.bcryptCost);\n    ${compare}`]],
    goal: "an unknown email takes as long as a known one",
    says: "takes more work than a known one",
  },
  {
    name: "a decoy at half the cost",
    edits: [[decoy, decoy.replace("bcryptCost", "bcryptCost - 1")]],
    goal: "an unknown email takes as long as a known one",
    says: "takes less work than a known one",
  },
  {
    name: "a pepper made on the way",
    edits: [
      [compare, `scryptSync(password, "pepper", 32);\n    ${compare}`],
      [
        'import { randomUUID } from "node:crypto";',
        'import { randomUUID, scryptSync } from "node:crypto";',
      ],
    ],
    goal: "a login keeps nobody else waiting",
    says: "whole server stands still",
  },
  {
    name: "compareSync",
    edits: [["await bcrypt.compare(", "bcrypt.compareSync("]],
    goal: "a login keeps nobody else waiting",
    says: "whole server stands still",
  },
  {
    name: "a decoy hashed in each login, synchronously",
    edits: [["user?.passwordHash ?? decoyHash", `user?.passwordHash ?? ${decoy}`]],
    goal: "a login keeps nobody else waiting",
    says: "whole server stands still",
  },
  {
    name: "the email answered as it was typed",
    edits: [["email: user.email } });", "email: String(req.body.email) } });"]],
    goal: "With inputs of every kind",
    says: "repeats the email as it was typed",
  },
  {
    name: "what follows a plus is dropped",
    edits: [["db.users.findByEmail(email)", 'db.users.findByEmail(email.replace(/\\+[^@]*/, ""))']],
    goal: "With inputs of every kind",
    says: "taken for somebody else",
  },
  {
    name: "passwords that matched once are remembered",
    edits: [
      ["  // Nobody's password.", "  const known = new Set<string>();\n  // Nobody's password."],
      [
        "    if (!user || !matches) {",
        "    if (matches) known.add(email + password);\n    if (!user || (!matches && !known.has(email + password))) {",
      ],
    ],
    goal: "After a change of the password",
    says: "After a change of the password",
  },
  {
    name: "the password in the session, inside something encoded",
    edits: [
      [
        "req.session.userId = user.id;",
        'req.session.userId = user.id;\n    Object.assign(req.session, { basic: Buffer.from(`${email}:${password}`).toString("base64") });',
      ],
    ],
    goal: "No standing rule is broken, on any path",
    says: "The typed password is stored in Redis",
  },
  {
    name: "a refine that returns nothing",
    edits: [
      [
        "(password) => Buffer.byteLength(password) <= 72",
        "(password) => void (Buffer.byteLength(password) <= 72)",
      ],
    ],
    goal: "the right password logs in",
    says: "refused, before the handler sees it",
  },
  {
    name: "the email as it was typed, although the schema is right",
    edits: [
      ["const { email, password } = req.validBody;", "const { email, password } = req.body;"],
    ],
    goal: "an email may be typed with capitals and blanks",
    says: "the handler looks for another",
  },
  {
    name: "validate with the schema itself",
    edits: [["validate({ body: LoginSchema })", "validate(LoginSchema as never)"]],
    goal: "the right password logs in",
    says: "POST /auth/login crashed: `validate` found no schema",
  },
  {
    name: "the user who was found in the log",
    edits: [
      ["if (!user || !matches) {", 'console.log("login", user);\n    if (!user || !matches) {'],
    ],
    goal: "No standing rule is broken, on any path",
    says: "The log shows a password hash",
  },
  {
    name: "the body goes into the session",
    edits: [
      [
        "req.session.userId = user.id;",
        "Object.assign(req.session, req.body, { userId: user.id });",
      ],
    ],
    goal: "of the user, the session holds the id alone",
    says: "The session keeps a copy of the user's email",
  },
  {
    name: "a pattern for emails that backtracks",
    edits: [[".pipe(z.email())", ".regex(/^([a-z0-9+]+\\.?)*@([a-z0-9]+\\.)+[a-z]+$/)"]],
    goal: "With inputs of every kind",
    says: "and nobody else is served meanwhile",
  },
  {
    name: "only accounts that exist are locked",
    edits: [
      [
        "    if (!user || !matches) {\n",
        "    if (user && (failures.get(email) ?? 0) >= 20) return void res.status(429).end();\n    if (user && !matches) failures.set(email, (failures.get(email) ?? 0) + 1);\n    if (!user || !matches) {\n",
      ],
      [
        "  const app = express();\n",
        "  const app = express();\n  const failures = new Map<string, number>();\n",
      ],
    ],
    goal: "The hundredth time",
    says: "tells a known email from an unknown one",
  },
  {
    name: "bcrypt in braces",
    edits: [["import bcrypt from", "import { bcrypt } from"]],
    goal: "the right password logs in",
    says: "`bcrypt` is undefined",
  },
  {
    name: "a decoy of a word in the source, and nobody asks for the user",
    edits: [
      ["bcrypt.hashSync(randomUUID(), db.bcryptCost)", 'bcrypt.hashSync("nobody", db.bcryptCost)'],
      ["if (!user || !matches) {", "if (!matches) {"],
    ],
    goal: "With the word that stands in for a password",
    says: "for an unknown email with that word",
  },
  {
    name: "whoever is logged in already keeps the session",
    edits: [
      [
        "    await regenerateSession(req);\n",
        "    if (req.session.userId !== user.id) await regenerateSession(req);\n",
      ],
    ],
    goal: "Logging in once more in the same browser",
    says: "a login keeps the session id from before",
  },
  {
    name: "NFKC: a ² is taken for a 2",
    edits: [['.normalize("NFC")', '.normalize("NFKC")']],
    goal: "With inputs of every kind",
    says: "the right password, with a ²",
  },
  {
    name: "bytes are counted before the password is normalized",
    edits: [
      [
        '    .normalize("NFC")\n    .refine((password) => Buffer.byteLength(password) <= 72),',
        '    .refine((password) => Buffer.byteLength(password) <= 72)\n    .transform((password) => password.normalize("NFC")),',
      ],
    ],
    goal: "With inputs of every kind",
    says: "typed in more bytes by another keyboard",
  },
  {
    name: "an error of the store is answered with the cookie of the login",
    edits: [
      [
        "    await saveSession(req);\n",
        `    const failed = await new Promise((done) => req.session.save(done));
    if (failed) {
      res.status(500).json({ error: { code: "internal_error" } });
      return;
    }
`,
      ],
    ],
    goal: "After an answer that says it failed",
    says: "a login is answered 500, and its cookie is logged in all the same",
  },
  {
    name: "lower case in the language of the server",
    edits: [[".trim().toLowerCase()", ".trim().transform((email) => email.toLocaleLowerCase())"]],
    goal: "With inputs of every kind",
    says: "is refused where the server's language is Turkish",
  },
  {
    name: "whoever has left is not answered",
    edits: [
      [
        "    if (!user || !matches) {",
        "    if (req.socket.destroyed) return;\n    if (!user || !matches) {",
      ],
    ],
    goal: "Among many visitors",
    says: "clients that hung up during their login, nobody can log in",
  },
  {
    name: "a decoy with the prefix of PHP",
    edits: [
      [
        "bcrypt.hashSync(randomUUID(), db.bcryptCost);",
        'bcrypt.hashSync(randomUUID(), db.bcryptCost).replace("$2b$", "$2y$");',
      ],
    ],
    goal: "an unknown email takes as long as a known one",
    says: "An unknown email takes less work than a known one",
  },
  {
    name: "what Redis refused is logged whole",
    edits: [
      [
        "    await saveSession(req);",
        `    await saveSession(req).catch((error: unknown) => {
      console.error("The login could not be stored.", error);
      throw error;
    });`,
      ],
    ],
    goal: "No standing rule is broken, on any path",
    says: "The log shows a session id",
  },
  {
    name: "the error itself is logged",
    edits: [
      [
        "    await saveSession(req);",
        `    await saveSession(req).catch((error: unknown) => {
      console.error(error);
      throw error;
    });`,
      ],
    ],
    goal: "No standing rule is broken, on any path",
    says: "The log shows a session id",
  },
  {
    name: "a new hash, and with it the user as it was read",
    edits: [
      [
        "    // A new id on login,",
        `    if (bcrypt.getRounds(user.passwordHash) !== db.bcryptCost) {
      const passwordHash = await bcrypt.hash(password, db.bcryptCost);
      await db.users.update(user.id, { ...user, passwordHash });
    }
    // A new id on login,`,
      ],
    ],
    goal: "While an administrator changes the user",
    says: "POST /auth/login takes back what somebody else changed meanwhile",
  },
  {
    name: "a ban is told before the password is compared",
    edits: [
      [
        "    const matches = await",
        `    if (user?.banned) {
      res.status(403).json({ error: { code: "banned" } });
      return;
    }
    const matches = await`,
      ],
    ],
    goal: "With inputs of every kind",
    says: "a wrong password for somebody who is banned is answered 403",
  },
  {
    name: "whoever is logged in needs no password",
    edits: [["const matches = await", "const matches = req.session.userId !== undefined || await"]],
    goal: "Logging in once more in the same browser",
    says: "to somebody who is logged in, a login with a wrong password answers 200",
  },
  {
    name: "a limit for each request",
    edits: [
      [
        'app.post("/auth/login", limitConcurrency(16));',
        'app.post("/auth/login", (req, res, next) => limitConcurrency(16)(req, res, next));',
      ],
    ],
    goal: "Among many visitors",
    says: "`limitConcurrency` limits nobody",
  },
  {
    name: "an email that was not found is not compared again",
    edits: [
      ["  const decoyHash =", "  const unknown = new Set<string>();\n  const decoyHash ="],
      [
        "    const matches = await bcrypt",
        "    const matches = !unknown.has(email) && await bcrypt",
      ],
      [
        "    if (!user || !matches) {\n",
        "    if (!user || !matches) {\n      if (!user) unknown.add(email);\n",
      ],
    ],
    goal: "an unknown email takes as long as a known one",
    says: "An unknown email takes less work than a known one",
  },
  {
    name: "an email that was not found is not looked up again",
    edits: [
      ["  const decoyHash =", "  const unknown = new Set<string>();\n  const decoyHash ="],
      [
        "const user = await db.users.findByEmail(email);",
        "const user = unknown.has(email) ? undefined : await db.users.findByEmail(email);",
      ],
      [
        "    if (!user || !matches) {\n",
        "    if (!user || !matches) {\n      if (!user) unknown.add(email);\n",
      ],
    ],
    goal: "After a change of the password",
    says: "whoever tried before there was an account cannot log in afterwards",
  },
  {
    name: "nobody waits for the store longer than half a second",
    edits: [
      [
        "    await saveSession(req);",
        "    const soon = new Promise((resolve) => setTimeout(resolve, 500));\n    await Promise.race([saveSession(req), soon]);",
      ],
    ],
    goal: "With a slow Redis",
    says: "a login is answered with success before the session is stored",
  },
  {
    name: "every request is checked for a login",
    edits: [
      [
        'app.post("/auth/login", validate({ body: LoginSchema }), async',
        'app.use(validate({ body: LoginSchema }));\n  app.post("/auth/login", async',
      ],
    ],
    goal: "No standing rule is broken, on any path",
    says: "is refused for its body, and has none",
  },
  {
    name: "a login answers 201",
    edits: [
      ["    res.json({ data: { id: user.id,", "    res.status(201).json({ data: { id: user.id,"],
    ],
    goal: "the right password logs in",
    says: "A login answers 201, not 200",
  },
  {
    name: "a new id for those who were counted alone",
    edits: [
      [
        "await regenerateSession(req);",
        "if (req.session.visits !== undefined) await regenerateSession(req);",
      ],
    ],
    goal: "Logging in once more in the same browser",
    says: "a login keeps the session id from before",
  },
  {
    name: "the whole user but the hash",
    edits: [
      [
        "res.json({ data: { id: user.id, email: user.email } });",
        "const { passwordHash: _, ...data } = user;\n    res.json({ data });",
      ],
    ],
    goal: "No standing rule is broken, on any path",
    says: "The answer to POST /auth/login tells the role",
  },
  {
    name: "twenty wrong passwords lock an account for good",
    edits: [
      [
        "  // Nobody's password.",
        "  const failures = new Map<string, number>();\n  // Nobody's password.",
      ],
      [
        "    if (!user || !matches) {\n",
        `    const failed = failures.get(email) ?? 0;
    if (!matches) failures.set(email, failed + 1);
    if (!user || !matches || failed >= 20) {
`,
      ],
    ],
    goal: "A day after many wrong passwords",
    says: "the right password is answered 401: whoever guesses locks somebody else out for good",
  },
  {
    name: "a slow database knows nobody",
    edits: [
      [
        "await db.users.findByEmail(email)",
        `await Promise.race([
      db.users.findByEmail(email),
      new Promise<undefined>((resolve) => setTimeout(resolve, 1_000)),
    ])`,
      ],
    ],
    goal: "With a database that fails",
    says: "POST /auth/login answers 401 when the database takes its time",
  },
  {
    name: "in production, a decoy of another cost",
    edits: [
      [
        "bcrypt.hashSync(randomUUID(), db.bcryptCost)",
        'bcrypt.hashSync(randomUUID(), config.env === "production" ? 12 : db.bcryptCost)',
      ],
    ],
    goal: "In production, behind a TLS proxy",
    says: "an unknown email takes more work than a known one",
  },
  {
    name: "top-level domains have four letters at most",
    edits: [[".pipe(z.email())", ".pipe(z.email().regex(/\\.[a-z]{2,4}$/))"]],
    goal: "With inputs of every kind",
    says: "ada@history.technology is refused as if it were no address",
  },
  {
    name: "all spaces of a password are one",
    edits: [
      [
        '.normalize("NFC")',
        '.normalize("NFC")\n    .transform((text) => text.replaceAll(/\\s/gu, " "))',
      ],
    ],
    goal: "With inputs of every kind",
    says: "the right password, with a no-break space (U+00A0), is answered 401",
  },
  {
    name: "one comparison for all who log in to an account",
    edits: [
      [
        "  // Nobody's password.",
        "  const underWay = new Map<string, Promise<boolean>>();\n  // Nobody's password.",
      ],
      [
        "const matches = await bcrypt.compare(password, user?.passwordHash ?? decoyHash);",
        `const comparison =
      underWay.get(email) ??
      bcrypt
        .compare(password, user?.passwordHash ?? decoyHash)
        .finally(() => underWay.delete(email));
    underWay.set(email, comparison);
    const matches = await comparison;`,
      ],
    ],
    goal: "At the same moment",
    says: "a wrong password logs in, while somebody else types the right one",
  },
  {
    name: "a new hash of the old password, over whatever stands there by then",
    edits: [
      [
        "    // A new id on login",
        "    if (bcrypt.getRounds(user.passwordHash) < db.bcryptCost) {\n      const passwordHash = await bcrypt.hash(password, db.bcryptCost);\n      await db.users.update(user.id, { passwordHash });\n    }\n    // A new id on login",
      ],
    ],
    goal: "After a change of the password",
    says: "a login takes back a change of the password that came in between",
  },
  {
    name: "tags are taken out of a password",
    edits: [
      [
        '.normalize("NFC")',
        '.transform((typed) => typed.replaceAll(/<[^>]*>/g, "").normalize("NFC"))',
      ],
    ],
    goal: "With inputs of every kind",
    says: "the right password, with what looks like HTML, is answered 401",
  },
  {
    name: "wrong passwords are counted for everybody together",
    edits: [
      ["  // Nobody's password.", "  let wrong = 0;\n\n  // Nobody's password."],
      [
        "    const user = await db.users.findByEmail(email);",
        "    const user = wrong < 250 ? await db.users.findByEmail(email) : undefined;",
      ],
      ["    if (!user || !matches) {", "    if (!user || !matches) {\n      wrong++;"],
    ],
    goal: "A day after many wrong passwords",
    says: "after 300 wrong passwords for others, the right one is answered 401",
  },
  {
    name: "a comparison that takes long is none",
    edits: [
      [
        "await bcrypt.compare(password, user?.passwordHash ?? decoyHash)",
        "await Promise.race([\n      bcrypt.compare(password, user?.passwordHash ?? decoyHash),\n      new Promise<boolean>((resolve) => setTimeout(() => resolve(false), 1_000).unref()),\n    ])",
      ],
    ],
    goal: "With a database that fails",
    says: "the right password is answered 401 when hashing takes its time",
  },
  {
    name: "the function of another language",
    edits: [["bcrypt.compare(", "bcrypt.checkpw("]],
    goal: "the right password logs in",
    says: "the package has no `checkpw`",
  },
  {
    name: "neither the new session nor its write is waited for",
    edits: [
      ["await regenerateSession(req)", "void regenerateSession(req)"],
      ["await saveSession(req)", "void saveSession(req)"],
    ],
    goal: "the session id from before login is nobody afterwards",
    says: "nothing waits for `regenerate`",
  },
  {
    name: "the headers of a slow login are logged",
    edits: [
      [
        '  app.post("/auth/login", limitConcurrency(16));',
        `  app.post("/auth/login", limitConcurrency(16), (req, res, next) => {
    const start = performance.now();
    res.once("finish", () => {
      if (performance.now() - start > 5_000) console.warn("slow:", JSON.stringify(req.headers));
    });
    next();
  });`,
      ],
    ],
    goal: "With a database that fails",
    says: "The log shows a session id, written during POST /auth/login",
  },
];
