// The session stands in the route's own chain, behind security headers and a log of slow answers.
import express, { type Express, type RequestHandler } from "express";
import session from "express-session";
import { errorHandler } from "../../shared/app/error-handler.ts";
import type { Services } from "../../shared/app/services.ts";

const slowMs = 1_000;

const securityHeaders: RequestHandler = (_req, res, next) => {
  res.set({
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
  });
  next();
};

const logSlowAnswers: RequestHandler = (req, res, next) => {
  const start = performance.now();
  res.on("finish", () => {
    const tookMs = performance.now() - start;
    if (tookMs > slowMs) console.warn(`${req.method} ${req.path} took ${tookMs.toFixed()} ms`);
  });
  next();
};

const countVisit: RequestHandler = (req, res, next) => {
  const { visits = 0 } = req.session;
  req.session.visits = visits + 1;
  res.locals["visits"] = req.session.visits;
  next();
};

const showVisits: RequestHandler = (_req, res) => {
  res.set("Cache-Control", "no-store").json({ data: { visits: res.locals["visits"] } });
};

export function createApp({ config }: Services): Express {
  const app = express();
  app.set("env", config.env);
  app.disable("x-powered-by");
  app.use(securityHeaders, logSlowAnswers, express.json());

  const sessions = session({
    name: "sid",
    // Whoever knows the secret can sign session cookies. Step 6 does away with this fallback.
    secret: config.sessionSecret ?? "only for the first steps",
    resave: false,
    saveUninitialized: false,
  });

  app.get("/health", (_req, res) => {
    res.json({ data: { ok: true } });
  });
  app.get("/visits", sessions, countVisit, showVisits);
  app.get("/", (_req, res) => {
    res.json({ data: { routes: ["/health", "/visits"] } });
  });

  app.use(errorHandler);
  return app;
}
