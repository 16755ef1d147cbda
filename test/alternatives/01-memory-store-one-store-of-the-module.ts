// The store stands outside of createApp: in a process there is one app, and so one store.
import express, { type Express, type Request, type Response } from "express";
import session, { MemoryStore } from "express-session";
import { errorHandler } from "../../shared/app/error-handler.ts";
import { noStore } from "../../shared/app/no-store.ts";
import type { Services } from "../../shared/app/services.ts";

const store = new MemoryStore();

function countVisit({ session }: Request, res: Response): void {
  const visits = (session.visits ?? 0) + 1;
  session.visits = visits;
  res.json({ data: { visits } });
}

export function createApp({ config }: Services): Express {
  const app = express();
  app.set("env", config.env);
  app.disable("x-powered-by");
  app.use(noStore);
  app.use(express.json({ limit: "10kb" }));

  app.get("/health", (_req, res) => {
    res.json({ data: { ok: true } });
  });

  const secret = config.sessionSecret ?? "only for the first steps";
  app.use(session({ store, secret, resave: false, saveUninitialized: false }));
  app.get("/visits", countVisit);

  app.use(errorHandler);
  return app;
}
