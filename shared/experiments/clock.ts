const RealDate = Date;

/**
 * Holds the clock of this process while something happens: time passes only where `pass` says so. Timers
 * go on.
 */
export async function withClock(
  action: (pass: (seconds: number) => void) => Promise<void>,
): Promise<void> {
  let now = RealDate.now();
  class HeldDate extends RealDate {
    static override now = () => now;

    constructor(...args: [] | [value: number]) {
      super(...((args.length > 0 ? args : [now]) as [number]));
    }
  }
  globalThis.Date = HeldDate as DateConstructor;
  try {
    await action((seconds) => void (now += seconds * 1000));
  } finally {
    globalThis.Date = RealDate;
  }
}
