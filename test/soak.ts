// `npm run soak`: grades everything again and again, on the embedded Redis and on a real one, beside
// busy processes, and reports every verdict that differs from a quiet run.
//
//   npm run soak -- --repeats 5    instead of 50
//   npm run soak -- --load 8       so many busy processes instead of one
//
// The real Redis is REDIS_URL, or a `redis-server` that is started for it.
import { spawn, type ChildProcess } from "node:child_process";
import type { Engine } from "../shared/runner/engine/engine.ts";
import { steps } from "../shared/runner/manifest.ts";
import type { StepResult } from "../shared/runner/result.ts";
import { provideRedis } from "../shared/redis/server.ts";
import { UserError } from "../shared/runner/user-error.ts";
import { command, countOf } from "./command.ts";
import { candidatesOf, grade, type Candidate } from "./grading/grade.ts";
import { hasRedisServer, startRedisServer } from "./real-redis.ts";

const usage = "npm run soak -- --repeats 5 --load 8";
const options = {
  repeats: { type: "string", default: "50" },
  load: { type: "string", default: "1" },
} as const;

await command(usage, options, async (values, [extra]) => {
  const repeats = countOf("--repeats", values.repeats);
  const load = countOf("--load", values.load, 0);
  if (extra !== undefined) {
    throw new UserError(`It takes options alone, and not ${JSON.stringify(extra)}. Try: ${usage}`);
  }
  const candidates = (await Promise.all(steps.map(candidatesOf))).flat();
  const real = await realRedis();
  const kinds = [
    { kind: "embedded", redis: await provideRedis("") },
    ...(real ? [{ kind: "real", redis: await provideRedis(real.url) }] : []),
  ];
  const quiet = new Map<Candidate, string>();
  const changed = new Map<string, number>();
  const report = (what: string) => {
    changed.set(what, (changed.get(what) ?? 0) + 1);
    console.log(`changed: ${what}`);
  };

  await gradeAll(kinds[0]!.redis.url, candidates, (candidate, result, complaint) => {
    quiet.set(candidate, verdictsOf(result));
    if (complaint) report(`quiet run, ${nameOf(candidate)}: ${complaint}`);
  });
  console.log(`quiet run: ${changed.size} verdicts wrong`);

  const busy = Array.from({ length: load }, keepBusy);
  for (let repeat = 1; repeat <= repeats; repeat++) {
    for (const { kind, redis } of kinds) {
      await gradeAll(redis.url, candidates, (candidate, result, complaint) => {
        if (verdictsOf(result) === quiet.get(candidate)) return;
        report(`${kind} Redis, ${nameOf(candidate)}: ${complaint ?? verdictsOf(result)}`);
      });
      console.log(
        `${kind} Redis, repeat ${repeat} of ${repeats}: ${changed.size} verdicts changed so far`,
      );
    }
  }

  for (const child of busy) child.kill();
  for (const { redis } of kinds) await redis.close();
  real?.stop();
  for (const [what, times] of changed) console.log(`${times} × ${what}`);
  if (!real) console.log("No real Redis was at hand: set REDIS_URL, or install redis-server.");
  console.log(
    `${candidates.length} candidates, ${repeats} repeats beside ${load} busy processes, ${changed.size} verdicts changed`,
  );
  return changed.size === 0 ? 0 : 1;
});

type Graded = (candidate: Candidate, result: StepResult, complaint: string | undefined) => void;

/** Grades everything with two engines, and each solution with one that was started for it. */
async function gradeAll(
  redisUrl: string,
  candidates: readonly Candidate[],
  graded: Graded,
): Promise<void> {
  // Not before the command line was looked at: it takes a while to load.
  const { Engine } = await import("../shared/runner/engine/engine.ts");
  const queue = [...candidates];
  const work = async (next: () => Candidate | undefined, engine: Engine) => {
    for (let candidate = next(); candidate; candidate = next()) {
      const { result, complaint } = await grade(engine, candidate);
      graded(candidate, result, complaint);
    }
    await engine.close();
  };
  await Promise.all(
    [1, 2].map(async () => work(() => queue.shift(), await Engine.start(redisUrl))),
  );
  for (const solution of candidates.filter(({ kind }) => kind === "solution")) {
    const once = [solution];
    await work(() => once.pop(), await Engine.start(redisUrl));
  }
}

/** What must be the same under load: each goal's verdict, and what is lost. */
function verdictsOf({ goals, fault = "", lost = [] }: StepResult): string {
  return [
    fault,
    ...goals.map(({ goal, verdict }) => `${goal.name}: ${verdict}`),
    ...lost.map(({ goal }) => `${goal.name}: lost`),
  ].join("; ");
}

function nameOf({ step, kind, name }: Candidate): string {
  return `${step.slug}, ${kind} "${name}"`;
}

/** A process of its own: what this one spends is counted where endless loops are looked for. */
function keepBusy(): ChildProcess {
  const child = spawn(process.execPath, ["--eval", "for (;;) {}"], { stdio: "ignore" });
  process.once("exit", () => child.kill());
  return child;
}

async function realRedis(): Promise<{ url: string; stop(): void } | undefined> {
  if (process.env.REDIS_URL) return { url: process.env.REDIS_URL, stop() {} };
  return hasRedisServer ? startRedisServer() : undefined;
}
