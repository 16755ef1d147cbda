import { seededUsers } from "../app/database.ts";
import { startAppProcess } from "./app-process.ts";
import type { Cleanup } from "./cleanup.ts";
import { Client } from "./client.ts";
import { load } from "./load.ts";

/** What a `GET /me` costs an app. */
export interface Rate {
  requestsPerSecond: number;
  /** What the app's process uses for one. */
  processorMicroseconds: number;
}

/** An app to measure, under a name. */
export interface Measurable {
  name: string;
  /** From the folder of the workshop on. */
  file: string;
  env: Record<string, string>;
}

export const rounds = 4;

/**
 * The rates of some apps, one after the other and round after round. The best round counts: what else the
 * machine does can only slow one down.
 */
export async function ratesInTurn(
  cleanup: Cleanup,
  measurables: readonly Measurable[],
  seconds: number,
): Promise<Map<string, Rate>> {
  const apps = [];
  for (const { name, file, env } of measurables) {
    const app = await startAppProcess(cleanup, file, {
      SESSION_SECRET: "a secret of an experiment, which signs nothing else",
      ...env,
    });
    const client = await new Client(app.url).logIn(seededUsers.ada);
    apps.push({ name, app, cookie: await client.cookieHeader() });
  }
  const best = new Map<string, Rate>();
  // The first round warms up, and does not count.
  for (let round = 0; round <= rounds; round++) {
    for (const { name, app, cookie } of apps) {
      const before = await app.processorTime();
      const url = `${app.url}/me`;
      const { requests, requestsPerSecond, failed } = await load(cleanup, { url, cookie, seconds });
      const used = (await app.processorTime()) - before;
      if (failed > 0) throw new Error(`${failed} requests of ${name} failed.`);
      if (round === 0) continue;
      const sofar = best.get(name);
      best.set(name, {
        requestsPerSecond: Math.max(requestsPerSecond, sofar?.requestsPerSecond ?? 0),
        processorMicroseconds: Math.min(used / requests, sofar?.processorMicroseconds ?? Infinity),
      });
    }
  }
  return best;
}
