import { placeOfCaller } from "./crashes.ts";
import type { Site } from "./site.ts";

/** What was put off while somebody watched. It can be done before its time. */
interface WatchedTimers {
  /** Where the app has put something off: `steps/01-memory-store/app.ts:26`. Empty unless asked for. */
  readonly places: readonly string[];
  runAll(): void;
  /** Runs them once the app has nothing else left to do, and waits until it has done that as well. */
  settle(site: Site): Promise<void>;
  release(): void;
  /** None of them happens any more. */
  cancelAll(): void;
}

type Callback = (...args: unknown[]) => void;

/**
 * Keeps an eye on what is put off from now on with `setTimeout` or `setInterval`. It still happens
 * in its own time, unless it is run before: so no test waits for it.
 *
 * @param options.notePlaces Whether to look who puts something off, which takes a stack for each timer.
 */
export function watchTimers({ notePlaces = false } = {}): WatchedTimers {
  const originals = { setTimeout, setInterval, clearTimeout, clearInterval };
  const waiting = new Map<unknown, () => void>();
  const places = new Set<string>();

  const watched = (name: "setTimeout" | "setInterval") => {
    const original = originals[name];
    const start = (callback: Callback, ms?: number, ...args: unknown[]) => {
      const place = notePlaces && placeOfCaller();
      if (place) places.add(place);
      const timer = original(() => {
        if (name === "setTimeout") waiting.delete(timer);
        callback(...args);
      }, ms);
      waiting.set(timer, () => {
        if (name === "setTimeout") clearTimeout(timer);
        callback(...args);
      });
      return timer;
    };
    // `util.promisify(setTimeout)` looks for a symbol on it.
    return Object.defineProperties(start, Object.getOwnPropertyDescriptors(original));
  };
  const cleared = (name: "clearTimeout" | "clearInterval") => (timer: NodeJS.Timeout) => {
    waiting.delete(timer);
    originals[name](timer);
  };
  Object.assign(globalThis, {
    setTimeout: watched("setTimeout"),
    setInterval: watched("setInterval"),
    clearTimeout: cleared("clearTimeout"),
    clearInterval: cleared("clearInterval"),
  });

  const runAll = () => {
    // What they put off in turn is not due yet.
    const due = [...waiting.keys()];
    for (const timer of due) waiting.get(timer)?.();
  };
  return {
    get places() {
      return [...places];
    },
    runAll,
    async settle({ commands }) {
      await commands.quiet();
      runAll();
      await commands.quiet();
    },
    release: () => void Object.assign(globalThis, originals),
    cancelAll() {
      for (const timer of waiting.keys()) originals.clearTimeout(timer as NodeJS.Timeout);
      waiting.clear();
    },
  };
}
