// Callbacks all the way: for bcrypt, for a new session and for saving it.
import { randomUUID } from "node:crypto";
import { callbackify } from "node:util";
import bcrypt from "bcrypt";
import { RedisStore } from "connect-redis";
import express, { type Express } from "express";
import session from "express-session";
import { Redis } from "ioredis";
import { z } from "zod";
import type { User } from "../../shared/app/database.ts";
import { errorHandler } from "../../shared/app/error-handler.ts";
import type { Services } from "../../shared/app/services.ts";
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

export function createApp({ redis, db, config }: Services): Express {
  const app = express();
  app.set("env", config.env);
  app.disable("x-powered-by");
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

  const findByEmail = callbackify((email: string) => db.users.findByEmail(email));

  // Nobody's password. An unknown email is compared with it, to take as long as a known one.
  const decoyHash = bcrypt.hashSync(randomUUID(), db.bcryptCost);

  app.post("/auth/login", validate({ body: LoginSchema }), (req, res, next) => {
    const { email, password } = req.validBody;

    const logIn = (user: User) => {
      // A new id on login, so a session id that an attacker planted is worthless.
      req.session.regenerate((regenerateError) => {
        if (regenerateError) return next(regenerateError);
        req.session.userId = user.id;
        // Answering first would let the browser come back before its session is stored.
        req.session.save((saveError) => {
          if (saveError) return next(saveError);
          res.set("Cache-Control", "no-store");
          res.json({ data: { id: user.id, email: user.email } });
        });
      });
    };

    findByEmail(email, (findError, user) => {
      if (findError) return next(findError);
      bcrypt.compare(password, user?.passwordHash ?? decoyHash, (compareError, matches) => {
        if (compareError) return next(compareError);
        if (user && matches) return logIn(user);
        res.status(401).json({ error: { code: "invalid_credentials" } });
      });
    });
  });

  app.use(errorHandler);
  return app;
}
