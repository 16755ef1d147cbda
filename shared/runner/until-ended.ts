import { once } from "node:events";

/**
 * Resolves when somebody ends the command, with the exit code that a shell expects then.
 *
 * @param signal Ends the waiting: it rejects, and what comes later is left to others.
 */
export function untilEnded(signal?: AbortSignal): Promise<number> {
  return Promise.race([
    once(process, "SIGHUP", { signal }).then(() => 129),
    once(process, "SIGINT", { signal }).then(() => 130),
    once(process, "SIGTERM", { signal }).then(() => 143),
    parentGone().then(() => 143),
  ]);
}

/** Resolves when npm was ended and did not tell: nobody else would free the port. */
function parentGone(): Promise<void> {
  const parent = process.ppid;
  return new Promise((resolve) => {
    const look = setInterval(() => {
      if (process.ppid === parent) return;
      clearInterval(look);
      resolve();
    }, 500);
    look.unref();
  });
}
