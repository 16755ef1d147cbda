import autocannon from "autocannon";
import type { Cleanup } from "./cleanup.ts";

export interface Load {
  requests: number;
  requestsPerSecond: number;
  p99Ms: number;
  /** Answers that were no 2xx, and requests without an answer. */
  failed: number;
}

/** Ten visitors ask for the same as fast as they are answered. */
export async function load(
  cleanup: Cleanup,
  options: { url: string; cookie: string; seconds: number },
): Promise<Load> {
  const { url, cookie, seconds } = options;
  const running = autocannon({ url, duration: seconds, connections: 10, headers: { cookie } });
  cleanup.add(() => Reflect.apply(Reflect.get(running, "stop"), running, []));
  const { requests, latency, errors, timeouts, non2xx } = await running;
  return {
    requests: requests.total,
    requestsPerSecond: Math.round(requests.average),
    p99Ms: latency.p99,
    failed: errors + timeouts + non2xx,
  };
}
