import { SourceMap } from "node:module";
import { dirname } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { stripVTControlCharacters } from "node:util";
import { createVitest, type TestCase, type Vitest } from "vitest/node";
import { openKeySpace, type OwnedKeySpace } from "../../redis/key-space.ts";
import type { StepEntry } from "../manifest.ts";
import { root, stepPaths, watchedModules } from "../paths.ts";
import type { Printed } from "../result.ts";
import {
  rest,
  watchForEndlessLoops,
  watchForStandstill,
  type Frame,
  type Standing,
} from "./endless-loops.ts";
import { hearJudged } from "./early-word.ts";
import { findingOf, judgedGoal, loadError, strayError, type Finding } from "./findings.ts";
import { JudgedFiles } from "./judged-files.ts";
import { fileOf, inProject, isLearners } from "./places.ts";
import { progressOf, threadMemoryBytes } from "./warm-thread.mjs";
import { WarmPool } from "./warm-worker.ts";

const firstBusyMs = 800;
const nextBusyMs = 400;
// Four to a second. A goal waits for three seconds at the most, and never without a look.
const standstillLooks = 16;
// Each lost thread costs a few seconds: after these, the rest is not judged.
const mostLost = 2;
// What a loop may leave behind from one look to the next, and how often it is looked at for that.
const garbageBytes = 8 * 1024 * 1024;
const mostStandings = 20;
// Outside the learner's file, work may well be long: only the same place each time is suspect.
const looksElsewhere = 6;
const runEndsWithinMs = 4_000;
const closesWithinMs = 1_000;

interface LaneOptions {
  /** When nobody waits any more: what is not judged by then is given up. */
  signal?: AbortSignal | undefined;
  /** Hears of each goal as soon as it is judged. */
  onFinding?: ((name: string, finding: Finding) => void) | undefined;
}

/** What a lane found out about the goals that it was given. */
export interface Judgement {
  /** By the goal's name. A goal that did not run is missing. */
  findings: Map<string, Finding>;
  /** Why goals could not be judged, if so. */
  fault: string | undefined;
  printed: Printed[];
  /** The standing rules that were broken while goals were judged: name and message. */
  broken: Map<string, string>;
}

interface Round {
  /** The tests by name, finished or not. */
  cases: ReadonlyMap<string, TestCase>;
  /** What kept the goals from being judged. */
  error: string | undefined;
  /** Why the thread had to be given up, and with it the goal that was under way. */
  lost: string | undefined;
}

/** Runs goals with vitest, one after the other, in one warm thread. */
export class Lane {
  readonly #vitest: Vitest;
  readonly #pool: WarmPool;
  readonly #keySpace: OwnedKeySpace;
  readonly #files: JudgedFiles;
  readonly #printed: Printed[];
  /** The file that is judged. */
  #file = "";
  /** Whether the last file could not be loaded: what it lacked may be there by now. */
  #didNotLoad = false;
  #running: Promise<unknown> | undefined;

  private constructor(
    vitest: Vitest,
    pool: WarmPool,
    keySpace: OwnedKeySpace,
    files: JudgedFiles,
    printed: Printed[],
  ) {
    this.#vitest = vitest;
    this.#pool = pool;
    this.#keySpace = keySpace;
    this.#files = files;
    this.#printed = printed;
  }

  static async start(redisUrl: string): Promise<Lane> {
    const pool = new WarmPool();
    const files = new JudgedFiles();
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
        // Nothing is judged by it: requests have a limit, and threads are watched.
        testTimeout: 0,
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
        plugins: [files.plugin],
        resolve: { alias: watchedModules },
      },
    );
    const keySpace = openKeySpace(redisUrl);
    vitest.provide("redisUrl", redisUrl);
    vitest.provide("keyPrefix", keySpace.prefix);
    return new Lane(vitest, pool, keySpace, files, printed);
  }

  /**
   * Judges a file as the step's `app.ts`.
   *
   * @param file Where it stands: what it imports is found from there.
   */
  async judge(
    step: StepEntry,
    { code, file }: { code: string; file: string },
    goals: readonly string[],
    { signal, onFinding }: LaneOptions = {},
  ): Promise<Judgement> {
    await this.#running;
    this.#file = file;
    const early =
      onFinding &&
      hearJudged(this.#keySpace.prefix, (goal) => {
        const finding = findingOf(goal, file);
        if (finding) onFinding(goal.name, finding);
      });
    this.#printed.length = 0;
    for (const changed of this.#files.judge(stepPaths(step).app, file, code, this.#didNotLoad)) {
      // The thread keeps code, and so does Vite.
      this.#vitest.watcher.invalidates.add(changed);
      this.#vitest.invalidateFile(changed);
    }

    const findings: Judgement["findings"] = new Map();
    const broken: Judgement["broken"] = new Map();
    let open = goals;
    let fault: string | undefined;
    for (let lostThreads = 0; open.length > 0;) {
      const first = lostThreads === 0;
      const { cases, error, lost } = await this.#round(step, open, { first, signal });
      for (const name of open) {
        const finding = findingOf(judgedGoal(cases.get(name)), this.#file);
        if (finding) findings.set(name, finding);
        for (const [rule, words] of Object.entries(cases.get(name)?.meta().broken ?? {})) {
          if (!broken.has(rule)) broken.set(rule, words);
        }
      }
      if (lost === undefined) {
        fault = error;
        break;
      }
      // The others get a new thread.
      lostThreads++;
      if (cases.size === 0) fault = lost;
      // They run in their order. One behind the first gets another thread before it is blamed.
      const [stuck = "", ...others] = open;
      if (!findings.has(stuck) || open.every((name) => findings.has(name))) {
        findings.set(stuck, { verdict: "unmet", message: lost, commonCause: lost });
      }
      open = others.filter((name) => !findings.has(name));
      if (fault !== undefined || signal?.aborted || lostThreads === mostLost) {
        for (const name of open) findings.set(name, { verdict: "not judged", message: lost });
        break;
      }
    }
    early?.close();
    // With Redis gone, what was judged stands all the same: the keys go after the next run, or when their
    // time is over.
    await this.#keySpace.clear().catch(() => {});
    return { findings, fault, printed: [...this.#printed], broken };
  }

  /** Runs these goals until they are judged, or until the thread is lost. */
  async #round(
    step: StepEntry,
    goals: readonly string[],
    { first, signal }: { first: boolean; signal: AbortSignal | undefined },
  ): Promise<Round> {
    const { test } = stepPaths(step);
    const name = inProject(this.#file);
    let lost: string | undefined;
    const giveUp = (reason: string) => {
      lost = reason;
      void this.#pool.stop();
    };
    const watch = onceStarted(this.#pool, (thread) => {
      const watches = [
        watchForEndlessLoops(thread, {
          busyMs: first ? firstBusyMs : nextBusyMs,
          progress: () => progressOf(thread),
          isLoop: (standings) => {
            const reason = this.#whyBusy(name, standings);
            if (reason !== undefined) giveUp(reason);
            return reason !== undefined;
          },
        }),
        watchForStandstill(thread, standstillLooks, () => giveUp(endlessWait(name))),
      ];
      return { stop: () => watches.forEach((each) => each.stop()) };
    });
    const spec = this.#vitest.getRootProject().createSpecification(test, {
      testNamePattern: new RegExp(`^\\s*(${goals.map(escaped).join("|")})$`),
    });
    const run = this.#vitest.runTestSpecifications([spec]);
    this.#running = run.catch(() => watch.stop());
    const cancel = () => void this.#vitest.cancelCurrentRun("keyboard-input");
    signal?.addEventListener("abort", cancel);
    const { testModules, unhandledErrors } = await run;
    signal?.removeEventListener("abort", cancel);
    // What is judged is done; a thread that goes on all the same is in a chain without end.
    const { thread } = this.#pool;
    // What it was asked is judged; the next run gets another one.
    if (thread && !(await rest(thread))) void this.#pool.stop();
    watch.stop();
    this.#running = undefined;
    const testModule = testModules.find(({ moduleId }) => moduleId === test);
    const tests = [...(testModule?.children.allTests() ?? [])];
    const notLoaded = loadError(testModule, this.#file);
    this.#didNotLoad = notLoaded !== undefined;
    return {
      cases: new Map(tests.map((each) => [each.name, each])),
      error: this.#pool.brokenPackages ?? notLoaded ?? strayError(unhandledErrors, this.#file),
      lost: lost ?? (this.#pool.outOfMemory ? memoryFilled(name) : undefined),
    };
  }

  /** Leaves behind what the app has put where the next one finds it: the next run has a thread of its own. */
  async forget(): Promise<void> {
    await this.#running;
    await this.#pool.stop();
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

  /**
   * What keeps a thread from coming back; undefined when it is none of the learner's, or takes
   * another look.
   */
  #whyBusy(file: string, standings: Standing[]): string | undefined {
    const [place, before] = standings.map(({ frames }) => this.#placeOf(frames)).toReversed();
    if (place === undefined || before === undefined) return stuckElsewhere(file, standings);
    // What is printed waits in memory, too.
    const isPrinting = ({ url }: Frame) => url.startsWith("node:internal/console/");
    if (standings.some(({ frames }) => frames.some(isPrinting))) {
      return `${place} prints so much that nothing else gets its turn.`;
    }
    // Before a thread has filled its memory, it is busy collecting garbage for a long time.
    const [heapNow = 0, heapBefore = 0] = standings.map(({ heapBytes }) => heapBytes).toReversed();
    if (heapNow > threadMemoryBytes / 2) return memoryFilled(place);
    if (heapNow - heapBefore > garbageBytes && standings.length < mostStandings) return undefined;
    return `${place} loops without end: it keeps the processor for itself, so nothing else gets its turn.`;
  }

  /** The innermost frame that is the learner's own, as `steps/03-login/app.ts:41`. */
  #placeOf(frames: Frame[]): string | undefined {
    for (const { url, line, column } of frames) {
      const file = fileOf(url);
      if (!isLearners(file, dirname(this.#file))) continue;
      const [module] = this.#vitest.vite.environments.ssr?.moduleGraph.getModulesByFile(file) ?? [];
      const map = module?.transformResult?.map;
      const { originalLine = line } =
        map && "mappings" in map
          ? (new SourceMap(map as never).findEntry(line, column) as { originalLine?: number })
          : {};
      return `${inProject(file)}:${originalLine + 1}`;
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

function escaped(text: string): string {
  return text.replaceAll(/[.*+?^${}()|[\]\\]/g, "\\$&");
}

/**
 * A package, or Node.js, that was found at the same place each time: what it was given keeps it there.
 * One that never says where it is (no frames) is inside one call.
 */
function stuckElsewhere(file: string, standings: Standing[]): string | undefined {
  const last = standings.slice(-looksElsewhere).map(({ frames: [frame] }) => frame);
  const places = new Set(
    last.map((frame) => frame && `${frame.url}:${frame.line}:${frame.column}`),
  );
  const [frame] = last;
  if (last.length < looksElsewhere || places.size > 1) return undefined;
  const [, inPackage] = /^file:.*node_modules\/(.*)/.exec(frame?.url ?? "") ?? [];
  // The workshop's own code comes to an end.
  if (frame && inPackage === undefined && !frame.url.startsWith("node:")) return undefined;
  const place = inPackage === undefined ? "Node.js" : `${inPackage}:${(frame?.line ?? 0) + 1}`;
  return `What ${file} hands to ${place} keeps it busy without end: a regular expression that tries one text in ever more ways does that.`;
}

function endlessWait(file: string): string {
  return `${file} waits for something that never comes: nothing happens any more, and it is not done. A top-level \`await\`, or a createApp that is async, waits for a Promise that nobody resolves.`;
}

function memoryFilled(place: string): string {
  return `${place} fills the memory: a list or a text grows without end.`;
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
