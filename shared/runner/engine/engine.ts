import { readdirSync } from "node:fs";
import { SourceMap } from "node:module";
import { join, relative } from "node:path";
import { createVitest, type TestCase, type TestModule, type Vitest } from "vitest/node";
import { openKeySpace, type OwnedKeySpace } from "../../redis/key-space.ts";
import { readLearnersFile } from "../learners-file.ts";
import type { StepEntry } from "../manifest.ts";
import { root, stepPaths } from "../paths.ts";
import type { GoalResult, StepResult } from "../result.ts";
import { UserError } from "../user-error.ts";
import { watchForEndlessLoops, type Frame } from "./endless-loops.ts";
import { WarmPool } from "./warm-worker.ts";

// After the first endless loop, the remaining goals get this long.
const afterLoopMs = 12_000;
const longestRunMs = 120_000;

/**
 * Runs the goals of a step with vitest, in one warm thread. Runs follow each other; two engines can
 * work side by side.
 */
export class Engine {
  readonly #vitest: Vitest;
  readonly #pool: WarmPool;
  readonly #keySpace: OwnedKeySpace;
  /** What stands in for files on disk, by path. */
  readonly #sources: Map<string, string>;
  readonly #output: string[];

  private constructor(
    vitest: Vitest,
    pool: WarmPool,
    keySpace: OwnedKeySpace,
    sources: Map<string, string>,
    output: string[],
  ) {
    this.#vitest = vitest;
    this.#pool = pool;
    this.#keySpace = keySpace;
    this.#sources = sources;
    this.#output = output;
  }

  static async start(redisUrl: string): Promise<Engine> {
    const pool = new WarmPool();
    const sources = new Map<string, string>();
    const output: string[] = [];
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
        reporters: [{ onUserConsoleLog: ({ content }) => void output.push(content) }],
      },
      {
        logLevel: "silent",
        server: { watch: null, hmr: false, ws: false },
        plugins: [
          {
            name: "workshop:target",
            enforce: "pre",
            load: (id) => sources.get(id),
          },
        ],
      },
    );
    const keySpace = openKeySpace(redisUrl);
    vitest.provide("redisUrl", redisUrl);
    vitest.provide("keyPrefix", keySpace.prefix);
    return new Engine(vitest, pool, keySpace, sources, output);
  }

  /**
   * Judges a file as the step's `app.ts`.
   *
   * @param source What to judge instead of the file on disk. It is evaluated in its place, so its
   * relative imports have to fit there.
   */
  async run(step: StepEntry, source?: string): Promise<StepResult> {
    const start = performance.now();
    const { folder, app, test } = stepPaths(step);
    const result = (outcome: Pick<StepResult, "goals" | "fault">): StepResult => ({
      step,
      output: [...this.#output],
      durationMs: performance.now() - start,
      ...outcome,
    });
    this.#output.length = 0;

    try {
      this.#sources.set(app, source ?? readLearnersFile(step));
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      return result({ goals: notJudged(step, error.message), fault: error.message });
    }
    for (const file of readdirSync(folder)) this.#invalidate(join(folder, file));

    let stuckAt: string | undefined;
    let deadline: NodeJS.Timeout | undefined;
    const giveUpAfter = (ms: number) => {
      clearTimeout(deadline);
      deadline = setTimeout(() => void this.#pool.stop(), ms);
    };
    const watch = onceStarted(this.#pool, (thread) =>
      watchForEndlessLoops(thread, (frames) => {
        if (!stuckAt) giveUpAfter(afterLoopMs);
        stuckAt ??= this.#placeOf(frames) ?? relative(root, app);
      }),
    );
    giveUpAfter(longestRunMs);

    const spec = this.#vitest.getRootProject().createSpecification(test);
    const { testModules, unhandledErrors } = await this.#vitest
      .runTestSpecifications([spec])
      .finally(() => {
        watch.stop();
        clearTimeout(deadline);
      });
    await this.#keySpace.clear();

    const testModule = testModules.find(({ moduleId }) => moduleId === test);
    const fault = faultOf(testModule, stuckAt) ?? strayError(unhandledErrors, stuckAt);
    const cases = new Map(
      [...(testModule?.children.allTests() ?? [])].map((each) => [each.name, each]),
    );
    const goals = step.goals.map((goal): GoalResult => {
      const judged = cases.get(goal.name);
      if (!judged) return { goal, verdict: "not judged", message: fault ?? "It did not run." };
      return { goal, ...verdictOf(judged, stuckAt) };
    });
    return result(fault === undefined ? { goals } : { goals, fault });
  }

  async close(): Promise<void> {
    await this.#pool.stop();
    await this.#keySpace.close();
    await this.#vitest.close();
  }

  /** Has a file evaluated anew: by Vite, which transforms it, and by the thread, which keeps code. */
  #invalidate(file: string): void {
    this.#vitest.invalidateFile(file);
    this.#vitest.watcher.invalidates.add(file);
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

function notJudged(step: StepEntry, message: string): GoalResult[] {
  return step.goals.map((goal) => ({ goal, verdict: "not judged", message }));
}

function verdictOf(test: TestCase, stuckAt: string | undefined): Omit<GoalResult, "goal"> {
  const { state, errors = [] } = test.result();
  if (state === "passed") return { verdict: "met" };
  if (state === "skipped") {
    const { note } = test.result() as { note?: string };
    return { verdict: "not judged", message: note ?? "It did not run." };
  }
  const [error] = errors;
  if (!error) return { verdict: "not judged", message: "It did not run." };
  if (stuckAt && (error.name !== "GoalUnmet" || error.message.includes("never answered"))) {
    return { verdict: "unmet", message: endlessLoop(stuckAt) };
  }
  if (error.name === "GoalUnmet") return { verdict: "unmet", message: error.message };
  if (/ECONNREFUSED|Connection is closed|ECONNRESET|max retries per request/i.test(error.message)) {
    return { verdict: "not judged", message: `The connection to Redis was lost: ${error.message}` };
  }
  return { verdict: "unmet", message: `${error.name}: ${error.message}\n${error.stack ?? ""}` };
}

/** Why the test file could not even be loaded; in nearly all cases because of `app.ts`. */
function faultOf(
  testModule: TestModule | undefined,
  stuckAt: string | undefined,
): string | undefined {
  const [error] = testModule?.errors() ?? [];
  if (!error) return undefined;
  if (stuckAt) return endlessLoop(stuckAt);
  return describeLoadError(error);
}

function strayError(errors: readonly unknown[], stuckAt: string | undefined): string | undefined {
  const [error] = errors as { name?: string; message?: string; stack?: string }[];
  if (!error) return undefined;
  if (stuckAt) return endlessLoop(stuckAt);
  const place = placeIn(error.stack);
  return `An error escaped while the goals ran: ${error.message}${place ? ` (${place})` : ""}.`;
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
