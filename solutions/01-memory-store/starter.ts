import express, { type Express } from "express";
import { errorHandler } from "../../shared/app/error-handler.ts";
import { noStore } from "../../shared/app/no-store.ts";
import type { Services } from "../../shared/app/services.ts";

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

  // TODO 1.1: Mount express-session here. No cookie before there is something to remember.

  app.get("/visits", (_req, res) => {
    // TODO 1.2: Count this visitor's visits in the session, and answer { data: { visits } }.
    res.status(501).json({ error: { code: "not_implemented" } });
  });

  app.use(errorHandler);
  return app;
}
