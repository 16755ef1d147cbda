import type { Cluster, Redis } from "ioredis";

type Command = [name: string, args: unknown[]];

/**
 * A Redis Cluster as the app of step 7 takes a Redis. Each key lives in a slot, each slot on a master, and a
 * transaction reaches one slot alone: those of the app name a session and the index of its user, which are
 * in two. So their commands go out one by one, in an order that leaves nothing out of reach when it breaks
 * off: the entry before its session when one begins or is prolonged, after it when one ends.
 *
 * What that gives up: others may see one without the other for a moment.
 */
export function slotwise(cluster: Cluster): Redis {
  return new Proxy(cluster, {
    get(target, name) {
      if (name === "multi" || name === "pipeline") return () => new Sequence(target);
      // Of keys in several slots, each is a command of its own.
      if (name === "del") return (...keys: string[]) => deleteEach(target, keys);
      const value: unknown = Reflect.get(target, name);
      return typeof value === "function" ? value.bind(target) : value;
    },
  }) as unknown as Redis;
}

async function deleteEach(cluster: Cluster, keys: readonly string[]): Promise<number> {
  const counts = await Promise.all(keys.map((key) => cluster.del(key)));
  return counts.reduce((sum, count) => sum + count, 0);
}

/** What `multi()` and `pipeline()` give, as far as the session store and its index use it. */
class Sequence {
  readonly #cluster: Cluster;
  readonly #commands: Command[] = [];

  constructor(cluster: Cluster) {
    this.#cluster = cluster;
  }

  set(...args: unknown[]): this {
    return this.#add("set", args);
  }
  del(...args: unknown[]): this {
    return this.#add("del", args);
  }
  expire(...args: unknown[]): this {
    return this.#add("expire", args);
  }
  zadd(...args: unknown[]): this {
    return this.#add("zadd", args);
  }
  zrem(...args: unknown[]): this {
    return this.#add("zrem", args);
  }
  zremrangebyscore(...args: unknown[]): this {
    return this.#add("zremrangebyscore", args);
  }

  /** As ioredis: an error and a result for each. What comes after an error is not sent. */
  async exec(): Promise<[error: Error | null, result: unknown][]> {
    const [first, ...rest] = this.#commands;
    const isKept = first?.[0] === "set" || first?.[0] === "expire";
    const ordered = first && isKept ? [...rest, first] : this.#commands;
    const results: [Error | null, unknown][] = [];
    for (const [name, args] of ordered) {
      try {
        results.push([null, await this.#cluster.call(name, ...(args as string[]))]);
      } catch (error) {
        results.push([error instanceof Error ? error : new Error(String(error)), undefined]);
        break;
      }
    }
    return results;
  }

  #add(name: string, args: unknown[]): this {
    this.#commands.push([name, args.map(String)]);
    return this;
  }
}
