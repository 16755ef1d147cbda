// Routers with the session in front of each, callbacks in the handlers, 401 for a needless logout.
import { randomUUID } from "node:crypto";
import { callbackify } from "node:util";
import bcrypt from "bcrypt";
import express, {
  Router,
  type Express,
  type NextFunction,
  type Request,
  type Response,
} from "express";
import session from "express-session";
import { Redis } from "ioredis";
import { z } from "zod";
import type { User } from "../../shared/app/database.ts";
import { errorHandler } from "../../shared/app/error-handler.ts";
import { refuseOtherSites } from "../../shared/app/same-origin.ts";
import { requireHttps } from "../../shared/app/https.ts";
import type { Services } from "../../shared/app/services.ts";
import { SessionStore } from "../../shared/app/session-store.ts";
import { regenerateSession, saveSession } from "../../shared/app/session.ts";
import { validate } from "../../shared/app/validate.ts";

const sessionLifeMs = 24 * 60 * 60 * 1000;
const minSecretLength = 32;

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
const profileOf = ({ id, email, displayName }: User) => ({ id, email, displayName });

function refuse(res: Response): void {
  res.status(401).json({ error: { code: "not_authenticated" } });
}

export function createApp({ redis, db, config }: Services): Express {
  const production = config.env === "production";
  if (!config.sessionSecret || config.sessionSecret.length < minSecretLength) {
    throw new Error(`SESSION_SECRET must be set, to at least ${minSecretLength} characters.`);
  }

  const app = express();
  app.set("env", config.env);
  app.disable("x-powered-by");
  // One TLS proxy stands in front: its X-Forwarded headers count, and no others.
  if (production) app.set("trust proxy", 1);
  if (config.env === "production") app.use(requireHttps);
  app.use(express.json());

  app.get("/health", (_req, res) => {
    res.json({ data: { ok: true } });
  });

  // A browser takes a __Host- cookie over https alone, from this very host, for all of its paths.
  const cookieName = production ? "__Host-sid" : "sid";
  const cookieFlags = {
    path: "/",
    httpOnly: true,
    secure: production,
    sameSite: "lax",
  } as const;

  // A page of another site can post here: without this it could log people out.
  app.use(refuseOtherSites);

  const sessions = session({
    name: cookieName,
    // The first secret signs; the others still open the cookies of the time before a rotation.
    secret: [config.sessionSecret, ...config.previousSessionSecrets],
    resave: false,
    saveUninitialized: false,
    store: new SessionStore({
      client: redis,
      rewrite: (key, value, ttlSeconds) => redis.set(key, value, "EX", ttlSeconds, "XX"),
    }),
    cookie: {
      ...cookieFlags,
      maxAge: sessionLifeMs,
    },
  });

  app.get("/visits", sessions, (req, res) => {
    req.session.visits = (req.session.visits ?? 0) + 1;
    res.set("Cache-Control", "no-store").json({ data: { visits: req.session.visits } });
  });

  const findUser = callbackify((id: string) => db.users.findById(id));

  // Nobody's password. An unknown email is compared with it, to take as long as a known one.
  const decoyHash = bcrypt.hashSync(randomUUID(), db.bcryptCost);

  const auth = Router();
  const account = Router();
  auth.use(sessions);

  auth.post("/login", validate({ body: LoginSchema }), async (req, res) => {
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

  function requireAuth(req: Request, res: Response, next: NextFunction): void {
    const { userId } = req.session;
    if (!userId) return refuse(res);
    findUser(userId, (findError, user) => {
      if (findError) return next(findError);
      if (!user) {
        return req.session.destroy((error) => (error ? next(error) : refuse(res)));
      }
      req.user = user;
      res.set("Cache-Control", "no-store");
      next();
    });
  }

  account.use(sessions, requireAuth);

  account.get("/", (req, res) => {
    res.json({ data: profileOf(req.user) });
  });

  account.patch("/", validate({ body: ProfileSchema }), async (req, res) => {
    const user = await db.users.update(req.user.id, req.validBody);
    // Somebody may have been deleted since the guard looked.
    if (!user) {
      res.status(401).json({ error: { code: "not_authenticated" } });
      return;
    }
    res.json({ data: profileOf(user) });
  });

  auth.post("/logout", (req, res, next) => {
    if (!req.session.userId) return refuse(res);
    req.session.destroy((error) => {
      if (error) return next(error);
      res.clearCookie(cookieName, cookieFlags).status(204).end();
    });
  });

  app.use("/auth", auth);
  app.use("/me", account);

  app.use(errorHandler);
  return app;
}
