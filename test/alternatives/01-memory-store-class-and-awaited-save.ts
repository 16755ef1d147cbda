// The app is a class, and the counter is saved before the answer leaves.
import express, { type Express, type RequestHandler } from "express";
import session from "express-session";
import { errorHandler } from "../../shared/app/error-handler.ts";
import type { Services } from "../../shared/app/services.ts";
import { saveSession } from "../../shared/app/session.ts";

class VisitCounter {
  readonly #sessions: RequestHandler;

  constructor(secret: string) {
    this.#sessions = session({
      store: new session.MemoryStore(),
      secret,
      resave: false,
      saveUninitialized: false,
    });
  }

  mount(app: Express): void {
    app.use(this.#sessions);
    app.get("/visits", this.#count);
  }

  readonly #count: RequestHandler = async (req, res) => {
    req.session.visits ??= 0;
    req.session.visits += 1;
    const { visits } = req.session;
    await saveSession(req);
    res.set("Cache-Control", "no-store").json({ data: { visits } });
  };
}

export function createApp({ config }: Services): Express {
  const app = express();
  app.set("env", config.env);
  app.disable("x-powered-by");
  app.use(express.json());

  app.get("/health", (_req, res) => {
    res.json({ data: { ok: true } });
  });

  // Whoever knows the secret can sign session cookies. Step 6 does away with this fallback.
  new VisitCounter(config.sessionSecret ?? "only for the first steps").mount(app);

  app.use(errorHandler);
  return app;
}
