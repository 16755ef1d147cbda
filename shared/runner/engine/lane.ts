import { readdirSync, statSync } from "node:fs";
import { SourceMap } from "node:module";
import { join, relative } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { stripVTControlCharacters } from "node:util";
import { createVitest, type TestCase, type TestModule, type Vitest } from "vitest/node";
import { openKeySpace, type OwnedKeySpace } from "../../redis/key-space.ts";
import type { StepEntry } from "../manifest.ts";
import { root, stepPaths } from "../paths.ts";
import type { GoalResult, Printed } from "../result.ts";
import { watchForEndlessLoops, type Frame } from "./endless-loops.ts";
import { WarmPool } from "./warm-worker.ts";

const firstBusyMs = 2_500;
const nextBusyMs = 1_000;
// Each endless loop costs a second or two: after these, the rest is not judged.
const mostLoops = 2;
// No honest run comes near it.
const longestRoundMs = 90_000;
const runEndsWithinMs = 4_000;
const closesWithinMs = 1_000;

/** How a goal was judged, before the lanes are put together. */
export interface Finding extends Omit<GoalResult, "goal"> {
  /** What keeps the app from running at all: one goal reports it for all. */
  commonCause?: string;
  durationMs?: number;
}

/** What a lane found out about the goals that it was given. */
export interface Judgement {
  /** By the goal's name. A goal that did not run is missing. */
  findings: Map<string, Finding>;
  /** Why goals could not be judged, if so. */
  fault: string | undefined;
  printed: Printed[];
}

interface Round {
  /** The tests by name, finished or not. */
  cases: ReadonlyMap<string, TestCase>;
  /** What kept the goals from being judged. */
  error: string | undefined;
  /** Where an endless loop was, an empty text when that is unknown; undefined without one. */
  loopsAt: string | undefined;
}

/** Runs goals with vitest, one after the other, in one warm thread. */
export class Lane {
  readonly #vitest: Vitest;
  readonly #pool: WarmPool;
  readonly #keySpace: OwnedKeySpace;
  /** What stands in for files on disk, by path. */
  readonly #sources: Map<string, string>;
  readonly #printed: Printed[];
  /** When each file was last written, as a time stamp in milliseconds. */
  readonly #changedAt = new Map<string, number>();
  #running: Promise<unknown> | undefined;

  private constructor(
    vitest: Vitest,
    pool: WarmPool,
    keySpace: OwnedKeySpace,
    sources: Map<string, string>,
    printed: Printed[],
  ) {
    this.#vitest = vitest;
    this.#pool = pool;
    this.#keySpace = keySpace;
    this.#sources = sources;
    this.#printed = printed;
  }

  static async start(redisUrl: string): Promise<Lane> {
    const pool = new WarmPool();
    const sources = new Map<string, string>();
    const printed: Printed[] = [];
    const vitest = await createVitest(
      "test",
      {
        config: false,
        root,
        include: ["steps/**/*.test.ts"],
        watch: false,
        pool,
        maxWorkers: 1,
        isolate: true,
        testTimeout: 30_000,
        // One message per save: the learner waits for the verdict, not for each goal.
        reporters: [
          {
            onUserConsoleLog: ({ content, taskId = "" }) => {
              const task = vitest.state.idMap.get(taskId);
              const goal = task?.type === "test" ? task.name : undefined;
              printed.push({ goal, text: stripVTControlCharacters(content) });
            },
          },
        ],
      },
      {
        logLevel: "silent",
        server: { watch: null, hmr: false, ws: false },
        plugins: [
          {
            name: "workshop:target",
            enforce: "pre",
            load: (id) => sources.get(id.replace(/\?.*$/, "")),
          },
        ],
      },
    );
    const keySpace = openKeySpace(redisUrl);
    vitest.provide("redisUrl", redisUrl);
    vitest.provide("keyPrefix", keySpace.prefix);
    return new Lane(vitest, pool, keySpace, sources, printed);
  }

  /** Judges a file as the step's `app.ts`. */
  async judge(step: StepEntry, code: string, goals: readonly string[]): Promise<Judgement> {
    await this.#running;
    const { folder, app, test } = stepPaths(step);
    this.#printed.length = 0;
    for (const name of readdirSync(folder)) this.#evaluateAnew(join(folder, name));
    if (code !== this.#sources.get(app)) this.#transformAnew(app);
    this.#sources.set(app, code);

    const findings: Judgement["findings"] = new Map();
    let open = goals;
    let fault: string | undefined;
    for (let loops = 0; open.length > 0;) {
      const { cases, error, loopsAt } = await this.#round(test, open, loops === 0);
      for (const name of open) {
        const finding = findingOf(cases.get(name));
        if (finding) findings.set(name, finding);
      }
      if (loopsAt === undefined) {
        fault = error;
        break;
      }
      // The thread is lost, and with it the goal that was under way: the others get a new one.
      loops++;
      const message = endlessLoop(loopsAt || relative(root, app));
      if (cases.size === 0) fault = message;
      const [stuck = "", ...rest] = open;
      if (!findings.has(stuck)) {
        findings.set(stuck, { verdict: "unmet", message, commonCause: message });
      }
      open = rest.filter((name) => !findings.has(name));
      if (fault !== undefined || loops === mostLoops) {
        for (const name of open) findings.set(name, { verdict: "not judged", message });
        break;
      }
    }
    await this.#keySpace.clear();
    return { findings, fault, printed: [...this.#printed] };
  }

  /** Runs these goals until they are judged, or until an endless loop takes the thread. */
  async #round(test: string, goals: readonly string[], first: boolean): Promise<Round> {
    let loopsAt: string | undefined;
    const deadline = setTimeout(() => void this.#pool.stop(), longestRoundMs);
    const watch = onceStarted(this.#pool, (thread) =>
      watchForEndlessLoops(thread, first ? firstBusyMs : nextBusyMs, (frames) => {
        loopsAt = this.#placeOf(frames) ?? "";
        void this.#pool.stop();
      }),
    );
    const spec = this.#vitest.getRootProject().createSpecification(test, {
      testNamePattern: new RegExp(`^\\s*(${goals.map(escaped).join("|")})$`),
    });
    const run = this.#vitest.runTestSpecifications([spec]).finally(() => {
      clearTimeout(deadline);
      watch.stop();
    });
    this.#running = run.catch(() => {});
    const { testModules, unhandledErrors } = await run;
    this.#running = undefined;
    const testModule = testModules.find(({ moduleId }) => moduleId === test);
    const tests = [...(testModule?.children.allTests() ?? [])];
    return {
      cases: new Map(tests.map((each) => [each.name, each])),
      error: loadError(testModule) ?? strayError(unhandledErrors),
      loopsAt,
    };
  }

  /** Lets a run that is under way come to its end, and ends everything that was started. */
  async close(): Promise<void> {
    // A thread that is ended in the middle of a bcrypt comparison takes the process with it.
    if (this.#running) await within(runEndsWithinMs, this.#running);
    await this.#pool.stop();
    // With Redis gone, the keys go when their time is over.
    await within(
      closesWithinMs,
      Promise.allSettled([this.#keySpace.clear(), this.#vitest.close()]),
    );
  }

  /** Has the thread, which keeps code, evaluate a file once more. */
  #evaluateAnew(file: string): void {
    this.#vitest.watcher.invalidates.add(file);
    const { mtimeMs = 0 } = statSync(file, { throwIfNoEntry: false }) ?? {};
    if (this.#changedAt.get(file) !== mtimeMs) this.#transformAnew(file);
    this.#changedAt.set(file, mtimeMs);
  }

  /** Has Vite, which keeps code as well, read a file once more. */
  #transformAnew(file: string): void {
    this.#vitest.invalidateFile(file);
  }

  /** The innermost frame that is the learner's own, as `steps/03-login/app.ts:41`. */
  #placeOf(frames: Frame[]): string | undefined {
    for (const { url, line, column } of frames) {
      const file = url.replace(/^file:\/\//, "").replace(/\?.*$/, "");
      if (!/[\\/]steps[\\/].*app\.ts$/.test(file)) continue;
      const [module] = this.#vitest.vite.environments.ssr?.moduleGraph.getModulesByFile(file) ?? [];
      const map = module?.transformResult?.map;
      const { originalLine = line } =
        map && "mappings" in map
          ? (new SourceMap(map as never).findEntry(line, column) as { originalLine?: number })
          : {};
      return `${relative(root, file)}:${originalLine + 1}`;
    }
    return undefined;
  }
}

/** Waits for something, but not for ever. */
async function within(ms: number, something: Promise<unknown>): Promise<void> {
  const enough = new AbortController();
  await Promise.race([something, sleep(ms, undefined, { signal: enough.signal }).catch(() => {})]);
  enough.abort();
}

/** What a finished test says about its goal; undefined when it did not finish. */
function findingOf(test: TestCase | undefined): Finding | undefined {
  const result = test?.result();
  if (!test || !result || result.state === "pending") return undefined;
  const durationMs = test.diagnostic()?.duration ?? 0;
  if (result.state === "passed") return { verdict: "met", durationMs };
  if (result.state === "skipped") {
    if (result.note === undefined) return undefined;
    return { verdict: "not judged", message: result.note, durationMs };
  }
  const [error] = result.errors;
  if (!error) return undefined;
  const { name, message } = error;
  if (name === "GoalUnmet") return { verdict: "unmet", message, durationMs };
  if (name === "AppNotBuilt") {
    return { verdict: "unmet", message, commonCause: firstLine(message), durationMs };
  }
  if (/ECONNREFUSED|ECONNRESET|Connection is closed|max retries per request/i.test(message)) {
    const lost = `The connection to Redis was lost: ${message}`;
    return { verdict: "not judged", message: lost, durationMs };
  }
  return { verdict: "unmet", message: `${name}: ${message}\n${error.stack ?? ""}`, durationMs };
}

/** Why the test file could not even be loaded; in nearly all cases because of `app.ts`. */
function loadError(testModule: TestModule | undefined): string | undefined {
  const [error] = testModule?.errors() ?? [];
  return error && describeLoadError(error);
}

function strayError(errors: readonly unknown[]): string | undefined {
  const [error] = errors as { message?: string; stack?: string }[];
  if (!error) return undefined;
  const place = placeIn(error.stack);
  return `An error escaped while the goals ran: ${error.message}${place ? ` (${place})` : ""}.`;
}

function escaped(text: string): string {
  return text.replaceAll(/[.*+?^${}()|[\]\\]/g, "\\$&");
}

function describeLoadError(error: { name?: string; message?: string; stack?: string }): string {
  const message = error.message ?? "";
  // esbuild: "/…/steps/03-login/app.ts:12:4: ERROR: Expected ";" but found "}""
  const syntax = /([^\s]*app\.ts):(\d+):\d+: ERROR: (.*)/.exec(message);
  if (syntax) {
    return `${inProject(syntax[1] ?? "")}:${syntax[2]} does not compile: ${syntax[3]}.`;
  }
  const place = placeIn(error.stack) ?? "app.ts";
  if (message.includes("process.exit unexpectedly called")) {
    return `${place} calls process.exit, which would end the tests with it. The main program decides when to end: shared/app/server.ts.`;
  }
  return `${place} throws while it is loaded: ${error.name ?? "Error"}: ${firstLine(message)}.`;
}

function endlessLoop(place: string): string {
  return `${place} loops without end: the event loop never gets control back, so nothing can be answered.`;
}

function placeIn(stack = ""): string | undefined {
  const frame = /([^\s()]*[\\/]app\.ts):(\d+)/.exec(stack);
  return frame ? `${inProject(frame[1] ?? "")}:${frame[2]}` : undefined;
}

function inProject(file: string): string {
  return relative(root, file.replace(/^file:\/\//, ""));
}

function firstLine(text: string): string {
  return (text.split("\n")[0] ?? "").replace(/\.$/, "");
}

/** Calls `begin` once the pool has its thread, which can be a moment after the run began. */
function onceStarted(
  pool: WarmPool,
  begin: (thread: NonNullable<WarmPool["thread"]>) => { stop(): void },
): { stop(): void } {
  let watch: { stop(): void } | undefined;
  const poll = setInterval(() => {
    if (!pool.thread) return;
    clearInterval(poll);
    watch = begin(pool.thread);
  }, 100);
  return {
    stop() {
      clearInterval(poll);
      watch?.stop();
    },
  };
}
