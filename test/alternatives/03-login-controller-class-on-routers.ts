// A controller class on a router of its own; each router mounts the sessions that it needs.
import { randomUUID } from "node:crypto";
import bcrypt from "bcrypt";
import { RedisStore } from "connect-redis";
import express, { Router, type Express, type Request, type Response } from "express";
import session from "express-session";
import { Redis } from "ioredis";
import { z } from "zod";
import type { Database, User, UserRepository } from "../../shared/app/database.ts";
import { errorHandler } from "../../shared/app/error-handler.ts";
import type { Services } from "../../shared/app/services.ts";

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

type Login = z.output<typeof LoginSchema>;

const LoginSchema = z.object({
  email: z.string().trim().toLowerCase().pipe(z.email()),
  // bcrypt reads 72 bytes and ignores the rest; a longer password would match on its start alone.
  password: z.string().refine((password) => Buffer.byteLength(password) <= 72),
});

class LoginController {
  readonly #users: UserRepository;
  // Nobody's password. An unknown email is compared with it, to take as long as a known one.
  readonly #decoyHash: string;

  constructor({ users, bcryptCost }: Database) {
    this.#users = users;
    this.#decoyHash = bcrypt.hashSync(randomUUID(), bcryptCost);
  }

  readonly handle = async (req: Request, res: Response): Promise<void> => {
    const login = LoginSchema.safeParse(req.body);
    if (!login.success) {
      res.status(400).json({ error: { code: "invalid_body" } });
    } else {
      const user = await this.#authenticate(login.data);
      if (user) {
        await this.#begin(req, user.id);
        res.set("Cache-Control", "no-store").json({ data: { id: user.id, email: user.email } });
      } else {
        res.status(401).json({ error: { code: "invalid_credentials" } });
      }
    }
  };

  async #authenticate({ email, password }: Login): Promise<User | undefined> {
    const user = await this.#users.findByEmail(email);
    const matches = await bcrypt.compare(password, user?.passwordHash ?? this.#decoyHash);
    return matches ? user : undefined;
  }

  #begin(req: Request, userId: string): Promise<void> {
    return new Promise((resolve, reject) => {
      const settle = (error: unknown) => (error ? reject(error) : resolve());
      req.session.regenerate((error) => {
        if (error) {
          reject(error);
          return;
        }
        req.session.userId = userId;
        req.session.save(settle);
      });
    });
  }
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

  const sessions = session({
    name: "sid",
    secret,
    resave: false,
    saveUninitialized: false,
    store: new RedisStore({ client: redis }),
    cookie: {
      maxAge: sessionLifeMs,
    },
  });

  app.get("/visits", sessions, (req, res) => {
    req.session.visits = (req.session.visits ?? 0) + 1;
    res.set("Cache-Control", "no-store").json({ data: { visits: req.session.visits } });
  });

  const login = new LoginController(db);
  const auth = Router();
  auth.use(sessions);
  auth.post("/login", login.handle);
  app.use("/auth", auth);

  app.use(errorHandler);
  return app;
}
