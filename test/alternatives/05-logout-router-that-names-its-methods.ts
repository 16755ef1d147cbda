// A router for /auth: POST logs out, every other method is answered with 405.
import { randomUUID } from "node:crypto";
import bcrypt from "bcrypt";
import express, { Router, type Express, type RequestHandler } from "express";
import session from "express-session";
import { Redis } from "ioredis";
import { z } from "zod";
import type { User } from "../../shared/app/database.ts";
import { errorHandler } from "../../shared/app/error-handler.ts";
import { refuseOtherSites } from "../../shared/app/same-origin.ts";
import type { Services } from "../../shared/app/services.ts";
import { SessionStore } from "../../shared/app/session-store.ts";
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
const profileOf = ({ id, email, displayName }: User) => ({ id, email, displayName });

export function createApp({ redis, db, config }: Services): Express {
  const app = express();
  app.set("env", config.env);
  app.disable("x-powered-by");
  app.use(refuseOtherSites);
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
      name: "sid",
      store: new SessionStore({
        client: redis,
        rewrite: (key, value, ttlSeconds) => redis.set(key, value, "EX", ttlSeconds, "XX"),
      }),
      cookie: {
        sameSite: "lax",
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

  const auth = Router();

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

  app.get("/me", requireAuth, (req, res) => {
    res.json({ data: profileOf(req.user) });
  });

  app.patch("/me", requireAuth, validate({ body: ProfileSchema }), async (req, res) => {
    const user = await db.users.update(req.user.id, req.validBody);
    // Somebody may have been deleted since the guard looked.
    if (!user) {
      res.status(401).json({ error: { code: "not_authenticated" } });
      return;
    }
    res.json({ data: profileOf(user) });
  });

  auth
    .route("/logout")
    .post(async (req, res) => {
      // The key first: a cleared cookie alone would leave a stolen copy of it at work.
      await destroySession(req);
      res.clearCookie("sid", { path: "/", httpOnly: true, sameSite: "lax" });
      res.status(204).send();
    })
    .all((_req, res) => {
      res
        .status(405)
        .set("Allow", "POST")
        .json({ error: { code: "method_not_allowed" } });
    });

  app.use("/auth", auth);

  app.use(errorHandler);
  return app;
}
