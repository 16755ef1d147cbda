// When somebody was last seen is no part of the session: a read leaves the session alone.
import { RedisStore } from "connect-redis";
import express, { type Express } from "express";
import session from "express-session";
import { Redis } from "ioredis";
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
  });
  // ioredis reconnects on its own. Without a listener it also writes a stack trace per attempt.
  redis.on("error", (error) => console.warn(`Redis: ${describeError(error)}`));
  return redis;
}

export function createApp({ redis, config }: Services): Express {
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

  app.use((req, _res, next) => {
    if (req.session.visits) {
      const seen = new Date().toISOString();
      redis.set(`seen:${req.sessionID}`, seen, "PX", sessionLifeMs).catch(() => undefined);
    }
    next();
  });

  app.get("/visits", (req, res) => {
    req.session.visits = (req.session.visits ?? 0) + 1;
    res.json({ data: { visits: req.session.visits } });
  });

  app.use(errorHandler);
  return app;
}
