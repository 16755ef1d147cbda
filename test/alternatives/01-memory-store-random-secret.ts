// Without a configured secret, one is made at the start: the sessions in memory end with it anyway.
import { randomBytes } from "node:crypto";
import express, { type Express } from "express";
import session from "express-session";
import { errorHandler } from "../../shared/app/error-handler.ts";
import type { Services } from "../../shared/app/services.ts";

export function createApp({ config }: Services): Express {
  const app = express();
  app.set("env", config.env);
  app.disable("x-powered-by");
  app.use(express.json());

  app.get("/health", (_req, res) => {
    res.json({ data: { ok: true } });
  });

  app.use(
    session({
      secret: config.sessionSecret ?? randomBytes(32).toString("hex"),
      resave: false,
      saveUninitialized: false,
    }),
  );

  app.get("/visits", (req, res) => {
    req.session.visits = (req.session.visits ?? 0) + 1;
    res.set("Cache-Control", "no-store").json({ data: { visits: req.session.visits } });
  });

  app.use(errorHandler);
  return app;
}
