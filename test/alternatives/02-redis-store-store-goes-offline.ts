// The store tells express-session when the connection is gone, and the route asks for a session.
import { RedisStore } from "connect-redis";
import express, { type Express, type RequestHandler } from "express";
import session from "express-session";
import { Redis } from "ioredis";
import { errorHandler } from "../../shared/app/error-handler.ts";
import type { Services } from "../../shared/app/services.ts";

const sessionLifeMs = 24 * 60 * 60 * 1000;

export function connectRedis(url: string): Redis {
  const redis = new Redis(url, {
    connectTimeout: 1_000,
    commandTimeout: 2_500,
    maxRetriesPerRequest: 1,
    retryStrategy: (attempt) => Math.min(50 * 2 ** attempt, 800),
  });
  // ioredis reconnects on its own. Without a listener it also writes a stack trace per attempt.
  redis.on("error", (error) => console.warn(`Redis: ${error.message}`));
  return redis;
}

const requireSession: RequestHandler = (req, res, next) => {
  if (!req.session) {
    res.status(503).json({ error: { code: "unavailable" } });
    return;
  }
  next();
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

  const store = new RedisStore({ client: redis });
  // express-session then leaves req.session undefined, as if it were not there at all.
  redis.on("close", () => store.emit("disconnect"));
  redis.on("ready", () => store.emit("connect"));

  app.use(
    session({
      secret,
      resave: false,
      saveUninitialized: false,
      store,
      cookie: {
        maxAge: sessionLifeMs,
      },
    }),
    requireSession,
  );

  app.get("/visits", (req, res) => {
    req.session.visits = (req.session.visits ?? 0) + 1;
    res.set("Cache-Control", "no-store").json({ data: { visits: req.session.visits } });
  });

  app.use(errorHandler);
  return app;
}
