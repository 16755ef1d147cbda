// The last logins of each user, in a list that is kept short and ends by itself.
import { randomUUID } from "node:crypto";
import bcrypt from "bcrypt";
import { RedisStore } from "connect-redis";
import express, { type Express, type RequestHandler } from "express";
import session from "express-session";
import { Redis } from "ioredis";
import { z } from "zod";
import { limitConcurrency } from "../../shared/app/concurrency.ts";
import type { User } from "../../shared/app/database.ts";
import { errorHandler } from "../../shared/app/error-handler.ts";
import { describeError } from "../../shared/app/log.ts";
import { noStore } from "../../shared/app/no-store.ts";
import type { Services } from "../../shared/app/services.ts";
import { destroySession, regenerateSession, saveSession } from "../../shared/app/session.ts";
import { isReadable } from "../../shared/app/readable.ts";
import { validate } from "../../shared/app/validate.ts";

const sessionLifeMs = 24 * 60 * 60 * 1000;

export function connectRedis(url: string): Redis {
  const redis = new Redis(url, {
    // A visitor would rather read an error now than wait for a minute of retries.
    maxRetriesPerRequest: 1,
    connectTimeout: 1_000,
    commandTimeout: 2_000,
    // A connection that fell silent is replaced. TCP alone would wait for minutes.
    socketTimeout: 3_000,
  });
  // ioredis reconnects on its own. Without a listener it also writes a stack trace per attempt.
  redis.on("error", (error) => console.warn(`Redis: ${describeError(error)}`));
  return redis;
}

const LoginSchema = z.object({
  email: z.string().trim().toLowerCase().pipe(z.email()),
  // bcrypt reads 72 bytes and ignores the rest; a longer password would match on its start alone.
  // NFC, since keyboards differ in how they send an é; the database hashes that form, too. It takes
  // long for long texts: what could never fit is refused before.
  password: z
    .string()
    .max(256, { abort: true })
    .normalize("NFC")
    .refine((password) => Buffer.byteLength(password) <= 72),
});

const ProfileSchema = z.object({
  displayName: z.string().trim().min(1).max(80).refine(isReadable),
});

// What others may see: field by field, so that a new column stays private until it is added here.
const profileOf = ({ id, email, displayName }: User) => ({ id, email, displayName });

export function createApp({ redis, db, config }: Services): Express {
  const app = express();
  app.set("env", config.env);
  app.disable("x-powered-by");
  // What this app answers is personal: no cache may keep it.
  app.use(noStore);
  // What comes here is short: whoever sends much more only keeps the server at work.
  app.use(express.json({ limit: "10kb" }));

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
      // Each request prolongs the key in Redis, so each answer prolongs the cookie.
      rolling: true,
      store: new RedisStore({ client: redis }),
      cookie: {
        maxAge: sessionLifeMs,
      },
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
    const logins = `logins:${user.id}`;
    await redis
      .multi()
      .lpush(logins, new Date().toISOString())
      .ltrim(logins, 0, 49)
      .expire(logins, 30 * 24 * 60 * 60)
      .exec();
    await saveSession(req);
    res.json({ data: { id: user.id, email: user.email } });
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
    next();
  };

  app.get("/me", requireAuth, (req, res) => {
    res.json({ data: profileOf(req.user) });
  });

  app.get("/me/logins", requireAuth, async (req, res) => {
    res.json({ data: { logins: await redis.lrange(`logins:${req.user.id}`, 0, -1) } });
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

  app.use(errorHandler);
  return app;
}
