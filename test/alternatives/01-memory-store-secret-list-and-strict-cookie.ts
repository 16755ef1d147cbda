// A list of secrets, a cookie name of its own, SameSite=Strict and an hour to live.
import express, { type Express } from "express";
import session from "express-session";
import { errorHandler } from "../../shared/app/error-handler.ts";
import type { Services } from "../../shared/app/services.ts";

export const createApp = ({ config }: Services): Express => {
  const app = express();
  app.set("env", config.env);
  app.disable("x-powered-by");
  app.use(express.json());

  // Whoever knows the secret can sign session cookies. Step 6 does away with this fallback.
  const secret = config.sessionSecret ?? "only for the first steps";

  app.get("/health", (_req, res) => {
    res.json({ data: { ok: true } });
  });

  app.use(
    session({
      name: "visitor",
      secret: [secret, ...config.previousSessionSecrets],
      resave: false,
      saveUninitialized: false,
      cookie: { httpOnly: true, sameSite: "strict", maxAge: 60 * 60 * 1000 },
    }),
  );

  app.get("/visits", (req, res) => {
    if (req.session.visits === undefined) {
      req.session.visits = 1;
    } else {
      req.session.visits += 1;
    }
    res.set("Cache-Control", "no-store");
    res.status(200).send({ data: { visits: req.session.visits } });
  });

  app.use(errorHandler);
  return app;
};
