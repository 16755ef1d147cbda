import express, { type Express } from "express";
import session from "express-session";
import { Redis } from "ioredis";
import { errorHandler } from "../../shared/app/error-handler.ts";
import { noStore } from "../../shared/app/no-store.ts";
import type { Services } from "../../shared/app/services.ts";

// TODO 2.1: Limit how often and how long a command may try. Log the connection's errors yourself.
export function connectRedis(url: string): Redis {
  return new Redis(url);
}

export function createApp({ config }: Services): Express {
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
      // TODO 2.2: Keep the sessions in Redis: createApp receives the connection as `redis`.
      // TODO 2.3: Let a session last a day.
    }),
  );

  app.get("/visits", (req, res) => {
    req.session.visits = (req.session.visits ?? 0) + 1;
    res.json({ data: { visits: req.session.visits } });
  });

  app.use(errorHandler);
  return app;
}
