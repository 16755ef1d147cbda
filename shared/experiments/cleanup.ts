type Undo = () => unknown;

/** What an experiment starts: processes, servers, folders, keys. Ended in reverse order, whatever happens. */
export class Cleanup {
  readonly #undos: Undo[] = [];
  #ended = false;

  /** Whether everything is being ended: what fails from here on fails because of that. */
  get ended(): boolean {
    return this.#ended;
  }

  /** Called at the end; at once, when that has been already. */
  add(undo: Undo): void {
    if (this.#ended)
      void Promise.resolve()
        .then(undo)
        .catch(() => {});
    else this.#undos.push(undo);
  }

  async all(): Promise<void> {
    this.#ended = true;
    for (const undo of this.#undos.splice(0).toReversed()) {
      // The others have to be ended as well.
      await Promise.resolve()
        .then(undo)
        .catch(() => {});
    }
  }
}

const exitCodes = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 } as const;

/** Runs something that starts processes. Ctrl-C, a closed terminal and an error leave none of them behind. */
export async function cleaningUp(run: (cleanup: Cleanup) => Promise<number>): Promise<number> {
  const cleanup = new Cleanup();
  let stop = (_exitCode: number) => {};
  const stopped = new Promise<number>((resolve) => (stop = resolve));
  const handlers = Object.entries(exitCodes).map(([signal, exitCode]) => {
    const handler = () => {
      if (!cleanup.ended) process.stderr.write("  Ending what was started …\n");
      stop(exitCode);
    };
    process.on(signal, handler);
    return { signal, handler };
  });
  // Packages listen as well, and end the process at once: vitest does, and leaves ours alive.
  const keepOut = (event: string | symbol, listener: (...args: unknown[]) => void) => {
    if (String(event) in exitCodes) queueMicrotask(() => process.removeListener(event, listener));
  };
  process.on("newListener", keepOut);
  const running = run(cleanup);
  // What it still tries while everything ends under it is nobody's concern.
  running.catch(() => {});
  try {
    return await Promise.race([running, stopped]);
  } finally {
    await cleanup.all();
    process.off("newListener", keepOut);
    for (const { signal, handler } of handlers) process.off(signal, handler);
  }
}
