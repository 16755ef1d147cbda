import type { ProbeEvent } from "../events.ts";

/** A message costs as much as a request: what happens within this time travels in one. */
const togetherMs = 5;

let waiting: ProbeEvent[] = [];

/** Tells the runner soon, in the order of the calls. */
export function tell(event: ProbeEvent): void {
  if (waiting.push(event) === 1) setTimeout(flush, togetherMs);
}

process.on("exit", flush);

/** Tells the runner at once, as the last words of a process. */
export function tellNow(event: ProbeEvent): void {
  waiting.push(event);
  flush();
}

function flush(): void {
  const events = waiting;
  waiting = [];
  if (events.length > 0 && process.connected) process.send?.(events);
}

/** Milliseconds since 1970, with fractions. */
export function now(): number {
  return performance.timeOrigin + performance.now();
}
