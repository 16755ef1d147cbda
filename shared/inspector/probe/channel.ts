import type { ProbeEvent } from "../events.ts";

let waiting: ProbeEvent[] = [];

/** Tells the runner, together with whatever else happens in this turn of the event loop. */
export function tell(event: ProbeEvent): void {
  if (waiting.push(event) === 1) setImmediate(flush);
}

/** Tells the runner at once, as the last words of a process. */
export function tellNow(event: ProbeEvent): void {
  waiting.push(event);
  flush();
}

function flush(): void {
  const events = waiting;
  waiting = [];
  if (process.connected) process.send?.(events);
}

/** Milliseconds since 1970, with fractions. */
export function now(): number {
  return performance.timeOrigin + performance.now();
}
