// A store of one's own: sessions as text in a Map, one Map per app.
import express, { type Express } from "express";
import session, { Store, type SessionData } from "express-session";
import { errorHandler } from "../../shared/app/error-handler.ts";
import { noStore } from "../../shared/app/no-store.ts";
import type { Services } from "../../shared/app/services.ts";

class TextStore extends Store {
  readonly #sessions = new Map<string, string>();

  get(id: string, done: (error: unknown, session?: SessionData | null) => void): void {
    const text = this.#sessions.get(id);
    queueMicrotask(() => done(null, text ? JSON.parse(text) : null));
  }

  set(id: string, data: SessionData, done?: (error?: unknown) => void): void {
    this.#sessions.set(id, JSON.stringify(data));
    queueMicrotask(() => done?.());
  }

  destroy(id: string, done?: (error?: unknown) => void): void {
    this.#sessions.delete(id);
    queueMicrotask(() => done?.());
  }
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
  const store = new TextStore();
  app.use(session({ store, secret, resave: false, saveUninitialized: false }));
  app.get("/visits", ({ session }, res) => {
    session.visits = (session.visits ?? 0) + 1;
    res.json({ data: { visits: session.visits } });
  });

  app.use(errorHandler);
  return app;
}
