import { RedisStore } from "connect-redis";
import express, { type Express } from "express";
import session from "express-session";
import { Redis } from "ioredis";
import { limitConcurrency } from "../../shared/app/concurrency.ts";
import { errorHandler } from "../../shared/app/error-handler.ts";
import { describeError } from "../../shared/app/log.ts";
import { noStore } from "../../shared/app/no-store.ts";
import type { Services } from "../../shared/app/services.ts";

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

// TODO 3.1: Describe a login with zod: an email, however it is typed, and a password that bcrypt
// can read whole. Then have the route below validate its body.

export function createApp({ redis, config }: Services): Express {
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

  // A hash keeps a processor busy: strangers may not queue up more than a second's worth of them.
  app.post("/auth/login", limitConcurrency(16));

  app.post("/auth/login", async (_req, res) => {
    // TODO 3.2: Find the user and compare the password. Neither the answer nor the clock may tell
    // which emails exist.
    // TODO 3.3: Give the visitor a fresh session id before you store the user.
    // TODO 3.4: Store the user's id, and answer once Redis has it.
    res.status(501).json({ error: { code: "not_implemented" } });
  });

  app.use(errorHandler);
  return app;
}
