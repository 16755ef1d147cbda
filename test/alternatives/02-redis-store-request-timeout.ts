// A middleware gives every request two seconds, and ends those that wait for the session longer.
import { RedisStore } from "connect-redis";
import express, { type Express, type RequestHandler } from "express";
import session from "express-session";
import { Redis } from "ioredis";
import { errorHandler } from "../../shared/app/error-handler.ts";
import type { Services } from "../../shared/app/services.ts";

const sessionLifeMs = 24 * 60 * 60 * 1000;

export function connectRedis(url: string): Redis {
  const redis = new Redis(url, {
    maxRetriesPerRequest: 1,
    retryStrategy: () => 250,
  });
  // ioredis reconnects on its own. Without a listener it also writes a stack trace per attempt.
  redis.on("error", (error) => console.warn(`Redis: ${error.message}`));
  return redis;
}

// Whatever the session waits for: the visitor reads an error after `patienceMs`.
const endAfter =
  (patienceMs: number): RequestHandler =>
  (_req, res, next) => {
    const timer = setTimeout(() => {
      if (res.headersSent) res.destroy();
      else res.status(503).json({ error: { code: "unavailable" } });
    }, patienceMs);
    res.on("close", () => clearTimeout(timer));
    next();
  };

// The time-out has answered, and the session came after all: nothing is left to do.
const stopIfAnswered: RequestHandler = (_req, res, next) => {
  if (!res.headersSent) next();
};

export function createApp({ redis, config }: Services): Express {
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
    endAfter(2_000),
    session({
      secret,
      resave: false,
      saveUninitialized: false,
      store: new RedisStore({ client: redis }),
      cookie: {
        maxAge: sessionLifeMs,
      },
    }),
    stopIfAnswered,
  );

  app.get("/visits", (req, res) => {
    req.session.visits = (req.session.visits ?? 0) + 1;
    res.set("Cache-Control", "no-store").json({ data: { visits: req.session.visits } });
  });

  app.use(errorHandler);
  return app;
}
