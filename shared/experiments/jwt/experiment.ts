// `npm run experiment jwt`: the routes of step 7 on sessions and on three kinds of JWT, side by side.
import { seededUsers } from "../../app/database.ts";
import { openKeySpace } from "../../redis/key-space.ts";
import { Engine } from "../../runner/engine/engine.ts";
import { startAppProcess } from "../app-process.ts";
import type { Cleanup } from "../cleanup.ts";
import { Client } from "../client.ts";
import type { Bench } from "../experiment.ts";
import { load } from "../load.ts";
import { redisToMeasure } from "../own-redis.ts";
import { judge } from "./goals.ts";
import { measureLogin } from "./measure.ts";
import { report, type Measured } from "./report.ts";
import { variants } from "./variants.ts";

const rounds = 4;

export async function run({ cleanup, seconds, say, print }: Bench): Promise<void> {
  const redis = await redisToMeasure(cleanup);
  const measured: Measured[] = [];
  const engine = await Engine.start(redis.url);
  cleanup.add(() => engine.close());
  for (const variant of variants) {
    say(`${variant.name}: the goals of steps 4, 5 and 7, and a day with a held clock …`);
    const goals = await judge(engine, variant);
    const login = await measureLogin(cleanup, variant, redis.url);
    measured.push({
      name: variant.name,
      goals,
      login,
      requestsPerSecond: 0,
      processorMicroseconds: 0,
    });
  }
  say(`requests per second, ${rounds} rounds of ${seconds} s each, in turn …`);
  const rates = await ratesInTurn(cleanup, redis.url, seconds);
  for (const each of measured) Object.assign(each, rates.get(each.name));
  print(report(measured, `Node ${process.version}, Redis: ${redis.description}`));
}

type Rate = Pick<Measured, "requestsPerSecond" | "processorMicroseconds">;

/**
 * What a `GET /me` costs each variant, one after the other and round after round. The best round counts:
 * what else the machine does can only slow one down.
 */
async function ratesInTurn(
  cleanup: Cleanup,
  redisUrl: string,
  seconds: number,
): Promise<Map<string, Rate>> {
  const apps = [];
  for (const { name, file } of variants) {
    const keySpace = openKeySpace(redisUrl);
    cleanup.add(() => keySpace.clear());
    const url = new URL(redisUrl);
    url.searchParams.set("keyPrefix", keySpace.prefix);
    const app = await startAppProcess(cleanup, file, {
      REDIS_URL: url.href,
      SESSION_SECRET: "a secret of an experiment, which signs nothing else",
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
