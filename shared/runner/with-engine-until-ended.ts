import type { RedisServer } from "../redis/server.ts";
import type { Engine } from "./engine/engine.ts";
import { withEngine } from "./engine/with-engine.ts";
import { untilEnded } from "./until-ended.ts";

/** Whatever arrives within it was one press of a key. */
const sameKeyMs = 300;

/**
 * Does something with an engine and its Redis. When somebody ends the command meanwhile, both are closed
 * first, and then the process ends.
 *
 * @param use Is told by the signal that nobody waits any more.
 */
export async function withEngineUntilEnded<Result>(
  use: (engine: Engine, redis: RedisServer, signal: AbortSignal) => Promise<Result>,
): Promise<Result> {
  const ending = new AbortController();
  const done = new AbortController();
  const ended = untilEnded(done.signal).then((exitCode): never => {
    process.off("newListener", refuseEndings);
    ignoreRepeats();
    // Its terminal may be gone.
    for (const stream of [process.stdout, process.stderr]) stream.on("error", () => {});
    ending.abort(exitCode);
    throw exitCode;
  });
  // It may come before anybody waits for it.
  ended.catch(() => {});
  process.on("newListener", refuseEndings);
  try {
    return await withEngine((engine, redis) => {
      ending.signal.throwIfAborted();
      return Promise.race([use(engine, redis, ending.signal), ended]);
    });
  } finally {
    if (ending.signal.aborted) process.exit(ending.signal.reason);
    process.off("newListener", refuseEndings);
    done.abort();
  }
}

/** The keyboard's Ctrl-C comes twice: npm hands it on as well. One that is pressed later ends the process at once. */
function ignoreRepeats(): void {
  const ignore = () => {};
  process.on("SIGINT", ignore);
  setTimeout(() => process.off("SIGINT", ignore), sameKeyMs).unref();
}

/** Each vitest would end the process at a signal, before the keys of its run are removed. */
function refuseEndings(event: string | symbol, listener: (...args: unknown[]) => void): void {
  if (event !== "SIGINT" && event !== "SIGTERM") return;
  queueMicrotask(() => process.off(event, listener));
}
