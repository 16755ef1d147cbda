// Refusals are thrown, an error handler answers, and an async wrapper hands them over.
import { randomUUID } from "node:crypto";
import bcrypt from "bcrypt";
import { RedisStore } from "connect-redis";
import express, {
  type ErrorRequestHandler,
  type Express,
  type Request,
  type RequestHandler,
} from "express";
import session from "express-session";
import { Redis } from "ioredis";
import { z } from "zod";
import type { User } from "../../shared/app/database.ts";
import { errorHandler } from "../../shared/app/error-handler.ts";
import type { Services } from "../../shared/app/services.ts";
import { regenerateSession, saveSession } from "../../shared/app/session.ts";

const sessionLifeMs = 24 * 60 * 60 * 1000;

export function connectRedis(url: string): Redis {
  const redis = new Redis(url, {
    // A visitor would rather read an error now than wait for a minute of retries.
    maxRetriesPerRequest: 1,
    connectTimeout: 1_000,
    commandTimeout: 2_000,
  });
  // ioredis reconnects on its own. Without a listener it also writes a stack trace per attempt.
  redis.on("error", (error) => console.warn(`Redis: ${error.message}`));
  return redis;
}

const LoginSchema = z.object({
  email: z.string().trim().toLowerCase().pipe(z.email()),
  // bcrypt reads 72 bytes and ignores the rest; a longer password would match on its start alone.
  password: z.string().refine((password) => Buffer.byteLength(password) <= 72),
});

class HttpError extends Error {
  readonly status: number;
  readonly code: string;

  constructor(status: number, code: string) {
    super(`${status} ${code}`);
    this.status = status;
    this.code = code;
  }
}

const answerHttpError: ErrorRequestHandler = (error, _req, res, next) => {
  if (res.headersSent || !(error instanceof HttpError)) {
    next(error);
    return;
  }
  res.status(error.status).json({ error: { code: error.code } });
};

const wrapped =
  (handler: (...args: Parameters<RequestHandler>) => Promise<void>): RequestHandler =>
  async (req, res, next) => {
    try {
      await handler(req, res, next);
    } catch (error) {
      next(error);
    }
  };

/** Resolves when Redis has the new session, which has nothing of the old one, not even its id. */
async function startSession(req: Request, user: User): Promise<void> {
  await regenerateSession(req);
  req.session.userId = user.id;
  await saveSession(req);
}

export function createApp({ redis, db, config }: Services): Express {
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
      resave: false,
      saveUninitialized: false,
      store: new RedisStore({ client: redis }),
      cookie: {
        maxAge: sessionLifeMs,
      },
    }),
  );

  app.get("/visits", (req, res) => {
    req.session.visits = (req.session.visits ?? 0) + 1;
    res.set("Cache-Control", "no-store").json({ data: { visits: req.session.visits } });
  });

  // Nobody's password. An unknown email is compared with it, to take as long as a known one.
  const decoyHash = bcrypt.hashSync(randomUUID(), db.bcryptCost);

  app.post(
    "/auth/login",
    wrapped(async (req, res) => {
      const user = await authenticate(req.body);
      await startSession(req, user);
      res.set("Cache-Control", "no-store");
      res.json({ data: { id: user.id, email: user.email } });
    }),
  );

  async function authenticate(body: unknown): Promise<User> {
    const login = LoginSchema.safeParse(body);
    if (!login.success) throw new HttpError(400, "invalid_body");
    const user = await db.users.findByEmail(login.data.email);
    const hash = user ? user.passwordHash : decoyHash;
    const matches = await bcrypt.compare(login.data.password, hash);
    if (!user || !matches) throw new HttpError(401, "invalid_credentials");
    return user;
  }

  app.use(answerHttpError, errorHandler);
  return app;
}
