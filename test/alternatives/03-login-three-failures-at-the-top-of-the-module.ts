// Three failures a minute for an account and address, counted at the top of the module.
import { randomUUID } from "node:crypto";
import bcrypt from "bcrypt";
import { RedisStore } from "connect-redis";
import express, { type Express } from "express";
import session from "express-session";
import { Redis } from "ioredis";
import { z } from "zod";
import { limitConcurrency } from "../../shared/app/concurrency.ts";
import { errorHandler } from "../../shared/app/error-handler.ts";
import { describeError } from "../../shared/app/log.ts";
import { noStore } from "../../shared/app/no-store.ts";
import type { Services } from "../../shared/app/services.ts";
import { regenerateSession, saveSession } from "../../shared/app/session.ts";
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
  redis.on("error", (error) => console.warn(`Redis: ${describeError(error)}`));
  return redis;
}

const LoginSchema = z.object({
  email: z.string().trim().toLowerCase().pipe(z.email()),
  // bcrypt reads 72 bytes and ignores the rest; a longer password would match on its start alone.
  // NFC, since keyboards differ in how they send an é; the database hashes that form, too.
  password: z
    .string()
    .normalize("NFC")
    .refine((password) => Buffer.byteLength(password) <= 72),
});

/** When they failed, by account and address. */
const failures = new Map<string, number[]>();

export function createApp({ redis, db, config }: Services): Express {
  const app = express();
  app.set("env", config.env);
  app.disable("x-powered-by");
  // What this app answers is personal: no cache may keep it.
  app.use(noStore);
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
    // For every email alike, whether it has an account or not.
    const key = `${email} ${req.ip}`;
    const recent = (failures.get(key) ?? []).filter((at) => at > Date.now() - 60_000);
    if (recent.length >= 3) {
      res.set("Retry-After", "60");
      res.status(429).json({ error: { code: "too_many_attempts" } });
      return;
    }
    const user = await db.users.findByEmail(email);
    const matches = await bcrypt.compare(password, user?.passwordHash ?? decoyHash);
    if (!user || !matches) {
      // Whoever makes up emails fills no memory.
      if (failures.size >= 10_000) failures.clear();
      failures.set(key, [...recent, Date.now()]);
      res.status(401).json({ error: { code: "invalid_credentials" } });
      return;
    }
    failures.delete(key);
    // A new id on login, so a session id that an attacker planted is worthless.
    await regenerateSession(req);
    req.session.userId = user.id;
    // Answering first would let the browser come back before its session is stored.
    await saveSession(req);
    res.json({ data: { id: user.id, email: user.email } });
  });

  app.use(errorHandler);
  return app;
}
