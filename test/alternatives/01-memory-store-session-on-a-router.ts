// The session is mounted on the one router that needs it, and the counter is a function of its own.
import express, { Router, type Express, type Request } from "express";
import session from "express-session";
import { errorHandler } from "../../shared/app/error-handler.ts";
import type { Config } from "../../shared/app/config.ts";
import type { Services } from "../../shared/app/services.ts";

export function createApp({ config }: Services): Express {
  const app = express();
  app.set("env", config.env);
  app.disable("x-powered-by");
  app.use(express.json());
  app.get("/health", (_req, res) => {
    res.json({ data: { ok: true } });
  });
  app.use("/visits", visitsRouter(config));
  app.use(errorHandler);
  return app;
}

function visitsRouter({ sessionSecret }: Config): Router {
  const router = Router();
  router.use(
    session({
      // Whoever knows the secret can sign session cookies. Step 6 does away with this fallback.
      secret: sessionSecret ?? "only for the first steps",
      resave: false,
      saveUninitialized: false,
    }),
  );
  router.get("/", (req, res) => {
    res.set("Cache-Control", "no-store").json({ data: { visits: countVisit(req) } });
  });
  return router;
}

function countVisit(req: Request): number {
  const visits = (req.session.visits ?? 0) + 1;
  req.session.visits = visits;
  return visits;
}
