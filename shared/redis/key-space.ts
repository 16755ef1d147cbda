import { randomBytes } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { Redis } from "ioredis";

// The cursor of the embedded Redis is a place in its list: a key that somebody removes between two
// answers hides another one. So one answer is enough for all the keys that a workshop has.
const keysPerScan = "10000";

/** A key with what it holds. */
export interface StoredKey {
  name: string;
  /** As text. */
  value: string;
  /** Seconds until it expires; undefined when it never does. */
  ttlSeconds: number | undefined;
}

/**
 * The keys under one prefix of a Redis: what a run may look at, and all that it removes.
 * Names are given and taken without the prefix.
 *
 * ioredis adds a `keyPrefix` to the keys of commands, but neither to SCAN patterns nor to the
 * names that SCAN returns (redis/ioredis#239), so both happen here.
 */
export class KeySpace {
  readonly prefix: string;
  readonly #redis: Redis;

  constructor(redis: Redis, prefix: string) {
    this.#redis = redis;
    this.prefix = prefix;
  }

  async keys(): Promise<string[]> {
    const found = new Set<string>();
    let cursor = "0";
    do {
      const [next, batch] = await this.#redis.scan(
        cursor,
        "MATCH",
        `${escapedForScan(this.prefix)}*`,
        "COUNT",
        keysPerScan,
      );
      for (const key of batch) found.add(key.slice(this.prefix.length));
      cursor = next;
    } while (cursor !== "0");
    return [...found].toSorted();
  }

  /** What a key holds, as text; undefined when there is no such key. */
  async read(key: string): Promise<string | undefined> {
    const name = this.prefix + key;
    switch (await this.#redis.type(name)) {
      case "string":
        return (await this.#redis.get(name)) ?? undefined;
      case "hash":
        return JSON.stringify(await this.#redis.hgetall(name));
      case "set":
        return JSON.stringify(await this.#redis.smembers(name));
      case "zset":
        return JSON.stringify(await this.#redis.zrange(name, "0", "-1"));
      case "list":
        return JSON.stringify(await this.#redis.lrange(name, 0, -1));
      default:
        return undefined;
    }
  }

  /** All keys with what they hold. */
  async contents(): Promise<Map<string, string>> {
    const contents = new Map<string, string>();
    for (const key of await this.keys()) {
      const value = await this.read(key);
      if (value !== undefined) contents.set(key, value);
    }
    return contents;
  }

  /** Seconds until the key expires, rounded up; undefined when it never does. */
  async ttlSeconds(key: string): Promise<number | undefined> {
    const ttlMs = await this.#redis.pttl(this.prefix + key);
    return ttlMs < 0 ? undefined : Math.ceil(ttlMs / 1000);
  }

  /** All that is stored. */
  async stored(): Promise<StoredKey[]> {
    return Promise.all(
      [...(await this.contents())].map(async ([name, value]) => ({
        name,
        value,
        ttlSeconds: await this.ttlSeconds(name),
      })),
    );
  }

  /** Lets time pass for every key that expires: what has less left is gone. */
  async age(seconds: number): Promise<void> {
    for (const { name, ttlSeconds } of await this.stored()) {
      if (ttlSeconds === undefined) continue;
      if (ttlSeconds <= seconds) await this.remove(name);
      else await this.#redis.expire(this.prefix + name, String(ttlSeconds - seconds));
    }
  }

  async remove(...keys: string[]): Promise<void> {
    if (keys.length > 0) await this.#redis.del(...keys.map((key) => this.prefix + key));
  }

  /** Lets the key run out of time, and waits until it is gone. */
  async expire(key: string): Promise<void> {
    await this.#redis.pexpire(this.prefix + key, "1");
    while (await this.#redis.exists(this.prefix + key)) await sleep(1);
  }

  async clear(): Promise<void> {
    await this.remove(...(await this.keys()));
  }
}

/** In a pattern, some characters of a prefix would stand for others. */
function escapedForScan(prefix: string): string {
  return prefix.replaceAll(/[*?[\]\\]/g, "\\$&");
}

/** A key space of its own. Looking after it takes a connection only while there is something to do. */
export interface OwnedKeySpace {
  prefix: string;
  /** Removes every key in it. */
  clear(): Promise<void>;
}

export function openKeySpace(redisUrl: string): OwnedKeySpace {
  const prefix = `workshop:${randomBytes(6).toString("hex")}:`;
  return {
    prefix,
    async clear() {
      const redis = new Redis(redisUrl, { lazyConnect: true, maxRetriesPerRequest: 1 });
      // The failed command says it all.
      redis.on("error", () => {});
      try {
        await new KeySpace(redis, prefix).clear();
      } finally {
        redis.disconnect();
      }
    },
  };
}
