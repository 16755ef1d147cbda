import { provideRedis, type RedisServer } from "../../redis/server.ts";
import { Engine } from "./engine.ts";

/** Does something with an engine and its Redis, and ends both whatever happens. */
export async function withEngine<Result>(
  use: (engine: Engine, redis: RedisServer) => Promise<Result>,
): Promise<Result> {
  const redis = await provideRedis();
  try {
    const engine = await Engine.start(redis.url);
    try {
      return await use(engine, redis);
    } finally {
      await engine.close();
    }
  } finally {
    await redis.close();
  }
}
