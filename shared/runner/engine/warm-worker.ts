import type { Worker } from "node:worker_threads";
import type { PoolRunnerInitializer, PoolWorker, WorkerRequest } from "vitest/node";
import { brokenPackages } from "../requirements.mjs";
import { takeThread } from "./warm-thread.mjs";

/**
 * A vitest pool of one thread that outlives its runs. express, ioredis, bcrypt, zod and supertest
 * are loaded once; vitest evaluates everything under the project's root anew for each run, so no
 * state of the last one is left. vitest itself starts a fresh worker per run.
 */
export class WarmPool implements PoolRunnerInitializer {
  readonly name = "warm";
  #thread: Worker | undefined;
  #greeted = false;
  #outOfMemory = false;
  #brokenPackages: string | undefined;

  createPoolWorker(): PoolWorker {
    return new WarmWorker(this);
  }

  /** The thread, while there is one. */
  get thread(): Worker | undefined {
    return this.#thread;
  }

  /** Whether the last thread ended because it filled the memory that it had. */
  get outOfMemory(): boolean {
    return this.#outOfMemory;
  }

  /** Why the last thread could not load its packages, if so. */
  get brokenPackages(): string | undefined {
    return this.#brokenPackages;
  }

  /** Ends the thread, whatever it is doing; the next run gets a new one. */
  async stop(): Promise<void> {
    const thread = this.#thread;
    this.#thread = undefined;
    await thread?.terminate();
  }

  /** The thread to run in, started if need be. */
  useThread(): Worker {
    if (!this.#thread) {
      const thread = takeThread();
      // vitest reports the end of a thread as an error once more: it has to be heard.
      thread.on("error", (error: NodeJS.ErrnoException) => {
        this.#outOfMemory ||= error.code === "ERR_WORKER_OUT_OF_MEMORY";
        this.#brokenPackages ??= brokenPackages(error);
        if (this.#thread === thread) this.#thread = undefined;
      });
      this.#thread = thread;
      this.#greeted = false;
      this.#outOfMemory = false;
      this.#brokenPackages = undefined;
    }
    return this.#thread;
  }

  /** True for the first run in a thread: vitest then sets it up. */
  greet(): boolean {
    const first = !this.#greeted;
    this.#greeted = true;
    return first;
  }
}

type Listener = (value: unknown) => void;

/**
 * A thread that has filled its memory reports an error, and then its end. By then vitest may have nobody
 * who waits for it, and throws.
 */
function unlessTooLate(callback: Listener): Listener {
  return (value) => {
    try {
      callback(value);
    } catch {
      // The error before it is the one that counts.
    }
  };
}

/** What vitest talks to during one run: it starts and stops, and the thread behind it stays. */
class WarmWorker implements PoolWorker {
  readonly name = "warm";
  readonly #pool: WarmPool;
  readonly #listeners: { event: string; callback: Listener; heard: Listener }[] = [];
  #thread!: Worker;

  constructor(pool: WarmPool) {
    this.#pool = pool;
  }

  async start(): Promise<void> {
    this.#thread = this.#pool.useThread();
  }

  // vitest leaves its listeners to a thread that is about to end. This one is not.
  async stop(): Promise<void> {
    for (const { event, heard } of this.#listeners) this.#thread.off(event, heard);
  }

  on(event: string, callback: Listener): void {
    const heard = event === "exit" ? unlessTooLate(callback) : callback;
    this.#listeners.push({ event, callback, heard });
    this.#thread.on(event, heard);
  }

  off(event: string, callback: Listener): void {
    for (const each of this.#listeners) {
      if (each.event === event && each.callback === callback) this.#thread.off(event, each.heard);
    }
  }

  send(message: WorkerRequest): void {
    if (message.type === "stop") return this.#pretend("stopped");
    if (message.type === "start" && !this.#pool.greet()) return this.#pretend("started");
    this.#thread.postMessage(message);
  }

  deserialize(data: unknown): unknown {
    return data;
  }

  canReuse(): boolean {
    return true;
  }

  #pretend(type: "started" | "stopped"): void {
    queueMicrotask(() => {
      this.#thread.emit("message", { type, __vitest_worker_response__: true });
    });
  }
}
