import { setTimeout as sleep } from "node:timers/promises";

/** For the few places where the point is that nothing happens meanwhile. */
export function pause(ms: number): Promise<void> {
  return sleep(ms);
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
