import type { ChannelListener } from "node:diagnostics_channel";
import { syncBuiltinESMExports } from "node:module";
import os from "node:os";
import { dirname } from "node:path";
import { Redis } from "ioredis";
import { inject, test as base } from "vitest";
import { loggedErrors } from "../app/log.ts";
import { KeySpace } from "../redis/key-space.ts";
import type { Browser } from "./browser.ts";
import { forgetConfiguration } from "./configuration.ts";
import { forgetConnections, watchConnections } from "./connections.ts";
import { recogniseSessions } from "./cookies.ts";
import { describeCause } from "./crashes.ts";
import { forgetEnvironment, tellProduction, watchEnvironment } from "./environment.ts";
import { evaluateAnew } from "./evaluation.ts";
import { tellJudged } from "../runner/engine/early-word.ts";
import { meaningOf, noError } from "../runner/engine/explanations.ts";
import { stepOfTest } from "../runner/manifest.ts";
import { Watch } from "./happened.ts";
import { hashesDone } from "./hashes.ts";
import { forgetWrites, watchMemoryStore } from "./memory-store.ts";
import { forgetOptions } from "./options.ts";
import { tapOutput } from "./output.ts";
import { Relay } from "./relay.ts";
import { brokenRules, type BrokenRule } from "./rules.ts";
import { Site, type Ground, type SiteOptions, type StepModule } from "./site.ts";
import { watchTimers } from "./timers.ts";
import { GoalUnmet, must } from "./verdict.ts";

declare module "vitest" {
  interface TaskMeta {
    /** The standing rules that were broken on the way, by name, as messages for the learner. */
    broken?: Record<string, string>;
  }
  interface ProvidedContext {
    redisUrl: string;
    /** Every key of the run begins with it. */
    keyPrefix: string;
  }
}

export interface Goal {
  ground: Ground;
  /** The goal's own corner of Redis, as a look from outside. */
  redis: KeySpace;
  /** Starts an app. What it needs is closed when the goal ends. */
  open(options?: SiteOptions): Promise<Site>;
  /** An app in development. */
  site: Site;
  /** Somebody's browser at that app. */
  browser: Browser;
  /** Ends the goal as unmet when a standing rule was broken so far. */
  mustHoldRules(): Promise<void>;
  /** Lays a wire to Redis that can be cut. */
  openRelay(): Promise<Relay>;
}

interface Run {
  observer: Redis;
  /** What the app reported, and what nobody caught. */
  errors: Error[];
  /** What nobody caught, and the requests of that moment: a real process would have ended. */
  escaped: { error: Error; during: string }[];
  /** Sees the goal that is being judged. */
  watch: Watch;
}

let corners = 0;
let processes = 1;

// Before the app is evaluated: what it does then counts as well.
watchConnections();
watchEnvironment(() => processes);
watchMemoryStore();
// Another process has another number.
const { pid } = process;
Object.defineProperty(process, "pid", { configurable: true, get: () => pid + processes });
// And, behind a load balancer, it is on another machine.
os.hostname = () => `web-${processes}`;
syncBuiltinESMExports();

/** vitest's `test` for the goals of a step, with everything a goal may ask for. */
export function goalsFor(module: StepModule) {
  recogniseSessions(module.loginIdIn);
  return base.extend<Goal & { run: Run; early: void; standingRules: void }>({
    run: [
      // oxlint-disable-next-line no-empty-pattern -- vitest reads the fixtures from the pattern
      async ({}, use) => {
        // A Redis that is gone is told soon.
        const observer = new Redis(inject("redisUrl"), {
          maxRetriesPerRequest: 2,
          retryStrategy: () => 50,
        });
        const errors: Error[] = [];
        const escaped: Run["escaped"] = [];
        const collect = (thrown: unknown) => {
          const error = thrown instanceof Error ? thrown : new Error(String(thrown));
          errors.push(error);
          escaped.push({ error, during: run.watch.during });
        };
        // What would end a real process ends the goal instead.
        process.on("uncaughtException", collect);
        process.on("unhandledRejection", collect);
        const warned = (warning: Error) => run.watch.warnings.push(warning);
        process.on("warning", warned);
        // What the workshop's error handler turns into a 500, and what a handler of one's own logs.
        let told = false;
        const handled = ({ error }: { error: unknown }) => {
          errors.push(error instanceof Error ? error : asError(error));
          told = true;
        };
        loggedErrors.subscribe(handled as ChannelListener);
        const log = console.error;
        console.error = (...args) => {
          // The line that follows says the same.
          if (told) told = false;
          else if (args[0] instanceof Error) errors.push(args[0]);
          else log(...args);
        };
        const run: Run = { observer, errors, escaped, watch: new Watch() };
        // What a file puts off must not happen while its next version is judged.
        const timers = watchTimers();
        const output = tapOutput(true, (line) => run.watch.printed(line));
        await use(run);
        await hashesDone();
        timers.cancelAll();
        timers.release();
        output.stop();
        console.error = log;
        loggedErrors.unsubscribe(handled as ChannelListener);
        process.off("uncaughtException", collect);
        process.off("unhandledRejection", collect);
        process.off("warning", warned);
        observer.disconnect();
        forgetConnections();
        forgetEnvironment();
        forgetOptions();
      },
      { scope: "file" },
    ],

    // Whoever waits for the verdict hears of each goal at once.
    early: [
      async ({ task, onTestFinished }, use) => {
        onTestFinished(() => {
          // vitest's types lack the note that it keeps.
          const result: (typeof task.result & { note?: string }) | undefined = task.result;
          if (!result) return;
          const { state, errors = [], duration: durationMs = 0, note } = result;
          tellJudged({
            keyPrefix: inject("keyPrefix"),
            goal: {
              name: task.name,
              state: state === "pass" ? "passed" : state === "fail" ? "failed" : "skipped",
              errors: errors.map(({ name, message, stack }) => ({ name, message, stack })),
              note,
              durationMs,
            },
          });
        });
        await use();
      },
      { auto: true },
    ],

    ground: async ({ run, signal, task }, use) => {
      run.errors.length = 0;
      run.escaped.length = 0;
      run.watch = new Watch();
      tellProduction(false);
      forgetConfiguration();
      forgetWrites();
      const app = `${dirname(task.file.filepath)}/app.ts`;
      const anotherProcess = () => evaluateAnew<StepModule>(app, () => processes++);
      await use({
        // What the goal before made the app count, in the module itself, is not counted here.
        module: await anotherProcess(),
        evaluateAnew: anotherProcess,
        redisUrl: inject("redisUrl"),
        prefix: `${inject("keyPrefix")}${++corners}:`,
        errors: run.errors,
        watch: run.watch,
        signal,
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
        `An error escaped that would end the process, during ${escaped?.during}: ${escaped && describeCause(escaped.error)}.`,
        [],
        meaningOf(escaped?.error)?.advice ??
          "Nobody waits for the Promise or callback in which it was thrown, so it reaches neither Express nor the client. Await it, or return it to whoever does; in a timer or a listener, catch it there. A session's own `destroy`, `save` and `regenerate` return no Promise: `destroySession(req)` and its sisters do.",
      );
    },

    standingRules: [
      async ({ redis, run, task }, use) => {
        await use();
        const broken = await brokenNow(task.file.filepath, redis, run.watch);
        if (broken.length === 0) return;
        task.meta.broken = Object.fromEntries(
          broken.map((each) => [each.rule.name, asVerdict(each).message]),
        );
      },
      { auto: true },
    ],

    mustHoldRules: async ({ redis, run, task }, use) =>
      use(async () => {
        const [broken] = await brokenNow(task.file.filepath, redis, run.watch);
        if (broken) throw asVerdict(broken);
      }),

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

/** Something that was thrown, or given to next(), as an error that says what it is. */
function asError(thrown: unknown): Error {
  const words =
    typeof thrown === "string" ? JSON.stringify(thrown) : `something of the type ${typeof thrown}`;
  return Object.assign(new Error(`${words}, which is ${noError}`), { name: "Thrown" });
}

async function brokenNow(testFile: string, redis: KeySpace, watch: Watch): Promise<BrokenRule[]> {
  const step = stepOfTest(testFile)?.number ?? 0;
  return brokenRules({ ...watch, step, keys: await redis.stored() });
}

function asVerdict({ claim, evidence, rule }: BrokenRule): GoalUnmet {
  return new GoalUnmet(claim, evidence, rule.why, `A standing rule: ${rule.name}.`);
}
