import { setTimeout as sleep } from "node:timers/promises";

/** A look at the network each millisecond; a thread that was put off takes all of them later. */
export async function pause(ms: number): Promise<void> {
  for (let look = 0; look < ms; look++) await sleep(1);
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

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}

/** The longest time for which the event loop did nothing else, while `action` ran. */
export async function longestStallMs(action: () => Promise<unknown>): Promise<number> {
  let last = performance.now();
  let longest = 0;
  const tick = () => {
    const now = performance.now();
    longest = Math.max(longest, now - last);
    last = now;
    ticking = setTimeout(tick, 1);
  };
  let ticking = setTimeout(tick, 1);
  await action();
  // The stall may have ended with the action: count up to here.
  longest = Math.max(longest, performance.now() - last);
  clearTimeout(ticking);
  return longest;
}
