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
    says: "",
  },
  {
    name: "httpOnly in production only",
    edits: [["httpOnly: true", "httpOnly: production"]],
    goal: "page scripts cannot read the cookie",
    says: "",
  },
  {
    name: "secure: false",
    edits: [["secure: production", "secure: false"]],
    goal: "in production the cookie travels over https alone",
    says: "",
  },
  {
    name: "secure left out",
    edits: [["    secure: production,\n", ""]],
    goal: "in production the cookie travels over https alone",
    says: "",
  },
  {
    name: "secure by the process's NODE_ENV",
    edits: [["secure: production", 'secure: process.env.NODE_ENV === "production"']],
    goal: "in production the cookie travels over https alone",
    says: "",
  },
  {
    name: "secure the other way round",
    edits: [["secure: production", "secure: !production"]],
    goal: "in production the cookie travels over https alone",
    says: "",
  },
  {
    name: "the flags beside the cookie's options",
    edits: [[cookie, "      ...cookieFlags,\n      cookie: { maxAge: sessionLifeMs },\n"]],
    goal: "in production the cookie travels over https alone",
    says: "",
  },
  {
    name: "sameSite: none",
    edits: [['sameSite: "lax"', 'sameSite: "none"']],
    goal: "another site's requests do not carry the cookie",
    says: "",
  },
  {
    name: "sameSite: none in production only",
    edits: [['sameSite: "lax"', 'sameSite: production ? "none" : "lax"']],
    goal: "another site's requests do not carry the cookie",
    says: "",
  },
  {
    name: "sameSite: auto",
    edits: [['sameSite: "lax"', 'sameSite: "auto"']],
    goal: "another site's requests do not carry the cookie",
    says: "",
  },
  {
    name: "sameSite: false",
    edits: [['sameSite: "lax"', "sameSite: false"]],
    goal: "another site's requests do not carry the cookie",
    says: "",
  },
  {
    name: "sameSite left out",
    edits: [['    sameSite: "lax",\n', ""]],
    goal: "another site's requests do not carry the cookie",
    says: "",
  },
  {
    name: "sameSite in production only",
    edits: [['sameSite: "lax"', 'sameSite: production ? "lax" : false']],
    goal: "another site's requests do not carry the cookie",
    says: "",
  },
  {
    name: "the default name",
    edits: [[cookieName, '"connect.sid"']],
    goal: "in production the cookie is bound to its host: __Host-",
    says: "",
  },
  {
    name: "a name without a prefix",
    edits: [[cookieName, '"sid"']],
    goal: "in production the cookie is bound to its host: __Host-",
    says: "",
  },
  {
    name: "__Secure- instead of __Host-",
    edits: [['"__Host-sid"', '"__Secure-sid"']],
    goal: "in production the cookie is bound to its host: __Host-",
    says: "",
  },
  {
    name: "one underscore too few",
    edits: [['"__Host-sid"', '"_Host-sid"']],
    goal: "in production the cookie is bound to its host: __Host-",
    says: "",
  },
  {
    name: "an underscore for the hyphen",
    edits: [['"__Host-sid"', '"__Host_sid"']],
    goal: "in production the cookie is bound to its host: __Host-",
    says: "",
  },
  {
    name: "a domain",
    edits: [['path: "/",', 'path: "/",\n    domain: "workshop.test",']],
    goal: "in production the cookie is bound to its host: __Host-",
    says: "",
  },
  {
    name: "a domain in production only",
    edits: [['path: "/",', 'path: "/",\n    domain: production ? ".example.com" : undefined,']],
    goal: "in production the cookie is bound to its host: __Host-",
    says: "",
  },
  {
    name: "a path in production only",
    edits: [['path: "/",', 'path: production ? "/auth" : "/",']],
    goal: "in production the cookie is bound to its host: __Host-",
    says: "",
  },
  {
    name: "__Host- in development too",
    edits: [[cookieName, '"__Host-sid"']],
    goal: "in development the cookie sticks on http, under a name of your own",
    says: "",
  },
  {
    name: "secure: true in development too",
    edits: [["secure: production", "secure: true"]],
    goal: "in development the cookie sticks on http, under a name of your own",
    says: "",
  },
  {
    name: "the default name in development",
    edits: [[cookieName, 'production ? "__Host-sid" : "connect.sid"']],
    goal: "in development the cookie sticks on http, under a name of your own",
    says: "",
  },
  {
    name: "no name in development",
    edits: [[cookieName, 'production ? "__Host-sid" : ""']],
    goal: "in development the cookie sticks on http, under a name of your own",
    says: "",
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
    says: "",
  },
  {
    name: "a path that few routes begin with",
    edits: [['path: "/",', 'path: "/auth",']],
    goal: "in development the cookie sticks on http, under a name of your own",
    says: "",
  },
  {
    name: "logout clears the cookie without its flags",
    edits: [[clear, "res.clearCookie(cookieName);"]],
    goal: "logging out still ends the cookie",
    says: "",
  },
  {
    name: "logout clears the default name",
    edits: [[clear, 'res.clearCookie("connect.sid", cookieFlags);']],
    goal: "logging out still ends the cookie",
    says: "",
  },
  {
    name: "logout clears the name of development",
    edits: [[clear, 'res.clearCookie("sid", cookieFlags);']],
    goal: "logging out still ends the cookie",
    says: "",
  },
  {
    name: "logout clears with the path alone",
    edits: [[clear, 'res.clearCookie(cookieName, { path: "/" });']],
    goal: "logging out still ends the cookie",
    says: "",
  },
  {
    name: "logout clears with Secure on http too",
    edits: [[clear, "res.clearCookie(cookieName, { ...cookieFlags, secure: true });"]],
    goal: "logging out still ends the cookie",
    says: "",
  },
  {
    name: "maxAge is lost among the flags",
    edits: [[cookie, "      cookie: cookieFlags,\n"]],
    goal: "the session still lasts a day",
    says: "",
  },
  {
    name: "maxAge beside the cookie's options",
    edits: [[cookie, "      cookie: cookieFlags,\n      maxAge: sessionLifeMs,\n"]],
    goal: "the session still lasts a day",
    says: "",
  },
  {
    name: "a day in seconds",
    edits: [["24 * 60 * 60 * 1000", "24 * 60 * 60"]],
    goal: "the session still lasts a day",
    says: "",
  },
  {
    name: "a day in development, a minute in production",
    edits: [["maxAge: sessionLifeMs", "maxAge: production ? 60_000 : sessionLifeMs"]],
    goal: "the session still lasts a day",
    says: "",
  },
  {
    name: "no trusted proxy",
    edits: [[`  ${trustProxy}\n`, ""]],
    goal: "behind a TLS proxy, logging in sets the cookie",
    says: "",
  },
  {
    name: "a proxy that is trusted in development",
    edits: [[trustProxy, 'if (!production) app.set("trust proxy", 1);']],
    goal: "behind a TLS proxy, logging in sets the cookie",
    says: "",
  },
  {
    name: "the number of proxies as text",
    edits: [[trustProxy, trustProxy.replace("1)", '"1")')]],
    goal: "behind a TLS proxy, logging in sets the cookie",
    says: "",
  },
  {
    name: "a proxy at an address of its own",
    edits: [[trustProxy, trustProxy.replace("1)", '"10.0.0.1")')]],
    goal: "behind a TLS proxy, logging in sets the cookie",
    says: "",
  },
  {
    name: "trust proxy: true",
    edits: [[trustProxy, trustProxy.replace("1)", "true)")]],
    goal: "a client cannot claim another address or https",
    says: "",
  },
  {
    name: "trust proxy enabled",
    edits: [[trustProxy, 'app.enable("trust proxy");']],
    goal: "a client cannot claim another address or https",
    says: "",
  },
  {
    name: "every proxy trusted by a function",
    edits: [[trustProxy, trustProxy.replace("1)", "() => true)")]],
    goal: "a client cannot claim another address or https",
    says: "",
  },
  {
    name: "one hop too many",
    edits: [[trustProxy, trustProxy.replace("1)", "2)")]],
    goal: "a client cannot claim another address or https",
    says: "",
  },
  {
    name: "the session trusts every proxy",
    edits: [
      [`  ${trustProxy}\n`, ""],
      ["      resave: false,\n", "      resave: false,\n      proxy: true,\n"],
    ],
    goal: "a client cannot claim another address or https",
    says: "",
  },
  {
    name: "a proxy trusted where there is none",
    edits: [[trustProxy, 'app.set("trust proxy", 1);']],
    goal: "a client cannot claim another address or https",
    says: "",
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
    says: "",
  },
  {
    name: "a fallback with ||",
    edits: [
      [insist, '  const secret = config.sessionSecret || "keyboard cat";\n'],
      [secrets, "[secret, ...config.previousSessionSecrets]"],
    ],
    goal: "createApp insists on SESSION_SECRET",
    says: "",
  },
  {
    name: "a random fallback",
    edits: [
      [insist, "  const secret = config.sessionSecret ?? randomUUID();\n"],
      [secrets, "[secret, ...config.previousSessionSecrets]"],
    ],
    goal: "createApp insists on SESSION_SECRET",
    says: "",
  },
  {
    name: "insisted on in production only",
    edits: [
      ["if (!config.sessionSecret || config", "if (production && (!config.sessionSecret || config"],
      ["< minSecretLength) {", "< minSecretLength)) {"],
      [secrets, '[config.sessionSecret ?? "keyboard cat", ...config.previousSessionSecrets]'],
    ],
    goal: "createApp insists on SESSION_SECRET",
    says: "",
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
    says: "",
  },
  {
    name: "16 characters will do",
    edits: [["minSecretLength = 32", "minSecretLength = 16"]],
    goal: "createApp insists on SESSION_SECRET",
    says: "",
  },
  {
    name: "32 characters will not do",
    edits: [["length < minSecretLength", "length <= minSecretLength"]],
    goal: "createApp insists on SESSION_SECRET",
    says: "",
  },
  {
    name: "only a secret that is there is measured",
    edits: [
      [
        "!config.sessionSecret || config.sessionSecret.length",
        "config.sessionSecret && config.sessionSecret.length",
      ],
      [secrets, '[config.sessionSecret ?? "", ...config.previousSessionSecrets]'],
    ],
    goal: "createApp insists on SESSION_SECRET",
    says: "",
  },
  {
    name: "an error that does not say what is missing",
    edits: [[complaint, 'throw new Error("The configuration is incomplete.");']],
    goal: "createApp insists on SESSION_SECRET",
    says: "",
  },
  {
    name: "an error about a secret of some kind",
    edits: [[complaint, 'throw new Error("A session secret of 32 characters is required.");']],
    goal: "createApp insists on SESSION_SECRET",
    says: "",
  },
  {
    name: "a warning instead of an error",
    edits: [
      [complaint, complaint.replace("throw new Error(", "console.warn(")],
      [secrets, '[config.sessionSecret ?? "keyboard cat", ...config.previousSessionSecrets]'],
    ],
    goal: "createApp insists on SESSION_SECRET",
    says: "",
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
    says: "",
  },
  {
    name: "the first request finds out",
    edits: [
      [insist, ""],
      [
        "  app.use(\n    session({",
        `  app.use((_req, _res, next) => {\n  ${insist.replaceAll("\n", "\n  ")}  next();\n  });\n  app.use(\n    session({`,
      ],
      [secrets, '[config.sessionSecret ?? "keyboard cat", ...config.previousSessionSecrets]'],
    ],
    goal: "createApp insists on SESSION_SECRET",
    says: "",
  },
  {
    name: "a secret that is insisted on, and not used",
    edits: [[secrets, '["keyboard cat", ...config.previousSessionSecrets]']],
    goal: "createApp insists on SESSION_SECRET",
    says: "",
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
    says: "",
  },
  {
    name: "the new secret alone",
    edits: [[secrets, "config.sessionSecret"]],
    goal: "after a rotation, cookies signed with the previous secret still work",
    says: "",
  },
  {
    name: "the previous secret alone",
    edits: [[secrets, "config.previousSessionSecrets[0] ?? config.sessionSecret"]],
    goal: "after a rotation, cookies signed with the previous secret still work",
    says: "",
  },
  {
    name: "the previous secrets first",
    edits: [[secrets, "[...config.previousSessionSecrets, config.sessionSecret]"]],
    goal: "after a rotation, cookies signed with the previous secret still work",
    says: "",
  },
  {
    name: "the secrets as one text",
    edits: [[secrets, `${secrets}.join(",")`]],
    goal: "after a rotation, cookies signed with the previous secret still work",
    says: "",
  },
  {
    name: "a list in the list",
    edits: [[secrets, "[config.sessionSecret, config.previousSessionSecrets as never]"]],
    goal: "after a rotation, cookies signed with the previous secret still work",
    says: "",
  },
  {
    name: "one previous secret of several",
    edits: [[secrets, "[config.sessionSecret, ...config.previousSessionSecrets.slice(0, 1)]"]],
    goal: "after a rotation, cookies signed with the previous secret still work",
    says: "",
  },
];
