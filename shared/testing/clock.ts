import { vi } from "vitest";
import type { KeySpace } from "../redis/key-space.ts";

/** Lets hours pass at once: for the app, for its browsers and for what Redis keeps. */
export type Pass = (hours: number) => Promise<void>;

/** Holds the clock while something happens; time passes only where `pass` says so. */
export async function withClock(
  redis: KeySpace,
  action: (pass: Pass) => Promise<void>,
): Promise<void> {
  vi.useFakeTimers({ toFake: ["Date"], now: Date.now() });
  try {
    await action(async (hours) => {
      vi.setSystemTime(Date.now() + hours * 60 * 60 * 1000);
      await redis.age(hours * 60 * 60);
    });
  } finally {
    vi.useRealTimers();
  }
}
