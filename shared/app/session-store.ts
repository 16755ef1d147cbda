import { callbackify } from "node:util";
import { RedisStore } from "connect-redis";
import type { Request } from "express";
import type { Session, SessionData } from "express-session";
import type { ChainableCommander, Redis } from "ioredis";
import { z } from "zod";

/** How long Redis keeps a session without a user, at the most. Strangers can make as many as they like. */
const visitorLifeSeconds = 60 * 60;
/** How long it keeps one whose cookie says nothing: it ends with the browser. */
const dayInSeconds = 24 * 60 * 60;

type Callback = (error?: unknown, session?: SessionData | null) => void;

/** A session of somebody who is logged in. */
export interface UserSession {
  userId: string;
  /** As `client` takes it. */
  key: string;
}

/**
 * What knows which sessions a user has. Each method adds its commands to those that change the session
 * itself: when it begins, Redis does all of it, or nothing; and it is never prolonged without its entry.
 */
export interface SessionIndex {
  /** The session begins, and lives `ttlSeconds` from now. */
  add(transaction: ChainableCommander, session: UserSession & { ttlSeconds: number }): void;
  /** It is in use, and lives `ttlSeconds` from now; unless it has ended meanwhile. */
  prolong(transaction: ChainableCommander, session: UserSession & { ttlSeconds: number }): void;
  /** It ends. These commands follow the one that ends it, and can fail on their own. */
  remove(commands: ChainableCommander, session: UserSession): void;
}

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
  /** Is told of the sessions of those who are logged in. */
  index?: SessionIndex;
}

/**
 * connect-redis' `RedisStore`, for production: it tells a session's first write from those that follow
 * (`rewrite`), lets sessions without a user expire early, keeps an index of those with one, and treats
 * what it cannot read as no session.
 */
export class SessionStore extends RedisStore {
  readonly #redis: Redis;
  readonly #rewrite: NonNullable<SessionStoreOptions["rewrite"]>;
  readonly #index: SessionIndex | undefined;
  /** The sessions that Redis has, each with its user there: they were read from it, or written by this request. */
  readonly #stored = new WeakMap<object, string | undefined>();
  #reported = false;

  constructor({
    client,
    prefix = "sess:",
    rewrite = (key, value, ttlSeconds) => client.set(key, value, "EX", ttlSeconds),
    index,
  }: SessionStoreOptions) {
    super({
      client,
      prefix,
      ttl: ttlSecondsOf,
      serializer: { parse: (text) => this.#parse(text), stringify: JSON.stringify },
    });
    this.#redis = client;
    this.#rewrite = rewrite;
    this.#index = index;
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
    const { userId } = session;
    const written: Callback = (error) => {
      if (!error) this.#stored.set(session, userId);
      done(error);
    };
    if (this.#stored.has(session)) {
      callbackify(() => this.#change(sid, session))(written);
      return;
    }
    const indexed = this.#indexed(sid, session);
    if (!indexed) {
      await super.set(sid, session, written);
      return;
    }
    callbackify(() => {
      const value = JSON.stringify(session);
      const transaction = this.#redis.multi().set(indexed.key, value, "EX", indexed.ttlSeconds);
      indexed.index.add(transaction, indexed);
      return execute(transaction);
    })(written);
  }

  override async touch(
    sid: string,
    session: SessionData,
    done: Callback = () => {},
  ): Promise<void> {
    const indexed = this.#indexed(sid, session);
    if (!indexed) {
      await super.touch(sid, session, done);
      return;
    }
    callbackify(() => {
      const transaction = this.#redis.multi().expire(indexed.key, indexed.ttlSeconds);
      indexed.index.prolong(transaction, indexed);
      return execute(transaction);
    })((error) => done(error));
  }

  override async destroy(sid: string, done: Callback = () => {}): Promise<void> {
    if (this.#index) callbackify(() => this.#remove(sid))((error) => done(error));
    else await super.destroy(sid, done);
  }

  override createSession(req: Request, data: SessionData): Session & SessionData {
    const session = super.createSession(req, data);
    this.#stored.set(session, data.userId);
    return session;
  }

  async #change(sid: string, session: SessionData): Promise<void> {
    const indexed = this.#indexed(sid, session);
    // The entry first, and the session only when it is stored: without a session it harms nobody, and a
    // session whose entry ends before it could not be ended from elsewhere.
    if (indexed) await this.#writeEntry(indexed, session);
    await this.#rewrite(this.prefix + sid, JSON.stringify(session), ttlSecondsOf(session));
  }

  #writeEntry(indexed: IndexedSession, session: SessionData): Promise<void> {
    const transaction = this.#redis.multi();
    const isTheirs = this.#stored.get(session) === indexed.userId;
    indexed.index[isTheirs ? "prolong" : "add"](transaction, indexed);
    return execute(transaction);
  }

  async #remove(sid: string): Promise<void> {
    // express-session knows the id of what ends, and not whose session it is.
    const session = await this.#read(sid);
    const indexed = session && this.#indexed(sid, session);
    // No transaction: a Redis that is full refuses to queue one, and DEL all the same makes room.
    const commands = this.#redis.pipeline().del(this.prefix + sid);
    indexed?.index.remove(commands, indexed);
    await execute(commands);
  }

  #read(sid: string): Promise<SessionData | null | undefined> {
    return new Promise((resolve, reject) => {
      void this.get(sid, (error, session) => (error ? reject(error) : resolve(session)));
    });
  }

  /** What concerns the index; undefined when nobody is logged in, or there is none. */
  #indexed(sid: string, session: SessionData): IndexedSession | undefined {
    const [index, { userId }] = [this.#index, session];
    if (!index || !userId) return undefined;
    return { index, userId, key: this.prefix + sid, ttlSeconds: ttlSecondsOf(session) };
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

interface IndexedSession extends UserSession {
  index: SessionIndex;
  ttlSeconds: number;
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

/** Until the cookie ends; sooner for a session without a user. */
function ttlSecondsOf({ cookie: { expires }, userId }: SessionData): number {
  const untilTheEnd = expires
    ? Math.ceil((Number(new Date(expires)) - Date.now()) / 1000)
    : dayInSeconds;
  return userId ? untilTheEnd : Math.min(untilTheEnd, visitorLifeSeconds);
}

/** Sends commands, and rejects when any of them failed: `exec` resolves all the same. */
async function execute(commands: ChainableCommander): Promise<void> {
  const results = (await commands.exec()) ?? [];
  for (const [error] of results) if (error) throw error;
}
