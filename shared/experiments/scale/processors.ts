import { cpus } from "node:os";
import type { AppProcess } from "../app-process.ts";

/** How many processors were busy, on average. */
export interface Processors {
  /** With the processes of the app. */
  busyWithApps: number;
  /** With anything on this machine. */
  busy: number;
}

/** Does something, and measures which processors that takes. */
export async function workDuring<Result>(
  apps: readonly Pick<AppProcess, "processorTime">[],
  action: () => Promise<Result>,
): Promise<{ result: Result; processors: Processors }> {
  const appsUsed = async () => {
    const times = await Promise.all(apps.map((app) => app.processorTime()));
    return times.reduce((sum, microseconds) => sum + microseconds / 1000, 0);
  };
  const [begin, before, appsBefore] = [performance.now(), busyMs(), await appsUsed()];
  const result = await action();
  const ms = performance.now() - begin;
  const busyWithApps = ((await appsUsed()) - appsBefore) / ms;
  return { result, processors: { busyWithApps, busy: (busyMs() - before) / ms } };
}

/** What all processors of the machine have worked since it started, in milliseconds. */
function busyMs(): number {
  return cpus().reduce(
    (sum, { times }) => sum + times.user + times.nice + times.sys + times.irq,
    0,
  );
}
