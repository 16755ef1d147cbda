// A middleware looks at the state of the connection, and answers 503 while there is none.
import { RedisStore } from "connect-redis";
import { once } from "node:events";
import express, { type Express, type RequestHandler } from "express";
import session from "express-session";
import { Redis } from "ioredis";
import { errorHandler } from "../../shared/app/error-handler.ts";
import type { Services } from "../../shared/app/services.ts";

const sessionLifeMs = 24 * 60 * 60 * 1000;

export function connectRedis(url: string): Redis {
  const redis = new Redis(url, {
    connectTimeout: 1_000,
    // For a server that took the connection and then falls silent.
    commandTimeout: 2_000,
    maxRetriesPerRequest: 1,
    retryStrategy: () => 200,
  });
  // ioredis reconnects on its own. Without a listener it also writes a stack trace per attempt.
  redis.on("error", (error) => console.warn(`Redis: ${error.message}`));
  return redis;
}

// Right after a start the connection is under way: give it a moment before turning people away.
const requireRedis =
  (redis: Redis): RequestHandler =>
  async (_req, res, next) => {
    if (redis.status === "ready" || redis.status === "wait" || (await becomesReady(redis))) {
      next();
      return;
    }
    res
      .status(503)
      .set("Retry-After", "1")
      .json({ error: { code: "unavailable" } });
  };

async function becomesReady(redis: Redis): Promise<boolean> {
  try {
    await once(redis, "ready", { signal: AbortSignal.timeout(1_500) });
    return true;
  } catch {
    return redis.status === "ready";
  }
}

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
    requireRedis(redis),
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

  app.use(errorHandler);
  return app;
}
