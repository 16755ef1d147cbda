// Request ids, a language in the address, CORS for one front end, and more in the profile than asked.
import { randomUUID } from "node:crypto";
import bcrypt from "bcrypt";
import { RedisStore } from "connect-redis";
import express, { type Express, type Request, type RequestHandler } from "express";
import session from "express-session";
import { Redis } from "ioredis";
import { z } from "zod";
import type { User } from "../../shared/app/database.ts";
import { errorHandler } from "../../shared/app/error-handler.ts";
import type { Services } from "../../shared/app/services.ts";
import { destroySession, regenerateSession, saveSession } from "../../shared/app/session.ts";
import { validate } from "../../shared/app/validate.ts";

const sessionLifeMs = 24 * 60 * 60 * 1000;

export function connectRedis(url: string): Redis {
  const redis = new Redis(url, {
    // A visitor would rather read an error now than wait for a minute of retries.
    maxRetriesPerRequest: 1,
    connectTimeout: 1_000,
    commandTimeout: 2_000,
  });
  // ioredis reconnects on its own. Without a listener it also writes a stack trace per attempt.
  redis.on("error", (error) => console.warn(`Redis: ${error.message}`));
  return redis;
}

const LoginSchema = z.object({
  email: z.string().trim().toLowerCase().pipe(z.email()),
  // bcrypt reads 72 bytes and ignores the rest; a longer password would match on its start alone.
  password: z.string().refine((password) => Buffer.byteLength(password) <= 72),
});

const ProfileSchema = z.object({
  displayName: z.string().trim().min(1).max(80),
});

// What others may see: field by field, so that a new column stays private until it is added here.
const profileOf = ({ id, email, displayName }: User, language: string) => ({
  id,
  email,
  displayName,
  greeting: `${language === "fr" ? "Bonjour" : "Hello"}, ${displayName}!`,
  links: { self: "/me" },
});

const frontEnds = new Set(["https://app.example.com"]);

const allowFrontEnds: RequestHandler = (req, res, next) => {
  const origin = req.get("Origin") ?? "";
  res.vary("Origin");
  if (frontEnds.has(origin)) {
    res.set({
      "Access-Control-Allow-Origin": origin,
      "Access-Control-Allow-Credentials": "true",
      "Access-Control-Allow-Headers": "Content-Type",
      "Access-Control-Allow-Methods": "GET, POST, PATCH",
    });
  }
  if (req.method === "OPTIONS") res.status(204).end();
  else next();
};

const tagRequest: RequestHandler = (req, res, next) => {
  const id = req.get("X-Request-Id") ?? randomUUID();
  res.set("X-Request-Id", id.slice(0, 64));
  res.on("finish", () => console.debug(id, req.method, req.path, res.statusCode));
  next();
};

const languageOf = (req: Request) => (req.query.lang === "fr" ? "fr" : "en");

export function createApp({ redis, db, config }: Services): Express {
  const app = express();
  app.set("env", config.env);
  app.disable("x-powered-by");
  app.use(tagRequest, allowFrontEnds);
  app.use(express.json());

  app.get("/health", (_req, res) => {
    res.json({ data: { ok: true } });
  });

  // Whoever knows the secret can sign session cookies. Step 6 does away with this fallback.
  const secret = config.sessionSecret ?? "only for the first steps";

  app.use(
    session({
      secret,
      resave: false,
      saveUninitialized: false,
      store: new RedisStore({ client: redis }),
      cookie: {
        maxAge: sessionLifeMs,
      },
    }),
  );

  app.get("/visits", (req, res) => {
    req.session.visits = (req.session.visits ?? 0) + 1;
    res.set("Cache-Control", "no-store").json({ data: { visits: req.session.visits } });
  });

  // Nobody's password. An unknown email is compared with it, to take as long as a known one.
  const decoyHash = bcrypt.hashSync(randomUUID(), db.bcryptCost);

  app.post("/auth/login", validate({ body: LoginSchema }), async (req, res) => {
    const { email, password } = req.validBody;
    const user = await db.users.findByEmail(email);
    const matches = await bcrypt.compare(password, user?.passwordHash ?? decoyHash);
    if (!user || !matches) {
      res.status(401).json({ error: { code: "invalid_credentials" } });
      return;
    }
    // A new id on login, so a session id that an attacker planted is worthless.
    await regenerateSession(req);
    req.session.userId = user.id;
    // Answering first would let the browser come back before its session is stored.
    await saveSession(req);
    res.set("Cache-Control", "no-store").json({ data: { id: user.id, email: user.email } });
  });

  const requireAuth: RequestHandler = async (req, res, next) => {
    const { userId } = req.session;
    // The session says who logged in; the database says who they are now.
    const user = userId && (await db.users.findById(userId));
    if (!user) {
      if (userId) await destroySession(req);
      res.status(401).json({ error: { code: "not_authenticated" } });
      return;
    }
    req.user = user;
    res.set("Cache-Control", "no-store");
    next();
  };

  // Only the address as the contract writes it.
  const account = express.Router({ strict: true, caseSensitive: true });

  account.get("/me", requireAuth, (req, res) => {
    res.json({ data: profileOf(req.user, languageOf(req)), meta: { at: new Date() } });
  });

  account.patch("/me", requireAuth, validate({ body: ProfileSchema }), async (req, res) => {
    const user = await db.users.update(req.user.id, req.validBody);
    // Somebody may have been deleted since the guard looked.
    if (!user) {
      res.status(401).json({ error: { code: "not_authenticated" } });
      return;
    }
    res.json({ data: profileOf(user, languageOf(req)) });
  });

  app.use(account);
  app.use(errorHandler);
  return app;
}
