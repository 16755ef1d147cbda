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

const answer =
  '    res.set("Cache-Control", "no-store").json({ data: { id: user.id, email: user.email } });\n';

const emailSchema = "z.string().trim().toLowerCase().pipe(z.email())";

const passwordSchema = "z.string().refine((password) => Buffer.byteLength(password) <= 72)";

const decoy = "bcrypt.hashSync(randomUUID(), db.bcryptCost)";

export const mistakes: readonly Mistake[] = [
  {
    name: "compare without await",
    edits: [["await bcrypt.compare", "bcrypt.compare"]],
    goal: "a wrong password answers 401",
    says: "",
  },
  {
    name: "the promise of .then taken for its result",
    edits: [
      [
        compare,
        "const matches = bcrypt\n      .compare(password, user?.passwordHash ?? decoyHash)\n      .then((same) => same === true);",
      ],
    ],
    goal: "a wrong password answers 401",
    says: "",
  },
  {
    name: "compare inside the condition, without await",
    edits: [
      [`    ${compare}\n`, ""],
      ["!user || !matches", "!user || !bcrypt.compare(password, user.passwordHash)"],
    ],
    goal: "a wrong password answers 401",
    says: "",
  },
  {
    name: "the callback refuses too late",
    edits: [
      [
        compare,
        "let matches = true;\n    bcrypt.compare(password, user?.passwordHash ?? decoyHash, (_error, same) => {\n      matches = same;\n    });",
      ],
    ],
    goal: "a wrong password answers 401",
    says: "",
  },
  {
    name: "the callback answers 401, and the handler goes on",
    edits: [
      [
        compare,
        `bcrypt.compare(password, user?.passwordHash ?? decoyHash, (_error, same) => {\n      if (!same) ${refuse}\n    });`,
      ],
      ["!user || !matches", "!user"],
    ],
    goal: "a wrong password answers 401",
    says: "",
  },
  {
    name: "&& where || belongs",
    edits: [["!user || !matches", "!user && !matches"]],
    goal: "a wrong password answers 401",
    says: "",
  },
  {
    name: "the refusal is a 200",
    edits: [[refuse, refuse.replace("res.status(401)", "res")]],
    goal: "a wrong password answers 401",
    says: "",
  },
  {
    name: "the password is folded like the email",
    edits: [
      [passwordSchema, passwordSchema.replace("z.string()", "z.string().trim().toLowerCase()")],
    ],
    goal: "a wrong password answers 401",
    says: "",
  },
  {
    name: "return inside the callback of compare",
    edits: [
      [
        compare,
        "const matches = bcrypt.compare(\n      password,\n      user?.passwordHash ?? decoyHash,\n      (_error, same) => same,\n    ) as unknown;",
      ],
    ],
    goal: "the right password logs in",
    says: "",
  },
  {
    name: "the callback allows too late",
    edits: [
      [
        compare,
        "let matches = false;\n    bcrypt.compare(password, user?.passwordHash ?? decoyHash, (_error, same) => {\n      matches = same;\n    });",
      ],
    ],
    goal: "the right password logs in",
    says: "",
  },
  {
    name: "the arguments of compare swapped",
    edits: [
      [
        "(password, user?.passwordHash ?? decoyHash)",
        "(user?.passwordHash ?? decoyHash, password)",
      ],
    ],
    goal: "the right password logs in",
    says: "",
  },
  {
    name: "the password hashed again and compared as text",
    edits: [
      [
        compare,
        "const matches = (await bcrypt.hash(password, db.bcryptCost)) === user?.passwordHash;",
      ],
    ],
    goal: "the right password logs in",
    says: "",
  },
  {
    name: "the new session replaces the one that knows the user",
    edits: [
      [regenerate, ""],
      [save, "    await saveSession(req);\n    await regenerateSession(req);\n"],
    ],
    goal: "the right password logs in",
    says: "",
  },
  {
    name: "the user is stored before the new id is there",
    edits: [
      [regenerate, ""],
      [storeUser, `${storeUser}    await regenerateSession(req);\n`],
    ],
    goal: "the right password logs in",
    says: "",
  },
  {
    name: "regenerate awaited without a callback",
    edits: [["regenerateSession(req)", "(req.session.regenerate as () => void)()"]],
    goal: "the right password logs in",
    says: "",
  },
  {
    name: "the body is not validated",
    edits: [
      [validated, "async"],
      [parsed, "const { email, password } = req.body;"],
    ],
    goal: "a body that is no login answers 400",
    says: "",
  },
  {
    name: "parse throws in the handler",
    edits: [
      [validated, "async"],
      [parsed, "const { email, password } = LoginSchema.parse(req.body);"],
    ],
    goal: "a body that is no login answers 400",
    says: "",
  },
  {
    name: "only the presence of email and password is checked",
    edits: [
      [validated, "async"],
      [
        parsed,
        'const { email, password } = req.body ?? {};\n    if (!email || !password) {\n      res.status(400).json({ error: { code: "invalid_body" } });\n      return;\n    }',
      ],
    ],
    goal: "a body that is no login answers 400",
    says: "",
  },
  {
    name: "any password",
    edits: [[passwordSchema, "z.any()"]],
    goal: "a body that is no login answers 400",
    says: "",
  },
  {
    name: "an optional password",
    edits: [[passwordSchema, `${passwordSchema}.optional() as unknown as z.ZodString`]],
    goal: "a body that is no login answers 400",
    says: "",
  },
  {
    name: "arrays and objects made into text",
    edits: [
      [emailSchema, emailSchema.replace("z.string", "z.coerce.string")],
      [passwordSchema, passwordSchema.replace("z.string", "z.coerce.string")],
    ],
    goal: "a body that is no login answers 400",
    says: "",
  },
  {
    name: "the email as it was typed",
    edits: [[emailSchema, "z.email()"]],
    goal: "an email may be typed with capitals and blanks",
    says: "",
  },
  {
    name: "trim after the check",
    edits: [[emailSchema, "z.email().trim().toLowerCase()"]],
    goal: "an email may be typed with capitals and blanks",
    says: "",
  },
  {
    name: "trimmed, and case kept",
    edits: [[emailSchema, "z.string().trim().pipe(z.email())"]],
    goal: "an email may be typed with capitals and blanks",
    says: "",
  },
  {
    name: "lower case, and blanks kept",
    edits: [[emailSchema, "z.string().toLowerCase().pipe(z.email())"]],
    goal: "an email may be typed with capitals and blanks",
    says: "",
  },
  {
    name: "404 for an unknown email",
    edits: [
      [
        refusal,
        `    if (!user) {\n      res.status(404).json({ error: { code: "unknown_email" } });\n      return;\n    }\n${refusal.replace("!user || ", "")}`,
      ],
    ],
    goal: "an unknown email and a wrong password answer alike",
    says: "",
  },
  {
    name: "401 with two codes",
    edits: [
      ['{ code: "invalid_credentials" }', '{ code: user ? "wrong_password" : "unknown_email" }'],
    ],
    goal: "an unknown email and a wrong password answer alike",
    says: "",
  },
  {
    name: "compare throws for an unknown email",
    edits: [["user?.passwordHash ?? decoyHash", "user?.passwordHash as string"]],
    goal: "an unknown email and a wrong password answer alike",
    says: "",
  },
  {
    name: "an unknown email is read from undefined",
    edits: [["user?.passwordHash ?? decoyHash", "user!.passwordHash"]],
    goal: "an unknown email and a wrong password answer alike",
    says: "",
  },
  {
    name: "a header for the known only",
    edits: [[refuse, `if (user) res.set("Cache-Control", "no-store");\n      ${refuse}`]],
    goal: "an unknown email and a wrong password answer alike",
    says: "",
  },
  {
    name: "login answers with the whole user",
    edits: [["{ id: user.id, email: user.email }", "user"]],
    goal: "no password hash leaves the server",
    says: "",
  },
  {
    name: "the whole user beside the id",
    edits: [["email: user.email }", "email: user.email, profile: { owner: user } }"]],
    goal: "no password hash leaves the server",
    says: "",
  },
  {
    name: "everything but a field that is called otherwise",
    edits: [
      [
        answer,
        '    const { password: _secret, ...visible } = { password, ...user };\n    res.set("Cache-Control", "no-store").json({ data: visible });\n',
      ],
    ],
    goal: "no password hash leaves the server",
    says: "",
  },
  {
    name: "the refusal carries the user",
    edits: [[refuse, refuse.replace("} });", "}, user });")]],
    goal: "no password hash leaves the server",
    says: "",
  },
  {
    name: "the whole user in the session",
    edits: [[storeUser, `${storeUser}    Object.assign(req.session, { user });\n`]],
    goal: "no password hash leaves the server",
    says: "",
  },
  {
    name: "the user without the hash in the session",
    edits: [
      [
        storeUser,
        `${storeUser}    const { passwordHash: _hash, ...visible } = user;\n    Object.assign(req.session, { user: visible });\n`,
      ],
    ],
    goal: "of the user, the session holds the id alone",
    says: "",
  },
  {
    name: "the role in the session",
    edits: [[storeUser, `${storeUser}    Object.assign(req.session, { role: user.role });\n`]],
    goal: "of the user, the session holds the id alone",
    says: "",
  },
  {
    name: "the email in the session",
    edits: [[storeUser, `${storeUser}    Object.assign(req.session, { email });\n`]],
    goal: "of the user, the session holds the id alone",
    says: "",
  },
  {
    name: "the email instead of the id",
    edits: [[storeUser, "    req.session.userId = user.email;\n"]],
    goal: "of the user, the session holds the id alone",
    says: "",
  },
  {
    name: "the password in the session",
    edits: [[storeUser, `${storeUser}    Object.assign(req.session, { password });\n`]],
    goal: "of the user, the session holds the id alone",
    says: "",
  },
  {
    name: "the session id from before login is kept",
    edits: [[regenerate, ""]],
    goal: "the session id from before login is nobody afterwards",
    says: "",
  },
  {
    name: "the old session is emptied, and its id kept",
    edits: [[regenerate, "    req.session.visits = 0;\n"]],
    goal: "the session id from before login is nobody afterwards",
    says: "",
  },
  {
    name: "a new id only for those who are not logged in",
    edits: [[regenerate, "    if (!req.session.userId) await regenerateSession(req);\n"]],
    goal: "the session id from before login is nobody afterwards",
    says: "",
  },
  {
    name: "a new id only for empty sessions",
    edits: [[regenerate, "    if (!req.session.visits) await regenerateSession(req);\n"]],
    goal: "the session id from before login is nobody afterwards",
    says: "",
  },
  {
    name: "a reload instead of a new id",
    edits: [
      [
        regenerate,
        "    await new Promise<void>((resolve) => {\n      req.session.reload(() => resolve());\n    });\n",
      ],
    ],
    goal: "the session id from before login is nobody afterwards",
    says: "",
  },
  {
    name: "regenerate is not waited for",
    edits: [["await regenerateSession(req)", "void regenerateSession(req)"]],
    goal: "the session id from before login is nobody afterwards",
    says: "",
  },
  {
    name: "regenerate with an empty callback",
    edits: [["await regenerateSession(req)", "req.session.regenerate(() => {})"]],
    goal: "the session id from before login is nobody afterwards",
    says: "",
  },
  {
    name: "failed attempts are counted in the session",
    edits: [[refuse, `Object.assign(req.session, { failures: 1 });\n      ${refuse}`]],
    goal: "a failed login stores nothing",
    says: "",
  },
  {
    name: "the user is stored before the password is checked",
    edits: [
      [
        `    ${compare}\n`,
        `    await regenerateSession(req);\n    if (user) req.session.userId = user.id;\n    ${compare}\n`,
      ],
      [regenerate, ""],
    ],
    goal: "a failed login stores nothing",
    says: "",
  },
  {
    name: "401 without return",
    edits: [[`${refuse}\n      return;`, refuse]],
    goal: "a failed login stores nothing",
    says: "",
  },
  {
    name: "a session for everybody",
    edits: [["saveUninitialized: false", "saveUninitialized: true"]],
    goal: "a failed login stores nothing",
    says: "",
  },
  {
    name: "no compare for an unknown email",
    edits: [
      [compare, "const matches = user && (await bcrypt.compare(password, user.passwordHash));"],
    ],
    goal: "an unknown email takes as long as a known one",
    says: "",
  },
  {
    name: "an unknown email is refused early",
    edits: [
      [
        `    ${compare}\n`,
        `    if (!user) {\n      ${refuse}\n      return;\n    }\n    ${compare}\n`,
      ],
    ],
    goal: "an unknown email takes as long as a known one",
    says: "",
  },
  {
    name: "a decoy that is no hash",
    edits: [[decoy, '"nobody has this password"']],
    goal: "an unknown email takes as long as a known one",
    says: "",
  },
  {
    name: "a decoy that only looks like a hash",
    edits: [[decoy, '"$2b$10$aaaaaaaaaaaaaaaaaaaaaa"']],
    goal: "an unknown email takes as long as a known one",
    says: "",
  },
  {
    name: "an empty decoy",
    edits: [["user?.passwordHash ?? decoyHash", 'user?.passwordHash ?? ""']],
    goal: "an unknown email takes as long as a known one",
    says: "",
  },
  {
    name: "a decoy that is too cheap",
    edits: [[decoy, "bcrypt.hashSync(randomUUID(), 4)"]],
    goal: "an unknown email takes as long as a known one",
    says: "",
  },
  {
    name: "a decoy that is too dear",
    edits: [[decoy, "bcrypt.hashSync(randomUUID(), 10)"]],
    goal: "an unknown email takes as long as a known one",
    says: "",
  },
  {
    name: "a pause of random length instead of a compare",
    edits: [
      [
        compare,
        "const matches = user && (await bcrypt.compare(password, user.passwordHash));\n    if (!user) await new Promise((resume) => setTimeout(resume, 20 * Math.random()));",
      ],
    ],
    goal: "an unknown email takes as long as a known one",
    says: "",
  },
  {
    name: "no limit for passwords",
    edits: [[passwordSchema, "z.string()"]],
    goal: "nobody logs in on the first 72 bytes of a password",
    says: "",
  },
  {
    name: "72 characters instead of bytes",
    edits: [[passwordSchema, "z.string().max(72)"]],
    goal: "nobody logs in on the first 72 bytes of a password",
    says: "",
  },
  {
    name: "a long password is cut",
    edits: [[passwordSchema, "z.string().transform((password) => password.slice(0, 72))"]],
    goal: "nobody logs in on the first 72 bytes of a password",
    says: "",
  },
  {
    name: "one byte too many",
    edits: [["<= 72", "<= 73"]],
    goal: "nobody logs in on the first 72 bytes of a password",
    says: "",
  },
  {
    name: "one byte too few",
    edits: [["<= 72", "< 72"]],
    goal: "nobody logs in on the first 72 bytes of a password",
    says: "",
  },
  {
    name: "no save",
    edits: [[save, ""]],
    goal: "the answer waits until the session is stored",
    says: "",
  },
  {
    name: "save is not waited for",
    edits: [["await saveSession(req)", "void saveSession(req)"]],
    goal: "the answer waits until the session is stored",
    says: "",
  },
  {
    name: "save awaited without a callback",
    edits: [["await saveSession(req)", "await req.session.save()"]],
    goal: "the answer waits until the session is stored",
    says: "",
  },
  {
    name: "the answer before the save",
    edits: [
      [save, ""],
      [answer, `${answer}    await saveSession(req);\n`],
    ],
    goal: "the answer waits until the session is stored",
    says: "",
  },
  {
    name: "saved before the user stands in it",
    edits: [
      [save, ""],
      [storeUser, `    await saveSession(req);\n${storeUser}`],
    ],
    goal: "the answer waits until the session is stored",
    says: "",
  },
  {
    name: "the callback of save ignores its error",
    edits: [
      [save, ""],
      [answer, `    req.session.save(() => {\n  ${answer}    });\n`],
    ],
    goal: "a login that cannot be stored is an error",
    says: "",
  },
  {
    name: "an error of save is swallowed",
    edits: [["await saveSession(req)", "await saveSession(req).catch(() => {})"]],
    goal: "a login that cannot be stored is an error",
    says: "",
  },
  {
    name: "an error of save is only logged",
    edits: [
      [
        "await saveSession(req);",
        "try {\n      await saveSession(req);\n    } catch (error) {\n      console.warn(`${error}`);\n    }",
      ],
    ],
    goal: "a login that cannot be stored is an error",
    says: "",
  },
  {
    name: "an error of save answers 401",
    edits: [
      [
        "await saveSession(req);",
        `try {\n      await saveSession(req);\n    } catch {\n      res.status(401).json({ error: { code: "login_failed" } });\n      return;\n    }`,
      ],
    ],
    goal: "a login that cannot be stored is an error",
    says: "",
  },
  {
    name: "throw inside the callback of save",
    edits: [
      [save, ""],
      [
        answer,
        `    req.session.save((error) => {\n      if (error) throw error;\n  ${answer}    });\n`,
      ],
    ],
    goal: "a login that cannot be stored is an error",
    says: "",
  },
  {
    name: "throw inside the callback of regenerate",
    edits: [
      [
        `${regenerate}${storeUser}${save}${answer}`,
        `    req.session.regenerate((error) => {\n      if (error) throw error;\n${storeUser}      req.session.save((error) => {\n        if (error) throw error;\n  ${answer}      });\n    });\n`,
      ],
    ],
    goal: "a login that cannot be stored is an error",
    says: "",
  },
  {
    name: "compareSync",
    edits: [["await bcrypt.compare(", "bcrypt.compareSync("]],
    goal: "a login keeps nobody else waiting",
    says: "",
  },
  {
    name: "a decoy hashed in each login, synchronously",
    edits: [["user?.passwordHash ?? decoyHash", `user?.passwordHash ?? ${decoy}`]],
    goal: "a login keeps nobody else waiting",
    says: "",
  },
];
