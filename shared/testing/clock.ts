import { vi } from "vitest";
import type { KeySpace } from "../redis/key-space.ts";

/** Lets hours pass at once: for the app, for its browsers and for what Redis keeps. */
export type Pass = (hours: number) => Promise<void>;

let passedSeconds = 0;

/** How far the app is ahead of the clock of Redis, in seconds. */
export function aheadOfRedis(): number {
  return passedSeconds;
}

/** Holds the clock while something happens; time passes only where `pass` says so. */
export async function withClock(
  redis: KeySpace,
  action: (pass: Pass) => Promise<void>,
): Promise<void> {
  vi.useFakeTimers({ toFake: ["Date"], now: Date.now() });
  // Whoever measures how long something has taken asks this one.
  const { now } = performance;
  performance.now = () => now.call(performance) + passedSeconds * 1000;
  try {
    await action(async (hours) => {
      const seconds = Math.round(hours * 60 * 60);
      passedSeconds += seconds;
      vi.setSystemTime(Date.now() + seconds * 1000);
      await redis.age(seconds);
    });
  } finally {
    passedSeconds = 0;
    performance.now = now;
    vi.useRealTimers();
  }
}
