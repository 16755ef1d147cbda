import type { Mistake } from "../grading/catalogue.ts";

const insist = `  if (!config.sessionSecret || config.sessionSecret.length < minSecretLength) {
    throw new Error(\`SESSION_SECRET must be set, to at least \${minSecretLength} characters.\`);
  }
`;

const complaint =
  "throw new Error(`SESSION_SECRET must be set, to at least ${minSecretLength} characters.`);";

const trustProxy = 'app.set("trust proxy", 1);';

const cookieName = 'production ? "__Host-sid" : "sid"';

const secrets = "[config.sessionSecret, ...config.previousSessionSecrets]";

const cookie = "      cookie: { ...cookieFlags, maxAge: sessionLifeMs },\n";

const store = `store: new SessionStore({
        client: redis,
        // XX, only where a key is: a request under way must not bring an ended session back.
        rewrite: (key, value, ttlSeconds) => redis.set(key, value, "EX", ttlSeconds, "XX"),
      }),`;

const importStore = `import { SessionStore } from "../../shared/app/session-store.ts";`;

const parseJson = 'app.use(express.json({ limit: "10kb" }));';

const answerLogin = "res.json({ data: { id: user.id, email: user.email } });";

const answerMe = "res.json({ data: profileOf(req.user) });";

const clear = "res.clearCookie(cookieName, cookieFlags);";

export const mistakes: readonly Mistake[] = [
  {
    name: "express-session is told to believe no proxy",
    edits: [[cookie, `      proxy: false,\n${cookie}`]],
    goal: "behind a TLS proxy, logging in sets the cookie",
    says: "`proxy: false`",
  },
  {
    name: "a serializer that leaves the flags out",
    edits: [
      [
        store,
        "store: new RedisStore({ client: redis, serializer: { parse: JSON.parse, stringify: (stored: any) => JSON.stringify({ ...stored, cookie: { originalMaxAge: stored.cookie.originalMaxAge, expires: stored.cookie.expires } }) } }),",
      ],
      [importStore, 'import { RedisStore } from "connect-redis";'],
    ],
    goal: "No standing rule is broken, on any path",
    says: "sends a session cookie with SameSite=(none)",
  },
  {
    name: "httpOnly: false",
    edits: [["httpOnly: true", "httpOnly: false"]],
    goal: "page scripts cannot read the cookie",
    says: "lacks HttpOnly",
  },
  {
    name: "a readable token that is the session id",
    edits: [[answerLogin, `res.cookie("csrf", req.sessionID);\n    ${answerLogin}`]],
    goal: "No standing rule is broken, on any path",
    says: "The answer to POST /auth/login shows a session id in the cookie csrf",
  },
  {
    name: "the session id in a header",
    edits: [[answerLogin, `res.set("X-Session-Id", req.sessionID);\n    ${answerLogin}`]],
    goal: "No standing rule is broken, on any path",
    says: "The answer to POST /auth/login shows a session id in x-session-id",
  },
  {
    name: "the session id in the profile",
    edits: [[answerMe, "res.json({ data: profileOf(req.user), session: req.sessionID });"]],
    goal: "No standing rule is broken, on any path",
    says: "The answer to GET /me shows a session id",
  },
  {
    name: "secure: false",
    edits: [["secure: production", "secure: false"]],
    goal: "in production the cookie travels over https alone",
    says: "lacks Secure",
  },
  {
    name: "the flags beside the cookie's options",
    edits: [[cookie, "      ...cookieFlags,\n      cookie: { maxAge: sessionLifeMs },\n"]],
    goal: "in production the cookie travels over https alone",
    says: "`secure` stands beside `cookie`",
  },
  {
    name: "a cookie for those who come over http",
    edits: [
      [
        answerLogin,
        `if (production && !req.secure) {
      const value = \`s:\${sign(req.sessionID, config.sessionSecret!)}\`;
      res.cookie("sid", value, { ...cookieFlags, secure: false });
    }
    ${answerLogin}`,
      ],
      [
        'import { z } from "zod";',
        'import { z } from "zod";\nimport { sign } from "cookie-signature";',
      ],
      ["    app.use(requireHttps);\n", ""],
    ],
    goal: "No standing rule is broken, on any path",
    says: "In production, POST /auth/login sends a session cookie without Secure",
  },
  {
    name: "sameSite: none",
    edits: [['sameSite: "lax"', 'sameSite: "none"']],
    goal: "another site's requests do not carry the cookie",
    says: "SameSite=none",
  },
  {
    name: "sameSite left out",
    edits: [[', sameSite: "lax"', ""]],
    goal: "another site's requests do not carry the cookie",
    says: "has no SameSite",
  },
  {
    name: "SameSite by what the browser calls itself",
    edits: [
      [
        cookie,
        `      cookie: (req) => ({
        ...cookieFlags,
        maxAge: sessionLifeMs,
        sameSite: /iPhone/.test(req.headers["user-agent"] ?? "") ? "none" : "lax",
      }),
`,
      ],
    ],
    goal: "No standing rule is broken, on any path",
    says: "In development, POST /auth/login sends a session cookie with SameSite=none",
  },
  {
    name: "SameSite none for pages that embed this one",
    edits: [
      [
        cookie,
        `      cookie: (req) => ({
        ...cookieFlags,
        maxAge: sessionLifeMs,
        sameSite: req.headers["sec-fetch-dest"] === "iframe" ? "none" : "lax",
      }),
`,
      ],
    ],
    goal: "No standing rule is broken, on any path",
    says: "In development, GET /visits sends a session cookie with SameSite=none",
  },
  {
    name: "CORS for whoever asks",
    edits: [
      [
        parseJson,
        `app.use((req, res, next) => {
    res.set("Access-Control-Allow-Origin", req.get("Origin") ?? "*");
    res.set("Access-Control-Allow-Credentials", "true");
    next();
  });
  ${parseJson}`,
      ],
    ],
    goal: "No standing rule is broken, on any path",
    says: "CORS lets pages of http://x7.workshop.test read what your users see",
  },
  {
    name: "CORS for all that ends like this site",
    edits: [
      [
        parseJson,
        `app.use((req, res, next) => {
    const origin = req.get("Origin") ?? "";
    if (origin.endsWith("workshop.test")) {
      res.set("Access-Control-Allow-Origin", origin);
      res.set("Access-Control-Allow-Credentials", "true");
    }
    next();
  });
  ${parseJson}`,
      ],
    ],
    goal: "No standing rule is broken, on any path",
    says: "CORS lets pages of http://x7.workshop.test read what your users see",
  },
  {
    name: "JSON by any content type",
    edits: [[parseJson, 'app.use(express.json({ type: "*/*" }));']],
    goal: "With inputs of every kind",
    says: "JSON that calls itself text/plain logs in",
  },
  {
    name: "a name without a prefix",
    edits: [[cookieName, '"sid"']],
    goal: "in production the cookie is bound to its host: __Host-",
    says: "lacks the __Host- prefix",
  },
  {
    name: "a domain",
    edits: [['path: "/",', 'path: "/",\n    domain: "workshop.test",']],
    goal: "in production the cookie is bound to its host: __Host-",
    says: "refuses this __Host- cookie",
  },
  {
    name: "a path in production only",
    edits: [['path: "/",', 'path: production ? "/auth" : "/",']],
    goal: "in production the cookie is bound to its host: __Host-",
    says: "refuses this __Host- cookie",
  },
  {
    name: "the old name for those who are still logged in",
    edits: [
      [
        parseJson,
        `${parseJson}
  app.use((req, _res, next) => {
    const cookies = req.headers.cookie ?? "";
    if (!cookies.includes(cookieName)) {
      req.headers.cookie = cookies.replace("connect.sid=", \`\${cookieName}=\`);
    }
    next();
  });`,
      ],
    ],
    goal: "Under another name of the cookie",
    says: "called connect.sid is accepted as well",
  },
  {
    name: "the name of development in production too",
    edits: [
      [
        parseJson,
        `${parseJson}
  app.use((req, _res, next) => {
    req.headers.cookie = req.headers.cookie?.replace(/(^|; )sid=/, \`$1\${cookieName}=\`);
    next();
  });`,
      ],
    ],
    goal: "Under another name of the cookie",
    says: "called sid is accepted as well",
  },
  {
    name: "__Host- in development too",
    edits: [[cookieName, '"__Host-sid"']],
    goal: "in development the cookie sticks on http, under a name of your own",
    says: "The browser refuses the session cookie",
  },
  {
    name: "secure: true in development too",
    edits: [["secure: production", "secure: true"]],
    goal: "in development the cookie sticks on http, under a name of your own",
    says: "The session cookie is Secure: on http nobody gets it",
  },
  {
    name: "the default name in development",
    edits: [[cookieName, 'production ? "__Host-sid" : "connect.sid"']],
    goal: "in development the cookie sticks on http, under a name of your own",
    says: "default name, connect.sid",
  },
  {
    name: "secure: auto in a function",
    edits: [
      [
        cookie,
        '      cookie: () => ({ ...cookieFlags, secure: "auto", maxAge: sessionLifeMs }),\n',
      ],
    ],
    goal: "in development the cookie sticks on http, under a name of your own",
    says: "The session cookie is Secure: on http nobody gets it",
  },
  {
    name: "a path that few routes begin with",
    edits: [['path: "/",', 'path: "/auth",']],
    goal: "in development the cookie sticks on http, under a name of your own",
    says: "The browser sends the session cookie to /auth alone",
  },
  {
    name: "logout clears the cookie without its flags",
    edits: [[clear, "res.clearCookie(cookieName);"]],
    goal: "logging out still ends the cookie",
    says: "In production, the browser keeps its cookie",
  },
  {
    name: "maxAge beside the cookie's options",
    edits: [[cookie, "      cookie: cookieFlags,\n      maxAge: sessionLifeMs,\n"]],
    goal: "the session still lasts a day",
    says: "`maxAge` stands beside `cookie`",
  },
  {
    name: "a day in seconds",
    edits: [["24 * 60 * 60 * 1000", "24 * 60 * 60"]],
    goal: "the session still lasts a day",
    says: "not a day",
  },
  {
    name: "no trusted proxy",
    edits: [[`    ${trustProxy}\n    app.use(requireHttps);\n`, ""]],
    goal: "behind a TLS proxy, logging in sets the cookie",
    says: "Behind a TLS proxy, logging in sets no cookie",
  },
  {
    name: "trust proxy: true",
    edits: [[trustProxy, trustProxy.replace("1)", "true)")]],
    goal: "a client cannot claim another address or https",
    says: "`trust proxy` is true: the app believes everybody",
  },
  {
    name: "one hop too many",
    edits: [[trustProxy, trustProxy.replace("1)", "2)")]],
    goal: "a client cannot claim another address or https",
    says: "The app believes 198.51.100.7, which is no proxy of yours",
  },
  {
    name: "private networks by the look of an address",
    edits: [
      [
        trustProxy,
        `app.set("trust proxy", (address: string, hop: number) => {
    return hop === 0 || /^(10|172|192)|::1$/.test(address);
  });`,
      ],
    ],
    goal: "a client cannot claim another address or https",
    says: "The app believes 109.1.2.3, which is no proxy of yours",
  },
  {
    name: "a fallback with ??",
    edits: [
      [
        insist,
        '  const secret = config.sessionSecret ?? "keyboard cat, at least for the time being";\n',
      ],
      [secrets, "[secret, ...config.previousSessionSecrets]"],
    ],
    goal: "createApp insists on SESSION_SECRET",
    says: "starts without SESSION_SECRET",
  },
  {
    name: "insisted on in production only",
    edits: [
      ["if (!config.sessionSecret || config", "if (production && (!config.sessionSecret || config"],
      ["< minSecretLength) {", "< minSecretLength)) {"],
      [secrets, '[config.sessionSecret ?? "keyboard cat", ...config.previousSessionSecrets]'],
    ],
    goal: "createApp insists on SESSION_SECRET",
    says: "starts without SESSION_SECRET",
  },
  {
    name: "any length will do",
    edits: [
      [
        "!config.sessionSecret || config.sessionSecret.length < minSecretLength",
        "!config.sessionSecret",
      ],
    ],
    goal: "createApp insists on SESSION_SECRET",
    says: "31 characters",
  },
  {
    name: "an error that does not say what is missing",
    edits: [[complaint, 'throw new Error("The configuration is incomplete.");']],
    goal: "createApp insists on SESSION_SECRET",
    says: "does not say what is missing",
  },
  {
    name: "the process ends instead of an error",
    edits: [
      [
        complaint,
        `${complaint.replace("throw new Error(", "console.warn(")}\n    process.exit(1);`,
      ],
    ],
    goal: "createApp insists on SESSION_SECRET",
    says: "createApp ends the process instead of throwing",
  },
  {
    name: "a secret that is insisted on, and not used",
    edits: [[secrets, '["keyboard cat", ...config.previousSessionSecrets]']],
    goal: "With a cookie that an attacker signed",
    says: '"keyboard cat" signs cookies that the app accepts',
  },
  {
    name: "a known secret beside the right ones",
    edits: [
      [
        secrets,
        '[config.sessionSecret, ...config.previousSessionSecrets, "only for the first steps"]',
      ],
    ],
    goal: "With a cookie that an attacker signed",
    says: "signs cookies that the app accepts, and everybody knows it",
  },
  {
    name: "a known secret of its own beside the right ones",
    edits: [
      [
        secrets,
        '[config.sessionSecret, ...config.previousSessionSecrets, "our very own fallback of 2019"]',
      ],
    ],
    goal: "With a cookie that an attacker signed",
    says: "our very own fallback of 2019",
  },
  {
    name: "a known secret as long as nothing was rotated",
    edits: [
      [
        secrets,
        `[config.sessionSecret].concat(
        config.previousSessionSecrets.length > 0 ? config.previousSessionSecrets : ["from before"],
      )`,
      ],
    ],
    goal: "With a cookie that an attacker signed",
    says: '"from before" signs cookies that the app accepts',
  },
  {
    name: "the first eight characters of each secret",
    edits: [[secrets, `${secrets}.map((secret) => secret.slice(0, 8))`]],
    goal: "With a cookie that an attacker signed",
    says: "a key of 8 characters",
  },
  {
    name: "the configuration in the log",
    edits: [
      [
        "  const app = express();",
        '  console.info("starting with", config);\n  const app = express();',
      ],
    ],
    goal: "No standing rule is broken, on any path",
    says: "The log shows the session secret, written during the start of the app",
  },
  {
    name: "sessions are kept in memory for a while",
    edits: [
      [store, "store: new NearStore({ client: redis }),"],
      [importStore, 'import { RedisStore } from "connect-redis";'],
      [
        "export function createApp",
        `class NearStore extends RedisStore {
  near = new Map<string, unknown>();

  override async get(id: string, done: (error?: unknown, found?: any) => void) {
    if (this.near.has(id)) return done(null, structuredClone(this.near.get(id)));
    return super.get(id, (error, found) => {
      if (found) this.near.set(id, structuredClone(found));
      done(error, found);
    });
  }

  override set(id: string, data: session.SessionData, done?: (error?: unknown) => void) {
    this.near.delete(id);
    return super.set(id, data, done);
  }

  override destroy(id: string, done?: (error?: unknown) => void) {
    this.near.delete(id);
    return super.destroy(id, done);
  }
}

export function createApp`,
      ],
    ],
    step: 4,
    goal: "an unknown or expired session answers 401",
    says: "although its session was deleted",
  },
  {
    name: "a previous secret is better than none",
    edits: [
      [
        "  if (!config.sessionSecret || config",
        `  config = { ...config, sessionSecret: config.sessionSecret ?? config.previousSessionSecrets[0] };
  if (!config.sessionSecret || config`,
      ],
    ],
    goal: "With a weak secret",
    says: "starts with a previous secret alone",
  },
  {
    name: "GET logs out as well",
    edits: [['app.post("/auth/logout"', 'app.all("/auth/logout"']],
    step: 5,
    goal: "GET does not log out",
    says: "GET /auth/logout logs out",
  },
  {
    name: "logging out does not wait",
    edits: [
      [
        "    await destroySession(req);\n    // Name",
        "    void destroySession(req).catch(() => {});\n    // Name",
      ],
    ],
    step: 5,
    goal: "the answer waits until the session is deleted",
    says: "leaves before the session is deleted",
  },
  {
    name: "the whole user in the profile",
    edits: [[answerMe, "res.json({ data: req.user });"]],
    step: 4,
    goal: "no password hash leaves the server",
    says: "GET /me contains a password hash",
  },
  {
    name: "the folder of the project is served",
    edits: [[parseJson, `${parseJson}\n  app.use(express.static("."));`]],
    goal: "No standing rule is broken, on any path",
    says: "The answer to GET /package.json tells strangers the files of its own project",
  },
  {
    name: "a log of all headers",
    edits: [
      [
        parseJson,
        `${parseJson}
  app.use((req, _res, next) => {
    console.info(req.method, req.path, req.headers);
    next();
  });`,
      ],
    ],
    step: 3,
    goal: "No standing rule is broken, on any path",
    says: "The log shows a session id",
  },
  {
    name: "the session id in the address",
    edits: [
      [
        parseJson,
        `${parseJson}
  app.use((req, _res, next) => {
    const { sid } = req.query;
    if (sid) req.headers.cookie ??= \`\${cookieName}=\${encodeURIComponent(String(sid))}\`;
    next();
  });`,
      ],
    ],
    step: 4,
    goal: "When a request says more than it is asked",
    says: "the value of Ada's cookie in ?sid opens /me",
  },
  {
    name: "users are looked up once",
    edits: [
      ["  const requireAuth:", "  const known = new Map<string, User>();\n\n  const requireAuth:"],
      [
        "const user = userId && (await",
        'const user = known.get(userId ?? "") ?? (userId && (await',
      ],
      ["findById(userId));", "findById(userId)));"],
      ["    req.user = user;\n", "    known.set(user.id, user);\n    req.user = user;\n"],
    ],
    step: 4,
    goal: "a deleted user is out at once, and the session is gone",
    says: "A deleted user is still let in",
  },
  {
    name: "no word about caches",
    edits: [["  app.use(noStore);\n", ""]],
    goal: "No standing rule is broken, on any path",
    says: "A cache may keep the answer of",
  },
  {
    name: "the new secret alone",
    edits: [[secrets, "config.sessionSecret"]],
    goal: "after a rotation, cookies signed with the previous secret still work",
    says: "Of three previous secrets, none still opens the cookies that it signed",
  },
  {
    name: "the previous secret alone",
    edits: [[secrets, "config.previousSessionSecrets[0] ?? config.sessionSecret"]],
    goal: "after a rotation, cookies signed with the previous secret still work",
    says: "Of three previous secrets, only the newest",
  },
  {
    name: "the previous secrets first",
    edits: [[secrets, "[...config.previousSessionSecrets, config.sessionSecret]"]],
    goal: "after a rotation, cookies signed with the previous secret still work",
    says: "signed with the old secret",
  },
  {
    name: "one previous secret of several",
    edits: [[secrets, "[config.sessionSecret, ...config.previousSessionSecrets.slice(0, 1)]"]],
    goal: "after a rotation, cookies signed with the previous secret still work",
    says: "Of three previous secrets, only the newest",
  },
  {
    name: "a list in the list of secrets",
    edits: [[secrets, "[config.sessionSecret, config.previousSessionSecrets as never]"]],
    goal: "after a rotation, cookies signed with the previous secret still work",
    says: "GET /me crashed: a secret is no text",
  },
  {
    name: "the configuration in the health check",
    edits: [["{ ok: true }", "{ ok: true, config }"]],
    goal: "No standing rule is broken, on any path",
    says: "The answer to GET /health shows the session secret",
  },
  {
    name: "a route of its own shows the session id",
    edits: [
      [
        '  app.get("/visits"',
        '  app.get("/auth/session", (req, res) => void res.json({ data: req.sessionID }));\n  app.get("/visits"',
      ],
    ],
    goal: "No standing rule is broken, on any path",
    says: "shows a session id",
  },
  {
    name: "CORS for every subdomain",
    edits: [
      [
        '  app.get("/visits"',
        '  app.use((req, res, next) => {\n    const { origin = "" } = req.headers;\n    if (origin.endsWith(".workshop.test")) {\n      res.set({ "Access-Control-Allow-Origin": origin, "Access-Control-Allow-Credentials": "true" });\n    }\n    next();\n  });\n  app.get("/visits"',
      ],
    ],
    goal: "No standing rule is broken, on any path",
    says: "CORS lets pages of",
  },
  {
    name: "a login by a form, of any site",
    edits: [
      [parseJson, "app.use(express.json(), express.urlencoded());"],
      ["app.use(refuseOtherSites);", 'app.use("/auth/logout", refuseOtherSites);'],
    ],
    goal: "From a page of another site",
    says: "a form logs people in, whoever sends it",
  },
  {
    name: "the secret from the environment",
    edits: [
      [
        "if (!config.sessionSecret || config.sessionSecret.length",
        "const secret = process.env.SESSION_SECRET;\n  if (!secret || secret.length",
      ],
      ["secret: [config.sessionSecret,", "secret: [secret,"],
    ],
    goal: "page scripts cannot read the cookie",
    says: "reads process.env.SESSION_SECRET; the app is told by `config.sessionSecret`",
  },
  {
    name: "the previous secrets from the environment",
    edits: [
      [
        "...config.previousSessionSecrets",
        '...(process.env.SESSION_SECRETS_PREVIOUS?.split(",") ?? [])',
      ],
    ],
    goal: "after a rotation, cookies signed with the previous secret still work",
    says: "reads process.env.SESSION_SECRETS_PREVIOUS; the app is told by `config.previousSessionSecrets`",
  },
  {
    name: "production from the environment",
    edits: [['config.env === "production"', 'process.env.NODE_ENV === "production"']],
    goal: "in production the cookie travels over https alone",
    says: "reads process.env.NODE_ENV; the app is told by `config.env`",
  },
  {
    name: "the session trusts the proxy, and the app does not",
    edits: [
      ['    app.set("trust proxy", 1);\n', ""],
      ["resave: false,", "resave: false,\n      proxy: true,"],
    ],
    goal: "behind a TLS proxy, logging in sets the cookie",
    says: "the app takes the request for plain http",
  },
  {
    name: "production answers over plain http",
    edits: [["    app.use(requireHttps);\n", ""]],
    goal: "No standing rule is broken, on any path",
    says: "In production, POST /auth/login over plain http is answered 200",
  },
  {
    name: "who came over http is logged with all headers",
    edits: [
      [
        "app.use(requireHttps);",
        'app.use((req, _res, next) => {\n      if (!req.secure) console.warn("plain http", req.headers);\n      next();\n    }, requireHttps);',
      ],
    ],
    goal: "No standing rule is broken, on any path",
    says: "The log shows a session id",
  },
  {
    name: "another header says https as well",
    edits: [
      [
        "app.use(requireHttps);",
        'app.use((req, res, next) => {\n      if (req.get("X-Forwarded-Ssl") === "on") next();\n      else requireHttps(req, res, next);\n    });',
      ],
    ],
    goal: "No standing rule is broken, on any path",
    says: "over plain http is answered 200",
  },
  {
    name: "the secret in front of the list of the configuration",
    edits: [
      [
        "secret: [config.sessionSecret, ...config.previousSessionSecrets],",
        "secret: (config.previousSessionSecrets.unshift(config.sessionSecret), config.previousSessionSecrets),",
      ],
    ],
    goal: "Beside another app in the same process",
    says: "createApp changes the configuration that it was given",
  },
  {
    name: "the id of the request for the id of the session",
    edits: [
      [
        "      resave: false,",
        '      genid: (req) => req.get("X-Request-Id") ?? randomUUID(),\n      resave: false,',
      ],
    ],
    goal: "With an id that can be foreseen",
    says: "a client chooses its session id, by a header",
  },
  {
    name: "the guard clears the default name",
    edits: [
      [
        "if (userId) await endSession(req, res);",
        'if (userId) await destroySession(req);\n      if (userId) res.clearCookie("connect.sid");',
      ],
    ],
    goal: "No standing rule is broken, on any path",
    says: "GET /me clears connect.sid, and the browser has sid",
  },
  {
    name: "plain http is refused behind the session",
    edits: [
      ["    app.use(requireHttps);\n", ""],
      ['  app.get("/visits"', '  if (production) app.use(requireHttps);\n\n  app.get("/visits"'],
    ],
    goal: "In production, behind a TLS proxy",
    says: "the session is looked up before the request is refused",
  },
  {
    name: "https, unless the header says http",
    edits: [
      [
        "    app.use(requireHttps);\n",
        `    app.use((req, res, next) => {
      if (req.get("X-Forwarded-Proto") !== "http") next();
      else res.status(403).json({ error: { code: "https_required" } });
    });
`,
      ],
    ],
    goal: "No standing rule is broken, on any path",
    says: "over plain http is answered 200",
  },
  {
    name: "only express-session knows of the proxy",
    edits: [
      [
        `    app.set("trust proxy", 1);
    app.use(requireHttps);
`,
        `    app.use((req, res, next) => {
      if (req.get("X-Forwarded-Proto") === "https") next();
      else res.status(403).json({ error: { code: "https_required" } });
    });
`,
      ],
      ["    session({\n", "    session({\n      proxy: production,\n"],
    ],
    goal: "In a browser from before 2023",
    says: "the app takes its own pages for those of another site",
  },
  {
    name: "the secrets in the order of the alphabet",
    edits: [
      [
        "secret: [config.sessionSecret, ...config.previousSessionSecrets],",
        "secret: [config.sessionSecret, ...config.previousSessionSecrets].sort(),",
      ],
    ],
    goal: "after a rotation, cookies signed with the previous secret still work",
    says: "new cookies are still signed with the old secret",
  },
  {
    name: "without the header, it is taken for https",
    edits: [
      [
        "    app.use(requireHttps);\n",
        `    app.use((req, res, next) => {
      if (req.get("X-Forwarded-Proto") === undefined) next();
      else requireHttps(req, res, next);
    });
`,
      ],
    ],
    goal: "No standing rule is broken, on any path",
    says: "over plain http is answered 200",
  },
  {
    name: "https anywhere in the header",
    edits: [
      [
        "    app.use(requireHttps);\n",
        `    app.use((req, res, next) => {
      if (/https/.test(req.get("X-Forwarded-Proto") ?? "")) next();
      else requireHttps(req, res, next);
    });
`,
      ],
    ],
    goal: "No standing rule is broken, on any path",
    says: "over plain http is answered 200",
  },
  {
    name: "one long secret excuses the others",
    edits: [
      [
        "!config.sessionSecret || config.sessionSecret.length < minSecretLength",
        "!config.sessionSecret || ![config.sessionSecret, ...config.previousSessionSecrets].some(({ length }) => length >= minSecretLength)",
      ],
    ],
    goal: "With a weak secret",
    says: "createApp starts with a short secret beside a long previous one",
  },
  {
    name: "config by the names of the environment",
    edits: [["config.env ===", "(config as unknown as { NODE_ENV: string }).NODE_ENV ==="]],
    goal: "in production the cookie travels over https alone",
    says: "`config` has no NODE_ENV",
  },
  {
    name: "= instead of ===",
    edits: [['config.env === "production"', 'Boolean((config.env = "production"))']],
    goal: "page scripts cannot read the cookie",
    says: "`config.env` is overwritten",
  },
  {
    name: "http is refused, and not what is no https",
    edits: [
      [
        "app.use(requireHttps);",
        `app.use((req, res, next) => {
      if (req.protocol === "http") res.status(403).json({ error: { code: "https_required" } });
      else next();
    });`,
      ],
    ],
    goal: "No standing rule is broken, on any path",
    says: "over plain http is answered 200",
  },
  {
    name: "Partitioned where there is no Secure",
    edits: [
      [cookie, "      cookie: { ...cookieFlags, partitioned: true, maxAge: sessionLifeMs },\n"],
    ],
    goal: "in development the cookie sticks on http, under a name of your own",
    says: "The browser refuses the session cookie: Partitioned demands Secure",
  },
  {
    name: "a text is thrown",
    edits: [[complaint, "throw `SESSION_SECRET must have ${minSecretLength} characters.`;"]],
    goal: "createApp insists on SESSION_SECRET",
    says: "What createApp throws is no Error",
  },
  {
    name: "set with Partitioned, and cleared without",
    edits: [
      [
        "      cookie: { ...cookieFlags,",
        "      cookie: { ...cookieFlags, partitioned: production,",
      ],
    ],
    goal: "logging out still ends the cookie",
    says: "In production, the browser keeps its cookie after logging out",
  },
  {
    name: "flags that each request writes for all",
    edits: [
      [
        "    app.use(requireHttps);\n",
        "    app.use((req, _res, next) => {\n      Object.assign(cookieFlags, { secure: req.secure });\n      next();\n    });\n    app.use(requireHttps);\n",
      ],
      [
        "cookie: { ...cookieFlags, maxAge: sessionLifeMs }",
        "cookie: Object.assign(cookieFlags, { maxAge: sessionLifeMs })",
      ],
    ],
    goal: "In production, behind a TLS proxy",
    says: "sends a session cookie without Secure",
  },
  {
    name: "http from a network of your own",
    edits: [
      [
        "app.use(requireHttps);",
        `app.use((req, res, next) => {
      if (req.ip?.startsWith("10.")) next();
      else requireHttps(req, res, next);
    });`,
      ],
    ],
    goal: "In production, behind a TLS proxy",
    says: "over plain http, somebody who claims to be 10.1.2.3 is let in",
  },
  {
    name: "the two newest of the previous secrets",
    edits: [["...config.previousSessionSecrets]", "...config.previousSessionSecrets.slice(0, 2)]"]],
    goal: "after a rotation, cookies signed with the previous secret still work",
    says: "Of three previous secrets, only the newest",
  },
  {
    name: "a proxy on the same machine",
    edits: [['app.set("trust proxy", 1)', 'app.set("trust proxy", "loopback")']],
    goal: "In production, behind a TLS proxy",
    says: "a proxy on another machine is not believed: a login over https is answered 403",
  },
  {
    name: "a login over http is sent on to https",
    edits: [
      [
        "app.use(requireHttps);",
        `app.use((req, res, next) => {
      if (req.secure) next();
      else res.redirect(308, \`https://\${req.hostname}\${req.originalUrl}\`);
    });`,
      ],
    ],
    goal: "In production, behind a TLS proxy",
    says: "a login over plain http is sent on to https, and not refused",
  },
  {
    name: "plain http for whoever says that it watches over us",
    edits: [
      [
        "    app.use(requireHttps);",
        `    app.use((req, res, next) => {
      if (req.get("User-Agent")?.startsWith("kube-probe/")) next();
      else requireHttps(req, res, next);
    });`,
      ],
    ],
    goal: "No standing rule is broken, on any path",
    says: "In production, POST /auth/login over plain http is answered 200",
  },
  {
    name: "the bytes of the secret are counted",
    edits: [["config.sessionSecret.length <", "Buffer.byteLength(config.sessionSecret) <"]],
    goal: "With a weak secret",
    says: "createApp starts with a secret of 16 characters",
  },
  {
    name: "failures counted by the address that the client names",
    edits: [
      [
        '  app.post("/auth/login", limitConcurrency(16));',
        `  const failures = new Map<string, number>();
  app.post("/auth/login", limitConcurrency(16), (req, res, next) => {
    const address = req.get("X-Forwarded-For")?.split(",")[0] ?? "";
    const count = failures.get(address) ?? 0;
    if (count >= 30) return void res.status(429).json({ error: { code: "busy" } });
    if (failures.size > 100) failures.clear();
    res.once("finish", () => res.statusCode === 401 && failures.set(address, count + 1));
    next();
  });`,
      ],
    ],
    goal: "From another address each time",
    says: "somebody else can keep an address from logging in, by claiming it",
  },
  {
    name: "a new id for a cookie that a previous secret has signed",
    edits: [
      [
        '  app.get("/visits", (req, res) => {',
        `  app.use(async (req, _res, next) => {
    const cookie = decodeURIComponent(req.get("Cookie") ?? "");
    const [, signature = ""] = /s:[^.]*\\.([^;]*)/.exec(cookie) ?? [];
    const isPrevious = config.previousSessionSecrets.some(
      (each) => createHmac("sha256", each).update(req.sessionID).digest("base64") === \`\${signature}=\`,
    );
    const { userId, visits } = req.session;
    if (isPrevious && userId) {
      await regenerateSession(req);
      Object.assign(req.session, { userId, visits });
      await saveSession(req);
    }
    next();
  });

  app.get("/visits", (req, res) => {`,
      ],
      [
        'import { randomUUID } from "node:crypto";',
        'import { createHmac, randomUUID } from "node:crypto";',
      ],
    ],
    goal: "With a secret that was changed",
    says: "of two requests at once with a cookie that a previous secret has signed, one finds nobody",
  },
  {
    name: "one login says how long the cookies of all live",
    edits: [
      [cookie, "      cookie,\n"],
      [
        "  app.use(\n    session({",
        "  const cookie: CookieOptions = { ...cookieFlags, maxAge: sessionLifeMs };\n  app.use(\n    session({",
      ],
      [
        '  app.post("/auth/login", limitConcurrency(16));',
        `  app.post("/auth/login", limitConcurrency(16), (req, _res, next) => {
    if (req.body?.remember === false) delete cookie.maxAge;
    else cookie.maxAge = sessionLifeMs;
    next();
  });`,
      ],
    ],
    goal: "With inputs of every kind",
    says: "after somebody else's login, a visitor's cookie lives",
  },
  {
    name: "names of cookies are trimmed of more than blanks",
    edits: [
      [
        "  app.use(\n    session({",
        `  app.use((req, _res, next) => {
    const pairs = req.get("Cookie")?.split(";");
    if (pairs) req.headers.cookie = pairs.map((pair) => pair.trim()).join("; ");
    next();
  });

  app.use(\n    session({`,
      ],
    ],
    goal: "Under another name of the cookie",
    says: "a session cookie that is called \\xA0__Host-sid is accepted as well",
  },
  {
    name: "old browsers get no SameSite",
    edits: [
      [
        '  app.get("/visits", (req, res) => {\n',
        `  app.use((req, _res, next) => {
    if (/OS 12_|Chrome\\/6\\d\\./.test(req.get("User-Agent") ?? "")) req.session.cookie.sameSite = undefined;
    next();
  });

  app.get("/visits", (req, res) => {
`,
      ],
    ],
    goal: "In a browser from before 2023",
    says: "an old browser gets a cookie without SameSite",
  },
  {
    name: "the first request tells whether there is a proxy",
    edits: [
      [
        '    app.set("trust proxy", 1);\n',
        `    let isFirst = true;
    app.use((req, _res, next) => {
      if (isFirst && req.path !== "/health") app.set("trust proxy", req.get("X-Forwarded-Proto") ? 1 : false);
      if (req.path !== "/health") isFirst = false;
      next();
    });
`,
      ],
    ],
    goal: "In production, behind a TLS proxy",
    says: "after a first request without X-Forwarded-Proto, those over https are answered 403",
  },
  {
    name: "signatures of another length are compared",
    edits: [
      [
        "  app.use(\n    session({",
        `  app.use((req, _res, next) => {
    const [, id, signature] =
      /s:([^.;]*)\\.([^;]*)/.exec(decodeURIComponent(req.get("Cookie") ?? "")) ?? [];
    for (const secret of id && signature ? config.previousSessionSecrets : []) {
      const own = createHmac("sha256", secret).update(id ?? "").digest("base64");
      timingSafeEqual(Buffer.from(own.replace(/=+$/, "")), Buffer.from(signature ?? ""));
    }
    next();
  });

  app.use(\n    session({`,
      ],
      [
        'import { randomUUID } from "node:crypto";',
        'import { createHmac, randomUUID, timingSafeEqual } from "node:crypto";',
      ],
    ],
    goal: "With a cookie that an attacker signed",
    says: "GET /visits with a cookie that nobody has signed is answered 500",
  },
];
