import { createHash, randomBytes, randomUUID } from "node:crypto";
import type { ChainableCommander, Redis } from "ioredis";
import type { Handle, Login, Logins } from "./logins.ts";

/** How long a refresh token is good for; each use begins anew, as a session's does. */
export const refreshLifeSeconds = 24 * 60 * 60;

// Two tabs come with the same token: the one from before is taken for this long.
const graceMs = 10_000;

// Each use takes the token's place. A token that comes back later was copied: the login ends, for the
// thief and for the owner (RFC 9700, section 4.14.2). Redis compares and exchanges in one go.
const exchange = `
local userId, current, previous, changedAt =
  unpack(redis.call("HMGET", KEYS[1], "userId", "current", "previous", "changedAt"))
if not userId then return false end
local presented, following, ttlSeconds, now, graceMs = unpack(ARGV)
if presented == current then
  redis.call("HSET", KEYS[1], "current", following, "previous", presented, "changedAt", now)
  redis.call("EXPIRE", KEYS[1], ttlSeconds)
  return { userId, "exchanged" }
end
if presented == previous and now - changedAt < tonumber(graceMs) then
  return { userId, "kept" }
end
return { userId, "stolen" }
`;

/**
 * Logins in Redis, one key each, under the hash of the token that prolongs them; and, to end all logins of
 * a user, an index of them: what a session store has, by another name.
 */
export class RefreshTokens implements Logins {
  readonly #redis: Redis;

  constructor(redis: Redis) {
    this.#redis = redis;
  }

  async begin(userId: string): Promise<Handle> {
    const [id, secret] = [randomUUID(), newSecret()];
    await execute(
      this.#redis
        .multi()
        .hset(keyOf(id), { userId, current: hashOf(secret) })
        .expire(keyOf(id), refreshLifeSeconds)
        .zremrangebyscore(indexOf(userId), "-inf", Date.now())
        .zadd(indexOf(userId), endOfLife(), id)
        .expire(indexOf(userId), refreshLifeSeconds),
    );
    return { id, userId, refreshToken: tokenOf(id, secret) };
  }

  async renew(refreshToken: string): Promise<Handle | undefined> {
    const [, id, secret] = refreshTokenPattern.exec(refreshToken) ?? [];
    if (id === undefined || secret === undefined) return undefined;
    const following = newSecret();
    const answer = (await this.#redis.eval(
      exchange,
      1,
      keyOf(id),
      hashOf(secret),
      hashOf(following),
      String(refreshLifeSeconds),
      String(Date.now()),
      String(graceMs),
    )) as [userId: string, outcome: "exchanged" | "kept" | "stolen"] | null;
    if (!answer) return undefined;
    const [userId, outcome] = answer;
    if (outcome === "stolen") {
      await this.end({ id, userId });
      return undefined;
    }
    // The other tab has set the new token, or is about to.
    if (outcome === "kept") return { id, userId };
    await execute(
      this.#redis
        .multi()
        // XX: a login that has ended meanwhile does not come back.
        .zadd(indexOf(userId), "XX", endOfLife(), id)
        .expire(indexOf(userId), refreshLifeSeconds),
    );
    return { id, userId, refreshToken: tokenOf(id, following) };
  }

  async hasEnded(_id: string): Promise<boolean> {
    return false;
  }

  async end({ id, userId }: Login): Promise<void> {
    await this.#endThese(userId, [id]);
  }

  async endAllOf(userId: string): Promise<void> {
    await this.#endThese(userId, await this.#redis.zrange(indexOf(userId), "0", "-1"));
  }

  /** What ends a login, beside its entry in the index. */
  protected remove(transaction: ChainableCommander, id: string): void {
    transaction.del(keyOf(id));
  }

  async #endThese(userId: string, ids: readonly string[]): Promise<void> {
    if (ids.length === 0) return;
    const transaction = this.#redis.multi();
    for (const id of ids) this.remove(transaction, id);
    await execute(transaction.zrem(indexOf(userId), ...ids));
  }
}

const refreshTokenPattern = /^rt\.([\w-]+)\.([\w-]+)$/;
const tokenOf = (id: string, secret: string) => `rt.${id}.${secret}`;
const keyOf = (id: string) => `login:${id}`;
const indexOf = (userId: string) => `logins:${userId}`;
const endOfLife = () => Date.now() + refreshLifeSeconds * 1000;
const newSecret = () => randomBytes(24).toString("base64url");
const hashOf = (secret: string) => createHash("sha256").update(secret).digest("base64url");

/** The login that a refresh token prolongs; undefined for anything else. */
export function loginIdInRefreshToken(value: string): string | undefined {
  return refreshTokenPattern.exec(value)?.[1];
}

/** Runs a transaction, and rejects when any of it failed: `exec` resolves all the same. */
async function execute(transaction: ChainableCommander): Promise<void> {
  const results = (await transaction.exec()) ?? [];
  for (const [error] of results) if (error) throw error;
}
