import { Server } from "node:net";
import type { Express } from "express";
import { Redis } from "ioredis";
import type { Config } from "../app/config.ts";
import type { Services } from "../app/services.ts";
import { meaningOf } from "../runner/engine/explanations.ts";
import { watchedConfig } from "./configuration.ts";
import { addressOf } from "./connections.ts";
import { describeCause, describeError } from "./crashes.ts";
import { noteRedisOptions } from "./options.ts";
import type { Site, StepModule } from "./site.ts";
import { AppNotBuilt, must } from "./verdict.ts";

/** Connections whose app has come to its end. */
export const closed = new WeakSet<Redis>();

const handedOut = new WeakSet<Redis>();

/**
 * Connects to Redis as the app does.
 *
 * @throws {AppNotBuilt} when that gives no connection to this address.
 */
export function connect(module: StepModule, url: string): Redis {
  if (typeof module.connectRedis !== "function") return new Redis(url, { maxRetriesPerRequest: 1 });
  let redis: Redis;
  try {
    redis = module.connectRedis(url);
  } catch (error) {
    return failed("connectRedis", error);
  }
  if (redis instanceof Redis) {
    if (closed.has(redis) || redis.status === "end") {
      throw new AppNotBuilt(
        "connectRedis returns a connection that is closed for good.",
        `connectRedis("${url}")`,
        "Is it the one that an earlier call has made? Whoever asks for a connection closes it in the end: each call makes its own.",
      );
    }
    if (handedOut.has(redis)) {
      throw new AppNotBuilt(
        "connectRedis returns the connection that it has returned before.",
        `connectRedis("${url}")`,
        "Whoever asks for a connection closes it in the end, and takes it away from everybody who has the same: each call makes its own.",
      );
    }
    handedOut.add(redis);
    noteRedisOptions(redis.options);
    if (addressOf(redis) === addressOf(url)) return redis;
    redis.disconnect();
    throw new AppNotBuilt(
      `connectRedis connects to ${addressOf(redis)}, and not to the address that it receives.`,
      `connectRedis("${url}")`,
      "`new Redis(url, options)` takes the address first. Where Redis is, the main program knows, and tells it.",
    );
  }
  throw new AppNotBuilt(
    "connectRedis returned no ioredis client.",
    `connectRedis("${url}") → ${String(redis)}`,
    "The server and the tests hand its result to createApp as `redis`. Does it end with a return?",
  );
}

/**
 * Builds an app as the server does.
 *
 * @throws {AppNotBuilt} when that gives no app.
 */
export async function create(module: StepModule, services: Services): Promise<Express> {
  const { createApp } = module;
  if (typeof createApp !== "function") {
    throw new AppNotBuilt(
      "app.ts does not export createApp.",
      [],
      "The server and the tests import it by that name: `export function createApp(…)`.",
    );
  }
  let app: Express;
  try {
    app = await withoutListening(() => createApp(services));
  } catch (error) {
    return failed("createApp", error);
  }
  if (typeof app === "function" && "router" in app) return app;
  throw new AppNotBuilt(
    "createApp returned no Express app.",
    `createApp({ redis, db, config }) → ${typeof app === "function" ? "another function" : String(app)}`,
    "Does it end with `return app`, and with what `express()` has made?",
  );
}

/** Why `createApp` refuses a configuration, if it does, and the call for people to read. */
export async function refusalToStart(
  { module, redis, db, config }: Site,
  other: Partial<Config>,
): Promise<{ call: string; refusal: Error | undefined }> {
  const wanted = { ...config, ...other };
  const call = `createApp({ config: ${JSON.stringify(wanted)} })`;
  try {
    await module.createApp?.({ redis, db, config: watchedConfig(wanted) });
    return { call, refusal: undefined };
  } catch (error) {
    must(
      error instanceof Error,
      "What createApp throws is no Error.",
      [call, `→ throw ${JSON.stringify(error)}`],
      "An Error carries the place where it was made, and whoever catches it counts on that: `throw new Error(…)`.",
    );
    return { call, refusal: error };
  }
}

/** Every tutorial ends with `app.listen`. Here it would leave a server behind at each goal. */
function withoutListening<Result>(build: () => Result): Result {
  const { listen } = Server.prototype;
  Server.prototype.listen = () => {
    throw new AppNotBuilt(
      "createApp listens on a port by itself.",
      [],
      "It only builds the app and returns it: the main program and the tests listen. Take `app.listen` out.",
    );
  };
  try {
    return build();
  } finally {
    Server.prototype.listen = listen;
  }
}

function failed(what: string, error: unknown): never {
  if (error instanceof AppNotBuilt) throw error;
  const thrown = error instanceof Error ? error : new Error(String(error));
  throw new AppNotBuilt(
    `${what} threw: ${describeCause(thrown)}.`,
    describeCause(thrown) === describeError(thrown) ? [] : describeError(thrown),
    meaningOf(thrown)?.advice ?? "Nothing else can be tested until it returns.",
  );
}
