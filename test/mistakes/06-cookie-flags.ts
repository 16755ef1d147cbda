import type { Mistake } from "../grading/catalogue.ts";

const insist = `  if (!config.sessionSecret || config.sessionSecret.length < minSecretLength) {
    throw new Error(\`SESSION_SECRET must be set, to at least \${minSecretLength} characters.\`);
  }
`;

const complaint =
  "throw new Error(`SESSION_SECRET must be set, to at least ${minSecretLength} characters.`);";

const trustProxy = 'if (production) app.set("trust proxy", 1);';

const cookieName = 'production ? "__Host-sid" : "sid"';

const secrets = "[config.sessionSecret, ...config.previousSessionSecrets]";

const cookie = `      cookie: {
        ...cookieFlags,
        maxAge: sessionLifeMs,
      },
`;

const clear = "res.clearCookie(cookieName, cookieFlags);";

export const mistakes: readonly Mistake[] = [
  {
    name: "httpOnly: false",
    edits: [["httpOnly: true", "httpOnly: false"]],
    goal: "page scripts cannot read the cookie",
    says: "lacks HttpOnly",
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
    says: "lacks Secure",
  },
  {
    name: "sameSite: none",
    edits: [['sameSite: "lax"', 'sameSite: "none"']],
    goal: "another site's requests do not carry the cookie",
    says: "SameSite=none",
  },
  {
    name: "sameSite left out",
    edits: [['    sameSite: "lax",\n', ""]],
    goal: "another site's requests do not carry the cookie",
    says: "has no SameSite",
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
    name: "__Host- in development too",
    edits: [[cookieName, '"__Host-sid"']],
    goal: "in development the cookie sticks on http, under a name of your own",
    says: "In development, the browser refuses the cookie",
  },
  {
    name: "secure: true in development too",
    edits: [["secure: production", "secure: true"]],
    goal: "in development the cookie sticks on http, under a name of your own",
    says: "In development, logging in sets no cookie",
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
    says: "In development, logging in sets no cookie",
  },
  {
    name: "a path that few routes begin with",
    edits: [['path: "/",', 'path: "/auth",']],
    goal: "in development the cookie sticks on http, under a name of your own",
    says: "is for /auth alone",
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
    says: "ends with the browser",
  },
  {
    name: "a day in seconds",
    edits: [["24 * 60 * 60 * 1000", "24 * 60 * 60"]],
    goal: "the session still lasts a day",
    says: "not a day",
  },
  {
    name: "no trusted proxy",
    edits: [[`  ${trustProxy}\n`, ""]],
    goal: "behind a TLS proxy, logging in sets the cookie",
    says: "Behind a TLS proxy, logging in sets no cookie",
  },
  {
    name: "trust proxy: true",
    edits: [[trustProxy, trustProxy.replace("1)", "true)")]],
    goal: "a client cannot claim another address or https",
    says: "believes any X-Forwarded header",
  },
  {
    name: "one hop too many",
    edits: [[trustProxy, trustProxy.replace("1)", "2)")]],
    goal: "a client cannot claim another address or https",
    says: "believes any X-Forwarded header",
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
    says: "starts with no secret",
  },
  {
    name: "insisted on in production only",
    edits: [
      ["if (!config.sessionSecret || config", "if (production && (!config.sessionSecret || config"],
      ["< minSecretLength) {", "< minSecretLength)) {"],
      [secrets, '[config.sessionSecret ?? "keyboard cat", ...config.previousSessionSecrets]'],
    ],
    goal: "createApp insists on SESSION_SECRET",
    says: "starts with no secret",
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
    says: "ends the process",
  },
  {
    name: "a secret that is insisted on, and not used",
    edits: [[secrets, '["keyboard cat", ...config.previousSessionSecrets]']],
    goal: "createApp insists on SESSION_SECRET",
    says: "does not sign with it alone",
  },
  {
    name: "a known secret beside the right ones",
    edits: [
      [
        secrets,
        '[config.sessionSecret, ...config.previousSessionSecrets, "only for the first steps"]',
      ],
    ],
    goal: "createApp insists on SESSION_SECRET",
    says: "secret",
  },
  {
    name: "the new secret alone",
    edits: [[secrets, "config.sessionSecret"]],
    goal: "after a rotation, cookies signed with the previous secret still work",
    says: "logs everybody out",
  },
  {
    name: "the previous secret alone",
    edits: [[secrets, "config.previousSessionSecrets[0] ?? config.sessionSecret"]],
    goal: "after a rotation, cookies signed with the previous secret still work",
    says: "Of several previous secrets",
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
    says: "Of several previous secrets",
  },
];
