import type { Store } from "express-session";

type Method = "get" | "set" | "touch" | "destroy";
const methods = ["get", "set", "touch", "destroy"] as const;

/** A hand on what express-session asks of a kind of store: counts it, and can hold writes back. */
export class StoreCalls {
  readonly counts: Record<Method, number> = { get: 0, set: 0, touch: 0, destroy: 0 };
  #held: (() => void)[] | undefined;
  #arrivals: { count: number; arrive(): void }[] = [];

  constructor(store: { prototype: Store }) {
    const prototype = store.prototype as unknown as Record<Method, (...args: unknown[]) => unknown>;
    const called = (name: Method, proceed: () => unknown) => this.#called(name, proceed);
    for (const name of methods) {
      const method = prototype[name];
      prototype[name] = function (this: unknown, ...args: unknown[]) {
        return called(name, () => Reflect.apply(method, this, args));
      };
    }
  }

  #called(name: Method, proceed: () => unknown): unknown {
    this.counts[name]++;
    return name === "set" && this.#held ? this.#hold(proceed) : proceed();
  }

  /** From now on, writes wait. Resolves when so many do. */
  holdWrites(count: number): Promise<void> {
    this.#held = [];
    return new Promise((arrive) => this.#arrivals.push({ count, arrive }));
  }

  /** Later writes pass; those that wait go on waiting. */
  letOthersPass(): () => void {
    const held = this.#held ?? [];
    this.#held = undefined;
    return () => held.forEach((proceed) => proceed());
  }

  #hold(proceed: () => unknown): void {
    this.#held?.push(() => void proceed());
    for (const { count, arrive } of this.#arrivals) {
      if ((this.#held?.length ?? 0) >= count) arrive();
    }
  }
}
