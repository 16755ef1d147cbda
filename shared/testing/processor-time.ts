import { readFileSync } from "node:fs";

/**
 * The processor time of this thread so far, in milliseconds. What other processes take away does not
 * count. Where the system does not tell threads apart, that of the process.
 */
export function threadProcessorMs(): number {
  try {
    return Number(readFileSync("/proc/thread-self/schedstat", "utf8").split(" ")[0]) / 1e6;
  } catch {
    const { user, system } = process.cpuUsage();
    return (user + system) / 1e3;
  }
}
