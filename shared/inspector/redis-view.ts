import { EventEmitter } from "node:events";
import { Redis } from "ioredis";
import { KeySpace } from "../redis/key-space.ts";

/** A key as the page shows it. */
export interface ShownKey {
  name: string;
  value: string;
  /** When it ends, in milliseconds since 1970; undefined when it never does. */
  endsAt: number | undefined;
}

export interface RedisState {
  /** Whether Redis answers. */
  here: boolean;
  keys: ShownKey[];
  /** Keys that are not shown: a room full of visitors. */
  more: number;
}

const shownKeys = 100;
const lookEveryMs = 1_000;

/** Looks at the keys of a run while somebody watches. Emits the state whenever it has changed. */
export class RedisView extends EventEmitter<{ state: [RedisState] }> {
  state: RedisState = { here: true, keys: [], more: 0 };
  readonly #redis: Redis;
  readonly #keys: KeySpace;
  #look: NodeJS.Timeout | undefined;
  #looking = false;
  #lookAgain = false;
  #closed = false;

  constructor(redisUrl: string, prefix: string) {
    super();
    this.setMaxListeners(0);
    this.#redis = new Redis(redisUrl, {
      lazyConnect: true,
      maxRetriesPerRequest: 0,
      commandTimeout: 2_000,
      retryStrategy: () => 500,
    });
    // The failed look says it all.
    this.#redis.on("error", () => {});
    this.#keys = new KeySpace(this.#redis, prefix);
  }

  /** Looks soon: something has happened. */
  refresh(withinMs = 30): void {
    if (this.#closed || this.listenerCount("state") === 0) return;
    this.#lookAgain = true;
    if (this.#looking) return;
    clearTimeout(this.#look);
    this.#look = setTimeout(() => void this.#lookNow(), withinMs);
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#look);
    this.#redis.disconnect();
  }

  async #lookNow(): Promise<void> {
    this.#looking = true;
    this.#lookAgain = false;
    const state = await this.#read();
    this.#looking = false;
    if (this.#closed) return;
    const changed = hasChanged(this.state, state);
    this.state = state;
    if (changed) this.emit("state", state);
    this.refresh(this.#lookAgain ? 0 : lookEveryMs);
  }

  async #read(): Promise<RedisState> {
    try {
      const names = await this.#keys.keys();
      const keys = await Promise.all(
        names.slice(0, shownKeys).map(async (name): Promise<ShownKey | undefined> => {
          const [value, left] = await Promise.all([
            this.#keys.read(name),
            this.#redis.pttl(this.#keys.prefix + name),
          ]);
          if (value === undefined) return undefined;
          return { name, value, endsAt: left < 0 ? undefined : Date.now() + left };
        }),
      );
      const found = keys.filter((key) => key !== undefined);
      return { here: true, keys: found, more: names.length - found.length };
    } catch {
      return { here: false, keys: [], more: 0 };
    }
  }
}

function hasChanged(before: RedisState, after: RedisState): boolean {
  if (before.here !== after.here || before.more !== after.more) return true;
  if (before.keys.length !== after.keys.length) return true;
  return after.keys.some(({ name, value, endsAt = 0 }, i) => {
    const old = before.keys[i];
    // A clock that runs on is no change; one that was set anew is.
    return old?.name !== name || old.value !== value || Math.abs((old.endsAt ?? 0) - endsAt) > 500;
  });
}
