import diagnostics from "node:diagnostics_channel";
import { dirname } from "node:path";
import { Redis } from "ioredis";
import { inject, test as base } from "vitest";
import { loggedErrors } from "../app/log.ts";
import { KeySpace } from "../redis/key-space.ts";
import type { Browser } from "./browser.ts";
import { describeError } from "./answer.ts";
import { Relay } from "./relay.ts";
import { Site, type Ground, type SiteOptions, type StepModule } from "./site.ts";
import { must } from "./verdict.ts";

declare module "vitest" {
  interface ProvidedContext {
    redisUrl: string;
    /** Every key of the run begins with it. */
    keyPrefix: string;
  }
}

interface Goal {
  ground: Ground;
  /** The goal's own corner of Redis, as a look from outside. */
  redis: KeySpace;
  /** Starts an app. What it needs is closed when the goal ends. */
  open(options?: SiteOptions): Promise<Site>;
  /** An app in development. */
  site: Site;
  /** Somebody's browser at that app. */
  browser: Browser;
  /** Lays a wire to Redis that can be cut. */
  openRelay(): Promise<Relay>;
}

interface Run {
  observer: Redis;
  /** What the app reported, and what nobody caught. */
  errors: Error[];
  /** What nobody caught: a real process would have ended. */
  escaped: Error[];
}

let corners = 0;
let processes = 1;

/** vitest's `test` for the goals of a step, with everything a goal may ask for. */
export function goalsFor(module: StepModule) {
  return base.extend<Goal & { run: Run }>({
    run: [
      // oxlint-disable-next-line no-empty-pattern -- vitest reads the fixtures from the pattern
      async ({}, use) => {
        const observer = new Redis(inject("redisUrl"));
        const errors: Error[] = [];
        const escaped: Error[] = [];
        const collect = (thrown: unknown) => {
          const error = thrown instanceof Error ? thrown : new Error(String(thrown));
          errors.push(error);
          escaped.push(error);
        };
        // What would end a real process ends the goal instead.
        process.on("uncaughtException", collect);
        process.on("unhandledRejection", collect);
        // What the workshop's error handler turns into a 500, and what a handler of one's own logs.
        let told = false;
        const handled = ({ error }: { error: unknown }) => {
          if (error instanceof Error) errors.push(error);
          told = true;
        };
        diagnostics.subscribe(loggedErrors, handled as diagnostics.ChannelListener);
        const log = console.error;
        console.error = (...args) => {
          // The line that follows says the same.
          if (told) told = false;
          else if (args[0] instanceof Error) errors.push(args[0]);
          else log(...args);
        };
        await use({ observer, errors, escaped });
        console.error = log;
        diagnostics.unsubscribe(loggedErrors, handled as diagnostics.ChannelListener);
        process.off("uncaughtException", collect);
        process.off("unhandledRejection", collect);
        observer.disconnect();
      },
      { scope: "file" },
    ],

    ground: async ({ run, task }, use) => {
      run.errors.length = 0;
      run.escaped.length = 0;
      const { filepath } = task.file;
      await use({
        module,
        evaluateAnew: () =>
          import(/* @vite-ignore */ `${dirname(filepath)}/app.ts?process=${++processes}`),
        redisUrl: inject("redisUrl"),
        prefix: `${inject("keyPrefix")}${++corners}:`,
        errors: run.errors,
      });
    },

    redis: async ({ run, ground }, use) => {
      const redis = new KeySpace(run.observer, ground.prefix);
      await use(redis);
      await redis.clear();
    },

    open: async ({ run, ground, redis: _cleared }, use) => {
      const sites: Site[] = [];
      await use(async (options) => {
        const site = await Site.open(ground, options);
        sites.push(site);
        return site;
      });
      const [escaped] = run.escaped;
      await Promise.all(sites.map((site) => site.close()));
      must(
        !escaped,
        `An error escaped that would end the process: ${escaped && describeError(escaped)}.`,
        [],
        "Nobody waits for the Promise or callback in which it was thrown, so it reaches neither Express nor the client. Await it.",
      );
    },

    site: async ({ open }, use) => use(await open()),

    browser: async ({ site }, use) => use(site.browser()),

    // oxlint-disable-next-line no-empty-pattern -- vitest reads the fixtures from the pattern
    openRelay: async ({}, use) => {
      const relays: Relay[] = [];
      await use(async () => {
        const relay = await Relay.to(inject("redisUrl"));
        relays.push(relay);
        return relay;
      });
      await Promise.all(relays.map((relay) => relay.close()));
    },
  });
}
