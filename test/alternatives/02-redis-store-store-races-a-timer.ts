// The client has no time-out of its own: the store races every call against a timer.
import { callbackify } from "node:util";
import { RedisStore } from "connect-redis";
import express, { type Express } from "express";
import session, { type SessionData } from "express-session";
import { Redis } from "ioredis";
import { errorHandler } from "../../shared/app/error-handler.ts";
import type { Services } from "../../shared/app/services.ts";

const sessionLifeMs = 24 * 60 * 60 * 1000;

const patienceMs = 2_000;

/** A Redis store whose calls end after two seconds, even when Redis says nothing at all. */
class PatientStore extends session.Store {
  readonly #store: RedisStore;

  constructor(client: Redis) {
    super();
    this.#store = new RedisStore({ client });
  }

  override get(id: string, done: (error: unknown, data?: SessionData | null) => void): void {
    callbackify(() => withinPatience(this.#store.get(id)))(done);
  }

  override set(id: string, data: SessionData, done: (error?: unknown) => void = () => {}): void {
    callbackify(() => withinPatience(this.#store.set(id, data)))(done);
  }

  override touch(id: string, data: SessionData, done: (error?: unknown) => void = () => {}): void {
    callbackify(() => withinPatience(this.#store.touch(id, data)))(done);
  }

  override destroy(id: string, done: (error?: unknown) => void = () => {}): void {
    callbackify(() => withinPatience(this.#store.destroy(id)))(done);
  }
}

function withinPatience<Result>(answer: Promise<Result>): Promise<Result> {
  let timer: NodeJS.Timeout | undefined;
  const tooLate = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error("Redis takes too long to answer.")), patienceMs);
  });
  return Promise.race([answer, tooLate]).finally(() => clearTimeout(timer));
}

export function connectRedis(url: string): Redis {
  const redis = new Redis(url, {
    maxRetriesPerRequest: 2,
    retryStrategy: () => 100,
  });
  // ioredis reconnects on its own. Without a listener it also writes a stack trace per attempt.
  redis.on("error", (error) => console.warn(`Redis: ${error.message}`));
  return redis;
}

export function createApp({ redis, config }: Services): Express {
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
      store: new PatientStore(redis),
      cookie: {
        maxAge: sessionLifeMs,
      },
    }),
  );

  app.get("/visits", (req, res) => {
    req.session.visits = (req.session.visits ?? 0) + 1;
    res.set("Cache-Control", "no-store").json({ data: { visits: req.session.visits } });
  });

  app.use(errorHandler);
  return app;
}
