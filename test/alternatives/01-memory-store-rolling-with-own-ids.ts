// A rolling session of half an hour, with ids of 192 random bits from node:crypto.
import { randomBytes } from "node:crypto";
import express, { type Express } from "express";
import session from "express-session";
import { errorHandler } from "../../shared/app/error-handler.ts";
import type { Services } from "../../shared/app/services.ts";

const idleLifeMs = 30 * 60 * 1000;

export function createApp({ config }: Services): Express {
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
      genid: () => randomBytes(24).toString("base64url"),
      resave: false,
      saveUninitialized: false,
      rolling: true,
      unset: "destroy",
      cookie: { maxAge: idleLifeMs, sameSite: "lax" },
    }),
  );

  app.get("/visits", (req, res) => {
    req.session.visits = (req.session.visits ?? 0) + 1;
    res.set("Cache-Control", "no-store").json({ data: { visits: req.session.visits } });
  });

  app.use(errorHandler);
  return app;
}
