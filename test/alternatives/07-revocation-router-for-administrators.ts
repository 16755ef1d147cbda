// The administrators have a router of their own; there is a list of devices.
import { randomUUID } from "node:crypto";
import bcrypt from "bcrypt";
import express, { type Express, type Request, type RequestHandler, type Response } from "express";
import session from "express-session";
import { Redis } from "ioredis";
import { z } from "zod";
import { limitConcurrency } from "../../shared/app/concurrency.ts";
import type { User } from "../../shared/app/database.ts";
import { errorHandler } from "../../shared/app/error-handler.ts";
import { requireHttps } from "../../shared/app/https.ts";
import { describeError } from "../../shared/app/log.ts";
import { noStore } from "../../shared/app/no-store.ts";
import { refuseOtherSites } from "../../shared/app/same-origin.ts";
import type { Services } from "../../shared/app/services.ts";
import { type SessionIndex, SessionStore } from "../../shared/app/session-store.ts";
import { destroySession, regenerateSession, saveSession } from "../../shared/app/session.ts";
import { isReadable } from "../../shared/app/readable.ts";
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
  redis.on("error", (error) => console.warn(`Redis: ${describeError(error)}`));
  return redis;
}

// bcrypt reads 72 bytes and ignores the rest; a longer password would match on its start alone.
// NFC, since keyboards differ in how they send an é; the database hashes that form, too.
const Password = z
  .string()
  .normalize("NFC")
  .refine((password) => Buffer.byteLength(password) <= 72);

const LoginSchema = z.object({
  email: z.string().trim().toLowerCase().pipe(z.email()),
  password: Password,
});

const PasswordChangeSchema = z.object({
  currentPassword: Password,
  newPassword: Password.min(8),
});

const ProfileSchema = z.object({
  displayName: z.string().trim().min(1).max(80).refine(isReadable),
});

// What others may see: field by field, so that a new column stays private until it is added here.
const profileOf = ({ id, email, displayName }: User) => ({ id, email, displayName });

// A sorted set per user: the key of each session, and the moment at which it ends.
const indexOf = (userId: string) => `sessions:${userId}`;
const endOf = (ttlSeconds: number) => Date.now() + ttlSeconds * 1000;
// The clocks of two servers differ: nobody's session is taken for dead a moment too early.
const graceMs = 60_000;

const sessionIndex: SessionIndex = {
  add(transaction, { userId, key, ttlSeconds }) {
    const index = indexOf(userId);
    transaction
      .zremrangebyscore(index, "-inf", Date.now() - graceMs)
      .zadd(index, endOf(ttlSeconds), key)
      .expire(index, ttlSeconds);
  },
  prolong(transaction, { userId, key, ttlSeconds }) {
    const index = indexOf(userId);
    // XX, as for the session: what has ended meanwhile does not come back.
    transaction.zadd(index, "XX", endOf(ttlSeconds), key).expire(index, ttlSeconds);
  },
  remove(transaction, { userId, key }) {
    transaction.zrem(indexOf(userId), key);
  },
};

export function createApp({ redis, db, config }: Services): Express {
  const production = config.env === "production";
  if (!config.sessionSecret || config.sessionSecret.length < minSecretLength) {
    throw new Error(`SESSION_SECRET must be set, to at least ${minSecretLength} characters.`);
  }

  const app = express();
  app.set("env", config.env);
  app.disable("x-powered-by");
  // What this app answers is personal: no cache may keep it.
  app.use(noStore);
  app.use(express.json());

  app.get("/health", (_req, res) => {
    res.json({ data: { ok: true } });
  });

  if (production) {
    // One TLS proxy stands in front, and nobody else reaches this port: what it wrote into X-Forwarded-*
    // counts, and nothing further out.
    // It has to overwrite X-Forwarded-Proto: of several values, Express takes the first.
    app.set("trust proxy", 1);
    app.use(requireHttps);
  }

  // A page of another site can post here: without this it could log people out.
  app.use(refuseOtherSites);

  // A browser takes a __Host- cookie over https alone, from this very host, for all of its paths.
  const cookieName = production ? "__Host-sid" : "sid";
  const cookieFlags = { path: "/", httpOnly: true, secure: production, sameSite: "lax" } as const;

  app.use(
    session({
      name: cookieName,
      // The first secret signs; the others still open the cookies of the time before a rotation.
      secret: [config.sessionSecret, ...config.previousSessionSecrets],
      resave: false,
      saveUninitialized: false,
      // Each request prolongs the key in Redis, so each answer prolongs the cookie.
      rolling: true,
      store: new SessionStore({
        client: redis,
        // XX, only where a key is: a request under way must not bring an ended session back.
        rewrite: (key, value, ttlSeconds) => redis.set(key, value, "EX", ttlSeconds, "XX"),
        index: sessionIndex,
      }),
      cookie: { ...cookieFlags, maxAge: sessionLifeMs },
    }),
  );

  app.get("/visits", (req, res) => {
    req.session.visits = (req.session.visits ?? 0) + 1;
    res.json({ data: { visits: req.session.visits } });
  });

  // Nobody's password. An unknown email is compared with it, to take as long as a known one.
  const decoyHash = bcrypt.hashSync(randomUUID(), db.bcryptCost);

  // A hash keeps a processor busy: strangers may not queue up more than a second's worth of them.
  app.post("/auth/login", limitConcurrency(16));

  const endSession = async (req: Request, res: Response): Promise<void> => {
    // The key first: a cleared cookie alone would leave a stolen copy of it at work.
    await destroySession(req);
    // Name and flags as they were set: a browser ignores the end of a cookie it does not recognise.
    res.clearCookie(cookieName, cookieFlags);
  };

  /** Ends what the index knows now: a login that comes later is another one, and stays in the index. */
  const endSessionsOf = async (userId: string): Promise<void> => {
    const index = indexOf(userId);
    const keys = await redis.zrange(index, "0", "-1");
    if (keys.length === 0) return;
    // The sessions first: an entry without a session harms nobody, a session without one stays for good.
    await redis.del(...keys);
    await redis.zrem(index, ...keys);
  };

  /** Resolves to false when the password was changed, or its owner banned, while it was compared. */
  const startSession = async (req: Request, res: Response, user: User): Promise<boolean> => {
    // A new id on login, so a session id that an attacker planted is worthless.
    await regenerateSession(req);
    req.session.userId = user.id;
    // Answering first would let the browser come back before its session is stored.
    await saveSession(req);
    // Only now: whoever changes the user from here on finds this session in the index.
    const now = await db.users.findById(user.id);
    if (now && !now.banned && now.passwordHash === user.passwordHash) return true;
    await endSession(req, res);
    return false;
  };

  app.post("/auth/login", validate({ body: LoginSchema }), async (req, res) => {
    const { email, password } = req.validBody;
    const user = await db.users.findByEmail(email);
    const matches = await bcrypt.compare(password, user?.passwordHash ?? decoyHash);
    if (!user || !matches) {
      res.status(401).json({ error: { code: "invalid_credentials" } });
      return;
    }
    // Whoever knows the password may know why.
    if (user.banned) {
      res.status(403).json({ error: { code: "banned" } });
      return;
    }
    if (!(await startSession(req, res, user))) {
      res.status(401).json({ error: { code: "invalid_credentials" } });
      return;
    }
    res.json({ data: { id: user.id, email: user.email } });
  });

  const requireAuth: RequestHandler = async (req, res, next) => {
    const { userId } = req.session;
    // The session says who logged in; the database says who they are now.
    const user = userId && (await db.users.findById(userId));
    if (!user || user.banned) {
      if (userId) await endSession(req, res);
      res.status(401).json({ error: { code: "not_authenticated" } });
      return;
    }
    req.user = user;
    next();
  };

  const requireAdmin: RequestHandler = (req, res, next) => {
    if (req.user.role === "admin") next();
    else res.status(403).json({ error: { code: "forbidden" } });
  };

  app.get("/me", requireAuth, (req, res) => {
    res.json({ data: profileOf(req.user) });
  });

  app.patch("/me", requireAuth, validate({ body: ProfileSchema }), async (req, res) => {
    const changed = await db.users.update(req.user.id, req.validBody);
    // Somebody may have been deleted since the guard looked.
    if (!changed) {
      res.status(401).json({ error: { code: "not_authenticated" } });
      return;
    }
    res.json({ data: profileOf(changed) });
  });

  app.post("/auth/logout", async (req, res) => {
    await endSession(req, res);
    res.status(204).end();
  });

  app.post("/auth/logout-all", async (req, res) => {
    const { userId } = req.session;
    if (userId) await endSessionsOf(userId);
    await endSession(req, res);
    res.status(204).end();
  });

  app.post(
    "/me/password",
    requireAuth,
    limitConcurrency(16),
    validate({ body: PasswordChangeSchema }),
    async (req, res) => {
      const { currentPassword, newPassword } = req.validBody;
      const matches = await bcrypt.compare(currentPassword, req.user.passwordHash);
      const user = matches && (await db.users.changePassword(req.user, newPassword));
      // The password first: whoever logs in with the old one from here on is noticed.
      if (user) await endSessionsOf(user.id);
      if (!user || !(await startSession(req, res, user))) {
        res.status(401).json({ error: { code: "invalid_credentials" } });
        return;
      }
      res.status(204).end();
    },
  );

  app.get("/me/sessions", requireAuth, async (req, res) => {
    res.json({ data: { sessions: await redis.zcard(indexOf(req.user.id)) } });
  });

  const admin = express.Router();
  admin.use(requireAuth, requireAdmin);
  const outcomes = { banned: 204, unknown: 404, "last administrator": 422 } as const;
  admin.post("/users/:id/ban", async (req, res) => {
    const outcome = await db.users.ban(req.params.id);
    if (outcome === "banned") await endSessionsOf(req.params.id);
    res.status(outcomes[outcome]).json({ error: { code: outcome } });
  });
  admin.delete("/users/:id/ban", async (req, res) => {
    res.sendStatus((await db.users.unban(req.params.id)) ? 204 : 404);
  });
  app.use("/admin", admin);

  app.use(errorHandler);
  return app;
}
