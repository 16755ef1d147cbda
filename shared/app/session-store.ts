import { callbackify } from "node:util";
import { RedisStore } from "connect-redis";
import type { Request } from "express";
import type { Session, SessionData } from "express-session";
import type { Redis } from "ioredis";
import { z } from "zod";

/** How long Redis keeps a session without a user. Strangers can make as many as they like. */
const visitorLifeSeconds = 60 * 60;

type Callback = (error?: unknown, session?: SessionData | null) => void;

export interface SessionStoreOptions {
  client: Redis;
  /** What every key begins with: `sess:`. */
  prefix?: string;
  /**
   * Writes a session that was stored before. The default is `SET key value EX ttlSeconds`.
   *
   * @param key As `client` takes it.
   */
  rewrite?: (key: string, value: string, ttlSeconds: number) => Promise<unknown>;
}

/**
 * connect-redis' `RedisStore`, for production: it tells a session's first write from those that follow
 * (`rewrite`), lets sessions without a user expire early, and treats what it cannot read as no session.
 */
export class SessionStore extends RedisStore {
  readonly #rewrite: NonNullable<SessionStoreOptions["rewrite"]>;
  /** The sessions that Redis has: they were read from it, or written by this request. */
  readonly #stored = new WeakSet<object>();
  #reported = false;

  constructor({
    client,
    prefix = "sess:",
    rewrite = (key, value, ttlSeconds) => client.set(key, value, "EX", ttlSeconds),
  }: SessionStoreOptions) {
    super({
      client,
      prefix,
      ttl: ttlSecondsOf,
      serializer: { parse: (text) => this.#parse(text), stringify: JSON.stringify },
    });
    this.#rewrite = rewrite;
  }

  override async get(sid: string, done: Callback): Promise<void> {
    await super.get(sid, (error, session) => {
      // The key holds a list, a hash, …: somebody else's.
      if (error instanceof Error && error.message.startsWith("WRONGTYPE"))
        done(null, this.#unreadable());
      else done(error, session);
    });
  }

  override async set(sid: string, session: SessionData, done: Callback = () => {}): Promise<void> {
    if (!this.#stored.has(session)) {
      await super.set(sid, session, (error) => {
        if (!error) this.#stored.add(session);
        done(error);
      });
      return;
    }
    const rewrite = callbackify(this.#rewrite);
    const value = JSON.stringify(session);
    rewrite(this.prefix + sid, value, ttlSecondsOf(session), (error) => done(error));
  }

  override createSession(req: Request, data: SessionData): Session & SessionData {
    const session = super.createSession(req, data);
    this.#stored.add(session);
    return session;
  }

  #parse(text: string): SessionData {
    try {
      return StoredSession.parse(JSON.parse(text)) as unknown as SessionData;
    } catch {
      return this.#unreadable();
    }
  }

  /** What express-session takes for a session that is not there, typed as connect-redis wants it. */
  #unreadable(): SessionData {
    if (!this.#reported) console.error("Redis: a session cannot be read. Its visitor starts over.");
    this.#reported = true;
    return null as unknown as SessionData;
  }
}

/** What express-session stores, as far as the app relies on it. */
const StoredSession = z.looseObject({
  cookie: z.looseObject({
    originalMaxAge: z.number().nullable(),
    expires: z.iso.datetime().nullish(),
  }),
  userId: z.string().optional(),
  visits: z.number().optional(),
});

/** Until the cookie ends, or an hour for a session without a user. */
function ttlSecondsOf({ cookie, userId }: SessionData): number {
  const leftMs = cookie.expires ? Number(new Date(cookie.expires)) - Date.now() : Infinity;
  const longest = userId ? 24 * 60 * 60 : visitorLifeSeconds;
  return Math.min(Math.ceil(leftMs / 1000), longest);
}
