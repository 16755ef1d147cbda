import { join } from "node:path";
import { Worker } from "node:worker_threads";
import type { PoolOptions, PoolRunnerInitializer, PoolWorker, WorkerRequest } from "vitest/node";

/**
 * A vitest pool of one thread that outlives its runs. express, ioredis, bcrypt, zod and supertest
 * are loaded once; vitest evaluates everything under the project's root anew for each run, so no
 * state of the last one is left. vitest itself starts a fresh worker per run.
 */
export class WarmPool implements PoolRunnerInitializer {
  readonly name = "warm";
  #thread: Worker | undefined;

  createPoolWorker(options: PoolOptions): PoolWorker {
    return new WarmWorker(() => this.#startThread(options));
  }

  get thread(): Worker | undefined {
    return this.#thread;
  }

  /** Ends the thread, whatever it is doing; the next run gets a new one. */
  async stop(): Promise<void> {
    const thread = this.#thread;
    this.#thread = undefined;
    await thread?.terminate();
  }

  #startThread(options: PoolOptions): { thread: Worker; isNew: boolean } {
    if (this.#thread) return { thread: this.#thread, isNew: false };
    // vitest's own entry point for worker threads.
    const thread = new Worker(join(options.distPath, "workers/threads.js"), {
      env: options.env as NodeJS.ProcessEnv,
      execArgv: options.execArgv,
    });
    // vitest adds listeners per run and removes them after it; two runs can overlap for a moment.
    thread.setMaxListeners(50);
    this.#thread = thread;
    return { thread, isNew: true };
  }
}

/** What vitest talks to during one run: it starts and stops, and the thread behind it stays. */
class WarmWorker implements PoolWorker {
  readonly name = "warm";
  readonly #startThread: () => { thread: Worker; isNew: boolean };
  #thread!: Worker;
  #isNew = false;

  constructor(startThread: () => { thread: Worker; isNew: boolean }) {
    this.#startThread = startThread;
  }

  async start(): Promise<void> {
    const { thread, isNew } = this.#startThread();
    this.#thread = thread;
    this.#isNew = isNew;
  }

  async stop(): Promise<void> {}

  on(event: string, callback: (value: unknown) => void): void {
    this.#thread.on(event, callback);
  }

  off(event: string, callback: (value: unknown) => void): void {
    this.#thread.off(event, callback);
  }

  send(message: WorkerRequest): void {
    if (message.type === "stop") return this.#pretend("stopped");
    if (message.type === "start" && !this.#isNew) return this.#pretend("started");
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
