// A class knows the cookie and its store, and opens, reads and ends sessions.
import { randomUUID } from "node:crypto";
import { promisify } from "node:util";
import bcrypt from "bcrypt";
import { RedisStore } from "connect-redis";
import express, {
  type CookieOptions,
  type Express,
  type Request,
  type RequestHandler,
  type Response,
} from "express";
import session from "express-session";
import { Redis } from "ioredis";
import { z } from "zod";
import type { User } from "../../shared/app/database.ts";
import { errorHandler } from "../../shared/app/error-handler.ts";
import { refuseOtherSites } from "../../shared/app/same-origin.ts";
import type { Services } from "../../shared/app/services.ts";
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

// What others may see: field by field, so that a new column stays private until it is added here.
const profileOf = ({ id, email, displayName }: User) => ({ id, email, displayName });

/** Takes a session for new when it has not been stored before: those have no `#stored` of ours. */
class LastingStore extends RedisStore {
  readonly #stored = new WeakSet<object>();
  readonly #redis: Redis;

  constructor(options: ConstructorParameters<typeof RedisStore>[0], redis: Redis) {
    super(options);
    this.#redis = redis;
  }

  override createSession(req: Request, data: session.SessionData) {
    const stored = super.createSession(req, data);
    this.#stored.add(stored);
    return stored;
  }

  override async set(id: string, data: session.SessionData, done?: (error?: unknown) => void) {
    if (!this.#stored.has(data)) return super.set(id, data, done);
    const key = this.prefix + id;
    // Nothing is done when the key went away between the two: a transaction that saw a change.
    const connection = this.#redis.duplicate();
    try {
      await connection.watch(key);
      if (await connection.exists(key)) {
        await connection.multi().set(key, JSON.stringify(data), "PX", sessionLifeMs).exec();
      }
      done?.();
    } catch (error) {
      done?.(error);
    } finally {
      connection.disconnect();
    }
  }
}

class Logins {
  readonly middleware: RequestHandler;
  readonly #name = "login";
  readonly #flags: CookieOptions & { sameSite: "strict" } = {
    httpOnly: true,
    path: "/",
    sameSite: "strict",
  };

  constructor(redis: Redis, secret: string) {
    this.middleware = session({
      name: this.#name,
      secret,
      resave: false,
      saveUninitialized: false,
      store: new LastingStore({ client: redis, prefix: `${this.#name}:` }, redis),
      cookie: { ...this.#flags, maxAge: sessionLifeMs },
    });
  }

  /** Resolves when Redis has the new session. */
  async begin(req: Request, userId: string): Promise<void> {
    await promisify(req.session.regenerate.bind(req.session))();
    req.session.userId = userId;
    await promisify(req.session.save.bind(req.session))();
  }

  /** Resolves when Redis no longer has the session; the cookie goes with the answer. */
  async end(req: Request, res: Response): Promise<void> {
    await promisify(req.session.destroy.bind(req.session))();
    res.clearCookie(this.#name, this.#flags);
  }
}

export function createApp({ redis, db, config }: Services): Express {
  const app = express();
  app.set("env", config.env);
  app.disable("x-powered-by");
  app.use(refuseOtherSites);
  app.use(express.json());

  app.get("/health", (_req, res) => {
    res.json({ data: { ok: true } });
  });

  // Whoever knows the secret can sign session cookies. Step 6 does away with this fallback.
  const secret = config.sessionSecret ?? "only for the first steps";

  const logins = new Logins(redis, secret);
  app.use(logins.middleware);

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
    await logins.begin(req, user.id);
    res.set("Cache-Control", "no-store").json({ data: { id: user.id, email: user.email } });
  });

  const requireAuth: RequestHandler = async (req, res, next) => {
    const { userId } = req.session;
    // The session says who logged in; the database says who they are now.
    const user = userId && (await db.users.findById(userId));
    if (!user) {
      if (userId) await logins.end(req, res);
      res.status(401).json({ error: { code: "not_authenticated" } });
      return;
    }
    req.user = user;
    res.set("Cache-Control", "no-store");
    next();
  };

  app.get("/me", requireAuth, (req, res) => {
    res.json({ data: profileOf(req.user) });
  });

  app.patch("/me", requireAuth, validate({ body: ProfileSchema }), async (req, res) => {
    const user = await db.users.update(req.user.id, req.validBody);
    // Somebody may have been deleted since the guard looked.
    if (!user) {
      res.status(401).json({ error: { code: "not_authenticated" } });
      return;
    }
    res.json({ data: profileOf(user) });
  });

  app.post("/auth/logout", async (req, res) => {
    // The key first: a cleared cookie alone would leave a stolen copy of it at work.
    await logins.end(req, res);
    res.status(204).end();
  });

  app.use(errorHandler);
  return app;
}
