import { provideRedis } from "../../redis/server.ts";
import { Engine } from "../engine/engine.ts";
import type { Invocation } from "../main.ts";
import { savePassed } from "../progress.ts";
import { renderStep } from "../render.ts";
import { isPassed } from "../result.ts";
import { typeCheck } from "../type-check.ts";

/** `npm run step [N]`: judges the learner's file; watches it on a terminal, once elsewhere. */
export async function step({ step, paper, write }: Invocation): Promise<number> {
  const redis = await provideRedis();
  const engine = await Engine.start(redis.url);
  try {
    const typeErrors = typeCheck(step);
    const result = await engine.run(step);
    if (isPassed(result)) savePassed(step);
    write(renderStep({ result, redis: redis.description, typeErrors: await typeErrors }, paper));
    return isPassed(result) ? 0 : 1;
  } finally {
    await engine.close();
    await redis.close();
  }
}
