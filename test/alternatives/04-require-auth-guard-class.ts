// A class holds the users and guards, and a second one serves the profile.
import { randomUUID } from "node:crypto";
import bcrypt from "bcrypt";
import { RedisStore } from "connect-redis";
import express, {
  type ErrorRequestHandler,
  type Express,
  type Request,
  type RequestHandler,
  type Response,
} from "express";
import session from "express-session";
import { Redis } from "ioredis";
import { z } from "zod";
import type { User, UserRepository } from "../../shared/app/database.ts";
import { errorHandler } from "../../shared/app/error-handler.ts";
import type { Services } from "../../shared/app/services.ts";
import { destroySession, regenerateSession, saveSession } from "../../shared/app/session.ts";
import { validate } from "../../shared/app/validate.ts";

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

const ProfileSchema = z.object({
  displayName: z.string().trim().min(1).max(80),
});

// What a schema refuses is the fault of the one who asks.
const refuseInvalidBodies: ErrorRequestHandler = (error, _req, res, next) => {
  if (res.headersSent || !(error instanceof z.ZodError)) next(error);
  else res.status(400).json({ error: { code: "invalid_body" } });
};

// What others may see: field by field, so that a new column stays private until it is added here.
const profileOf = ({ id, email, displayName }: User) => ({ id, email, displayName });

class Guard {
  readonly #users: UserRepository;

  constructor(users: UserRepository) {
    this.#users = users;
  }

  readonly requireAuth: RequestHandler = async (req, res, next) => {
    const user = await this.#authenticate(req);
    if (user === null) {
      res.status(401).json({ error: { code: "not_authenticated" } });
    } else {
      req.user = user;
      next();
    }
  };

  async #authenticate(req: Request): Promise<User | null> {
    if (!req.session.userId) return null;
    const user = await this.#users.findById(req.session.userId);
    if (user) return user;
    await destroySession(req);
    return null;
  }
}

class Profiles {
  readonly #users: UserRepository;

  constructor(users: UserRepository) {
    this.#users = users;
  }

  readonly show = (req: Request, res: Response): void => {
    res.set("Cache-Control", "no-store").json({ data: profileOf(req.user) });
  };

  readonly rename = async (req: Request, res: Response): Promise<void> => {
    const { displayName } = ProfileSchema.parse(req.body);
    const user = await this.#users.update(req.user.id, { displayName });
    if (!user) {
      res.status(401).json({ error: { code: "not_authenticated" } });
      return;
    }
    res.set("Cache-Control", "no-store").json({ data: profileOf(user) });
  };
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

  app.post("/auth/login", validate({ body: LoginSchema }), async (req, res) => {
    const { email, password } = req.validBody;
    const user = await db.users.findByEmail(email);
    const matches = await bcrypt.compare(password, user?.passwordHash ?? decoyHash);
    if (!user || !matches) {
      res.status(401).json({ error: { code: "invalid_credentials" } });
      return;
    }
    // A new id on login, so a session id that an attacker planted is worthless.
    await regenerateSession(req);
    req.session.userId = user.id;
    // Answering first would let the browser come back before its session is stored.
    await saveSession(req);
    res.set("Cache-Control", "no-store").json({ data: { id: user.id, email: user.email } });
  });

  const guard = new Guard(db.users);
  const profiles = new Profiles(db.users);

  app.get("/me", guard.requireAuth, profiles.show);
  app.patch("/me", guard.requireAuth, profiles.rename);

  app.use(refuseInvalidBodies, errorHandler);
  return app;
}
