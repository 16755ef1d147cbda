import { setTimeout as sleep } from "node:timers/promises";

/** A look at the network each millisecond; a thread that was put off takes all of them later. */
export async function pause(ms: number): Promise<void> {
  for (let look = 0; look < ms; look++) await sleep(1);
}

/** Waits until something has come to its end, well or not, and that many milliseconds at the most. */
export async function atMost(ms: number, awaited: Promise<unknown>): Promise<void> {
  const state = { over: false };
  const end = () => void (state.over = true);
  const looks = async () => {
    for (let look = 0; look < ms && !state.over; look++) await sleep(1);
  };
  await Promise.race([awaited.then(end, end), looks()]);
}

/** Whether something has come to its end, well or not, before the other. */
export function endsBefore(awaited: Promise<unknown>, other: Promise<unknown>): Promise<boolean> {
  const ended = () => true;
  return Promise.race([awaited.then(ended, ended), other.then(() => false)]);
}

/**
 * Lets the timers that begin meanwhile (`setTimeout` and `setInterval`) end that many times sooner.
 * Timers of other kinds keep their time.
 */
export async function hurried<Result>(
  factor: number,
  action: () => Promise<Result>,
): Promise<Result> {
  const { setTimeout: timeout, setInterval: interval } = globalThis;
  const faster = <Timer extends typeof timeout | typeof interval>(timer: Timer) =>
    Object.assign(
      (callback: () => void, ms = 0, ...args: []) => timer(callback, ms / factor, ...args),
      timer,
    ) as Timer;
  globalThis.setTimeout = faster(timeout);
  globalThis.setInterval = faster(interval);
  try {
    return await action();
  } finally {
    globalThis.setTimeout = timeout;
    globalThis.setInterval = interval;
  }
}
