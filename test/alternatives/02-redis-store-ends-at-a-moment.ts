// A store of its own that tells Redis at which moment each key ends, not how long it lives.
import { callbackify } from "node:util";
import express, { type Express } from "express";
import session, { type SessionData } from "express-session";
import { Redis } from "ioredis";
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

class MomentStore extends session.Store {
  readonly #redis: Redis;

  constructor(redis: Redis) {
    super();
    this.#redis = redis;
  }

  override get(id: string, done: (error: unknown, data?: SessionData | null) => void): void {
    callbackify(async (): Promise<SessionData | null> => {
      const json = await this.#redis.get(keyOf(id));
      return json === null ? null : JSON.parse(json);
    })(done);
  }

  override set(id: string, data: SessionData, done: (error?: unknown) => void = () => {}): void {
    callbackify(() => this.#redis.set(keyOf(id), JSON.stringify(data), "PXAT", endOf(data)))(done);
  }

  override touch(id: string, data: SessionData, done: (error?: unknown) => void = () => {}): void {
    callbackify(() => this.#redis.pexpireat(keyOf(id), endOf(data)))(done);
  }

  override destroy(id: string, done: (error?: unknown) => void = () => {}): void {
    callbackify(() => this.#redis.unlink(keyOf(id)))(done);
  }
}

const keyOf = (id: string) => `session/${id}`;

/** In milliseconds since 1970. */
function endOf({ cookie }: SessionData): number {
  return cookie.expires ? new Date(cookie.expires).getTime() : Date.now() + sessionLifeMs;
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
      store: new MomentStore(redis),
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
