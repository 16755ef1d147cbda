import { setTimeout as sleep } from "node:timers/promises";
import type { Client } from "../client.ts";

/** What people noticed. */
export interface Errors {
  requests: number;
  failed: number;
  /** From the first failed request to the answer of the last one. */
  seconds: number;
}

const pauseMs = 50;
const quietMs = 5_000;
const longestMs = 60_000;

/**
 * Lets people ask for `/me` in turn, twenty times a second, while something is killed, until nothing has
 * failed for five seconds.
 */
export async function errorsDuring(
  clients: readonly Client[],
  kill: () => Promise<void>,
): Promise<Errors> {
  const underWay: Promise<void>[] = [];
  let [failed, first, last] = [0, 0, 0];
  await kill();
  const begin = performance.now();
  const ask = async (client: Client | undefined) => {
    const asked = performance.now();
    const status = await client?.send("GET", "/me", undefined, 10_000).catch(() => 0);
    if (status === 200) return;
    failed++;
    first ||= asked;
    last = performance.now();
  };
  for (let turn = 0; performance.now() - begin < longestMs; turn++) {
    if (performance.now() - Math.max(last, begin) > quietMs) break;
    underWay.push(ask(clients[turn % clients.length]));
    await sleep(pauseMs);
  }
  await Promise.all(underWay);
  return { requests: underWay.length, failed, seconds: (last - first) / 1000 };
}
