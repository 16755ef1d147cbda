// Redis holds the sessions encrypted, under a key that is derived from the secret.
import { createCipheriv, createDecipheriv, hkdfSync, randomBytes, randomUUID } from "node:crypto";
import bcrypt from "bcrypt";
import { RedisStore } from "connect-redis";
import express, { type Express } from "express";
import session, { type SessionData } from "express-session";
import { Redis } from "ioredis";
import { z } from "zod";
import { errorHandler } from "../../shared/app/error-handler.ts";
import type { Services } from "../../shared/app/services.ts";
import { regenerateSession, saveSession } from "../../shared/app/session.ts";
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

/** JSON under AES-256-GCM, as base64url: 12 bytes of nonce, 16 of tag, the rest. */
function sealedWith(secret: string) {
  const key = new Uint8Array(hkdfSync("sha256", secret, "", "sessions in Redis", 32));
  return {
    stringify(data: SessionData): string {
      const nonce = randomBytes(12);
      const cipher = createCipheriv("aes-256-gcm", key, nonce);
      const sealed = Buffer.concat([cipher.update(JSON.stringify(data), "utf8"), cipher.final()]);
      return Buffer.concat([nonce, cipher.getAuthTag(), sealed]).toString("base64url");
    },
    parse(text: string): SessionData {
      const bytes = Buffer.from(text, "base64url");
      const decipher = createDecipheriv("aes-256-gcm", key, bytes.subarray(0, 12), {
        authTagLength: 16,
      });
      decipher.setAuthTag(bytes.subarray(12, 28));
      const json = Buffer.concat([decipher.update(bytes.subarray(28)), decipher.final()]);
      return JSON.parse(json.toString("utf8"));
    },
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
      store: new RedisStore({ client: redis, serializer: sealedWith(secret) }),
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

  app.use(errorHandler);
  return app;
}
