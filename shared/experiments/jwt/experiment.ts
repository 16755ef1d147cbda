// `npm run experiment jwt`: the routes of step 7 on sessions and on three kinds of JWT, side by side.
import { openKeySpace } from "../../redis/key-space.ts";
import { Engine } from "../../runner/engine/engine.ts";
import type { Cleanup } from "../cleanup.ts";
import type { Bench } from "../experiment.ts";
import { redisToMeasure } from "../own-redis.ts";
import { ratesInTurn, rounds } from "../rates.ts";
import { judge } from "./goals.ts";
import { measureLogin } from "./measure.ts";
import { report, type Measured } from "./report.ts";
import { variants } from "./variants.ts";

export async function run({ cleanup, seconds, say, print }: Bench): Promise<void> {
  const redis = await redisToMeasure(cleanup);
  const found: Omit<Measured, "rate">[] = [];
  const engine = await Engine.start(redis.url);
  cleanup.add(() => engine.close());
  for (const variant of variants) {
    say(`${variant.name}: the goals of steps 4, 5 and 7, and a day with a held clock …`);
    const goals = await judge(engine, variant);
    const login = await measureLogin(cleanup, variant, redis.url);
    found.push({ name: variant.name, goals, login });
  }
  say(`requests per second, ${rounds} rounds of ${seconds} s each, in turn …`);
  const apps = variants.map(({ name, file }) => ({
    name,
    file,
    env: { REDIS_URL: ownCorner(cleanup, redis.url) },
  }));
  const rates = await ratesInTurn(cleanup, apps, seconds);
  const measured = found.flatMap((each) => {
    const rate = rates.get(each.name);
    return rate ? [{ ...each, rate }] : [];
  });
  print(report(measured, `Node ${process.version}, Redis: ${redis.description}`));
}

/** The address of a key space that is cleared in the end. */
function ownCorner(cleanup: Cleanup, redisUrl: string): string {
  const keySpace = openKeySpace(redisUrl);
  cleanup.add(() => keySpace.clear());
  const url = new URL(redisUrl);
  url.searchParams.set("keyPrefix", keySpace.prefix);
  return url.href;
}
