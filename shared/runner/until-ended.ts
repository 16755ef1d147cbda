import { once } from "node:events";

/** Resolves when somebody ends the command, with the exit code that a shell expects then. */
export function untilEnded(): Promise<number> {
  return Promise.race([
    once(process, "SIGINT").then(() => 130),
    once(process, "SIGTERM").then(() => 143),
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
