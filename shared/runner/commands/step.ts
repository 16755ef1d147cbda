import { checkRedis, type RedisServer } from "../../redis/server.ts";
import type { Engine } from "../engine/engine.ts";
import type { Invocation } from "../invocation.ts";
import type { StepEntry } from "../manifest.ts";
import { stepPaths } from "../paths.ts";
import { loadProgress, savePassed, stateOf } from "../progress.ts";
import { listSteps, renderNote, renderStep, renderWatch } from "../render.ts";
import { isPassed } from "../result.ts";
import { watchSaves } from "../saves.ts";
import { crashedWith } from "../supervise.mjs";
import { typeCheck, typeCheckBehind } from "../type-check.ts";
import { UserError } from "../user-error.ts";
import {
  update,
  watching,
  type Note,
  type WatchAction,
  type WatchEvent,
  type WatchState,
} from "../watch.ts";
import { withEngineUntilEnded } from "../with-engine-until-ended.ts";
import { solutionDiff } from "./diff.ts";
import { nextHint } from "./hint.ts";

/** `npm run step [N]`: judges the learner's file; watches it on a terminal, once elsewhere. */
export function step(invocation: Invocation): Promise<number> {
  const onTerminal = process.stdin.isTTY && process.stdout.isTTY;
  const run = onTerminal && !invocation.once ? watch : runOnce;
  return withEngineUntilEnded((engine, redis, signal) => run(invocation, engine, redis, signal));
}

async function runOnce(
  { step, paper, write }: Invocation,
  engine: Engine,
  redis: RedisServer,
  signal: AbortSignal,
): Promise<number> {
  const checking = new AbortController();
  const [result, typeErrors] = await Promise.all([
    engine.judge(step, { signal }),
    typeCheck(step, AbortSignal.any([checking.signal, signal])),
  ]).finally(() => checking.abort());
  signal.throwIfAborted();
  const notSaved = isPassed(result) ? savePassed(result) : undefined;
  write(renderStep({ result, typeErrors, redis: redis.description }, paper));
  if (notSaved) write(renderNote(notSaved, paper));
  return isPassed(result) ? 0 : 1;
}

/** Until somebody quits: turns saves and keys into events, and actions into deeds. */
function watch(
  { step, paper, write }: Invocation,
  engine: Engine,
  redis: RedisServer,
  signal: AbortSignal,
): Promise<number> {
  return new Promise((resolve) => {
    let state: WatchState;
    let saves: { close(): void } | undefined;
    let judging = new AbortController();
    let checking = new AbortController();
    let isOver = false;

    // What is under way when somebody quits comes to its end unseen.
    const happen = (event: WatchEvent) => {
      if (!isOver) proceed(...update(state, event));
    };
    const proceed = (next: WatchState, actions: readonly WatchAction[]) => {
      state = next;
      show();
      actions.forEach(act);
    };

    const show = () => {
      const { columns = 80, rows = 24 } = process.stdout;
      const view = { ...state, redis: redis.description };
      // Clears the screen, and leaves what was there before in the scrollback.
      write(`\u001b[2J\u001b[H${renderWatch(view, { ...paper, columns, rows })}`);
    };

    const act = (action: WatchAction): void => {
      switch (action.type) {
        case "run":
          checking.abort();
          judging = new AbortController();
          void judge(action.step, judging.signal);
          return;
        case "give up":
          judging.abort();
          return;
        case "type-check":
          checking = new AbortController();
          void typeCheckBehind(action.step, checking.signal).then((errors) =>
            happen({ type: "type-checked", step: action.step, errors }),
          );
          return;
        case "hint":
          happen({
            type: "told",
            note: orWhyNot(() => ({ text: nextHint(action.step, action.result) })),
          });
          return;
        case "diff":
          happen({
            type: "told",
            note: orWhyNot(() => ({ text: solutionDiff(action.step), diff: true })),
          });
          return;
        case "list":
          happen({ type: "told", note: { text: listOfSteps() } });
          return;
        case "watch":
          saves?.close();
          saves = watchSaves(stepPaths(action.step).app, {
            onSave: () => happen({ type: "saved" }),
            onNotice: (text) => happen({ type: "noticed", text }),
          });
          return;
        case "passed":
          happen({ type: "progress kept", trouble: savePassed(action.result) });
          return;
        case "quit":
          end();
          process.stdout.off("resize", show);
          process.stdin.setRawMode(false).off("data", onKey).pause();
          resolve(action.exitCode);
      }
    };

    const end = () => {
      isOver = true;
      judging.abort();
      checking.abort();
      saves?.close();
    };

    const judge = async (step: StepEntry, signal: AbortSignal) => {
      try {
        if (redis.kind === "external") await checkRedis(redis.url);
        const result = await engine.judge(step, {
          onUnmet: (soFar) => happen({ type: "goal unmet", result: soFar }),
          onGoalsMet: (soFar) => happen({ type: "goals met", result: soFar }),
          signal,
        });
        happen({ type: "ran", result });
        if (!isOver) void engine.widen();
      } catch (error) {
        happen({
          type: "stopped short",
          reason: error instanceof Error ? error.message : String(error),
        });
      }
    };

    const onKey = (keys: string) => [...keys].forEach((key) => happen({ type: "key", key }));
    process.stdin.setRawMode(true).setEncoding("utf8").on("data", onKey).resume();
    process.stdout.on("resize", show);
    signal.addEventListener("abort", end);
    proceed(...watching(step));
    if (crashedWith) {
      const text = `Node.js has crashed (${crashedWith}), and this is another start. Your file is as you saved it.`;
      happen({ type: "noticed", text });
    }
  });
}

function listOfSteps(): string {
  const { progress } = loadProgress();
  return listSteps((step) => stateOf(step, progress));
}

/** What was asked for, or the sentence that says why it is not to be had. */
function orWhyNot(note: () => Note): Note {
  try {
    return note();
  } catch (error) {
    if (error instanceof UserError) return { text: error.message };
    throw error;
  }
}
