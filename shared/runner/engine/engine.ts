import { realpathSync } from "node:fs";
import { learnersFileIfReadable, readLearnersFile } from "../learners-file.ts";
import { steps, type GoalEntry, type StepEntry } from "../manifest.ts";
import { stepPaths } from "../paths.ts";
import { isStarter } from "../reference.ts";
import {
  counted,
  meetsItsGoals,
  type GoalResult,
  type LostGoal,
  type StepResult,
} from "../result.ts";
import { standingRules, trialsOf } from "../trials.ts";
import { UserError } from "../user-error.ts";
import type { Finding } from "./findings.ts";
import { Lane, type Judgement } from "./lane.ts";

export interface Judging {
  /** What to judge instead of the file on disk. */
  source?: string;
  /** Called once, as soon as a goal is unmet: the others are still being judged. */
  onUnmet?(soFar: StepResult): void;
  /** Called when the step's own goals are met, before the steps before are looked at. */
  onGoalsMet?(result: StepResult): void;
  /** When only the goals are still worth knowing: what has begun after them is given up. */
  signal?: AbortSignal;
}

/** How long a goal is taken to last that has not been judged yet. */
const usualMs = 100;
/** A file that fails is told so after them. */
const trialsAtOnce = 4;

/** What is judged, and where it stands. */
type Judged = Parameters<Lane["judge"]>[1];

interface Share {
  lane: Lane;
  goals: string[];
}

/**
 * Judges a learner's file by the goals of its step. Runs follow each other; two engines can work
 * side by side.
 */
export class Engine {
  readonly #redisUrl: string;
  readonly #lanes: Lane[];
  #widening: Promise<void> | undefined;
  /** How long each goal takes by now, in milliseconds. */
  readonly #durations = new Map<GoalEntry, number>();

  private constructor(redisUrl: string, lane: Lane) {
    this.#redisUrl = redisUrl;
    this.#lanes = [lane];
  }

  static async start(redisUrl: string): Promise<Engine> {
    return new Engine(redisUrl, await Lane.start(redisUrl));
  }

  /** Shares the goals of later runs between two threads, as soon as the second one is ready. */
  widen(): Promise<void> {
    this.#widening ??= Lane.start(this.#redisUrl).then(
      (lane) => void this.#lanes.push(lane),
      // One lane comes to the same verdicts.
      () => {},
    );
    return this.#widening;
  }

  /**
   * Judges the learner's file by the goals of its step and, when they are met, by the trials and by the
   * goals of the steps before: each step builds on them.
   */
  async judge(
    step: StepEntry,
    { source, onUnmet, onGoalsMet, signal }: Judging = {},
  ): Promise<StepResult> {
    const code = source ?? learnersFileIfReadable(step);
    const result = await this.judgeGoals(step, code, { onUnmet });
    if (code === undefined || !meetsItsGoals(result)) return result;
    onGoalsMet?.(result);
    const lost: LostGoal[] = (result.broken ?? []).map((message) => ({
      step,
      goal: standingRules,
      message,
    }));
    if (lost.length > 0) return { ...result, lost };
    const { fault, failed, untried } = await this.#tryOut(step, code, signal);
    if (fault !== undefined) return { ...result, fault };
    if (failed) return { ...result, lost: [failed] };
    for (const before of steps.slice(0, steps.indexOf(step))) {
      if (signal?.aborted) break;
      lost.push(...lostGoals(await this.judgeGoals(before, code, { owner: step, signal })));
    }
    return signal?.aborted ? result : { ...result, lost, untried };
  }

  /**
   * Judges a file by the goals of one step, as its `app.ts`.
   *
   * @param source What to judge instead of the file on disk. It is evaluated in its place, so its
   * relative imports have to fit there.
   * @param only The names of the goals to judge; the others are left not judged.
   * @param owner The step whose file it is, when that is a later one.
   * @param signal When the verdict is not worth waiting for any more.
   * @param onUnmet Called once, with what is known by then, as soon as a goal is unmet.
   */
  async judgeGoals(
    step: StepEntry,
    source?: string,
    {
      only,
      owner = step,
      signal,
      onUnmet,
    }: {
      only?: readonly string[];
      owner?: StepEntry;
      signal?: AbortSignal | undefined;
      onUnmet?: Judging["onUnmet"] | undefined;
    } = {},
  ): Promise<StepResult> {
    const start = performance.now();
    const isAsked = ({ name }: GoalEntry) => only?.includes(name) ?? true;
    const listed = [...step.goals, ...(only ? trialsOf(step).filter(isAsked) : [])];
    let untouched = false;
    let judgements: Judgement[];
    let judged: Judged | undefined;
    try {
      const code = source ?? readLearnersFile(step);
      untouched = isStarter(step, code);
      const file = { code, file: whereItStands(owner) };
      judged = file;
      const goals = listed.filter(isAsked);
      const findings: Judgement["findings"] = new Map();
      let isTold = false;
      const onFinding = (name: string, finding: Finding) => {
        if (isTold) return;
        findings.set(name, finding);
        if (finding.verdict !== "unmet") return;
        const soFar = verdicts(listed, [{ findings }], undefined);
        isTold = counted(soFar).some(({ verdict }) => verdict === "unmet");
        if (!isTold) return;
        const durationMs = performance.now() - start;
        onUnmet?.({ step, goals: soFar, untouched, printed: [], durationMs, isSoFar: true });
      };
      const options = { signal, onFinding: onUnmet && onFinding };
      judgements = await Promise.all(
        this.#shares(goals).map(({ lane, goals }) => lane.judge(step, file, goals, options)),
      );
      if (!signal?.aborted) this.#learnDurations(goals, judgements);
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      judgements = [{ findings: new Map(), fault: error.message, printed: [], broken: new Map() }];
    }
    const fault = judgements.find((each) => each.fault !== undefined)?.fault;
    const goals = verdicts(listed, judgements, fault);
    const isWhole =
      !only && !signal?.aborted && judgements.every((each) => faultOf(each) === undefined);
    return {
      step,
      source: judged?.code,
      goals: isWhole && judged ? await this.#withCause(step, judged, goals) : goals,
      broken: [...new Map(judgements.flatMap(({ broken }) => [...broken])).values()],
      ...(fault !== undefined && { fault }),
      untouched,
      // Each lane loads the file, and hears what it prints then.
      printed: judgements.flatMap(({ printed }, i) =>
        printed.filter(({ goal }) => goal || i === 0),
      ),
      durationMs: performance.now() - start,
    };
  }

  /**
   * Plays the trials: each lane takes its share in pieces, as long as somebody waits for it. Whoever is
   * faster: which trial failed first, the order of the list decides.
   */
  async #tryOut(
    step: StepEntry,
    code: string,
    signal: AbortSignal | undefined,
  ): Promise<{ fault?: string; failed?: LostGoal; untried?: GoalResult[] }> {
    const trials = trialsOf(step);
    const names = trials.map(({ name }) => name);
    const judged = { code, file: whereItStands(step) };
    let first = trials.length;
    let fault: string | undefined;
    const judgements: Judgement[] = [];
    const play = async ({ lane, goals }: Share) => {
      for (let next = 0; next < goals.length; next += trialsAtOnce) {
        const piece = goals.slice(next, next + trialsAtOnce);
        if (signal?.aborted || names.indexOf(piece[0] ?? "") > first) return;
        const judgement = await lane.judge(step, judged, piece, { signal });
        judgements.push(judgement);
        fault ??= faultOf(judgement);
        const failed = piece.find((name) => judgement.findings.get(name)?.verdict === "unmet");
        if (fault !== undefined) first = -1;
        else if (failed) first = Math.min(first, names.indexOf(failed));
      }
    };
    await Promise.all(this.#shares(trials).map(play));
    if (signal?.aborted) return {};
    this.#learnDurations(trials, judgements);
    if (fault !== undefined) return { fault };
    const results = verdicts(trials, judgements, undefined);
    const failed = results.find(({ verdict }) => verdict === "unmet");
    if (failed) return { failed: { step, goal: failed.goal, message: failed.message ?? "" } };
    return { untried: results.filter(({ verdict }) => verdict === "not judged") };
  }

  /** When goals wait, and none says why: what the first of them waits for is what has to be mended. */
  async #withCause(step: StepEntry, judged: Judged, goals: GoalResult[]): Promise<GoalResult[]> {
    const waiting = counted(goals).find(({ verdict }) => verdict === "not judged");
    if (!waiting || counted(goals).some(({ verdict }) => verdict === "unmet")) return goals;
    const { goal, message: reason = "" } = waiting;
    const message = (await this.#isMetAlone(step, judged, goal))
      ? `Here ${reason}, and alone this goal is met: the last app has left something behind.\nEach goal builds an app of its own, from a module that is evaluated anew. What stands on \`globalThis\`, or is changed in a package, outlives both. Make it inside of \`createApp\`.`
      : `${reason[0]?.toUpperCase()}${reason.slice(1)}.\nEverything else waits for that.`;
    return goals.map((each) => (each === waiting ? { goal, verdict: "unmet", message } : each));
  }

  /** Whether a goal is met where no other one has run before. */
  async #isMetAlone(step: StepEntry, judged: Judged, goal: GoalEntry): Promise<boolean> {
    const [lane] = this.#lanes;
    if (!lane || goal === step.goals[0]) return false;
    await lane.forget();
    const { findings } = await lane.judge(step, judged, [goal.name]);
    return findings.get(goal.name)?.verdict === "met";
  }

  #learnDurations(goals: readonly GoalEntry[], judgements: readonly Judgement[]): void {
    for (const goal of goals) {
      const finding = judgements.map(({ findings }) => findings.get(goal.name)).find(Boolean);
      if (!finding?.durationMs) continue;
      const before = this.#durations.get(goal) ?? finding.durationMs;
      // One slow run says little.
      this.#durations.set(goal, before + (finding.durationMs - before) / 4);
    }
  }

  /** Who judges which goals: about as much work for each lane, in the order of the step. */
  #shares(goals: readonly GoalEntry[]): Share[] {
    const msOf = (goal: GoalEntry) => this.#durations.get(goal) ?? usualMs;
    const loads = this.#lanes.map((lane) => ({ lane, goals: new Set<GoalEntry>(), ms: 0 }));
    // The longest first, each to whoever has the least to do.
    for (const goal of goals.toSorted((a, b) => msOf(b) - msOf(a))) {
      const least = loads.reduce((a, b) => (b.ms < a.ms ? b : a));
      least.goals.add(goal);
      least.ms += msOf(goal);
    }
    return loads.map((load) => ({
      lane: load.lane,
      goals: goals.filter((goal) => load.goals.has(goal)).map(({ name }) => name),
    }));
  }

  /** Lets runs that are under way come to their end, and ends everything that was started. */
  async close(): Promise<void> {
    await this.#widening;
    await Promise.all(this.#lanes.map((lane) => lane.close()));
  }
}

/** The step's file, or where a link in its place leads. */
function whereItStands(step: StepEntry): string {
  const { app } = stepPaths(step);
  try {
    return realpathSync(app);
  } catch {
    // Something else is judged in its place.
    return app;
  }
}

/** What the file of a later step has lost of an earlier one: first what is wrong, then what is unclear. */
function lostGoals({ step, goals, fault }: StepResult): LostGoal[] {
  return counted(goals)
    .filter(({ verdict }) => verdict !== "met")
    .toSorted((a, b) => Number(b.verdict === "unmet") - Number(a.verdict === "unmet"))
    .map(({ goal, message = fault ?? "" }) => ({
      step,
      goal,
      message: [
        `Step ${step.number} no longer holds: ${message}`.replace(/\nSee TODO [^\n]*$/, ""),
        `Step ${step.number} asked for it: ${goal.name} (steps/${step.slug}/README.md).`,
      ].join("\n"),
    }));
}

/** Why no more can be judged, if so: it lies with the file as a whole, or with Redis. */
function faultOf({ fault, findings }: Judgement): string | undefined {
  return fault ?? [...findings.values()].find(({ redisIsGone }) => redisIsGone)?.message;
}

/** The findings of all lanes as one verdict per goal. */
function verdicts(
  goals: readonly GoalEntry[],
  judgements: readonly Pick<Judgement, "findings">[],
  fault: string | undefined,
): GoalResult[] {
  const findings = new Map(judgements.flatMap((each) => [...each.findings]));
  const reported = new Set<string>();
  return goals.map((goal): GoalResult => {
    const finding = findings.get(goal.name);
    if (!finding) return { goal, verdict: "not judged", message: fault ?? "It did not run." };
    const { commonCause, redisIsGone: _, durationMs: _durationMs, ...result } = finding;
    if (commonCause !== undefined && reported.has(commonCause)) {
      return { goal, verdict: "not judged", message: commonCause };
    }
    if (commonCause !== undefined) reported.add(commonCause);
    return { goal, ...result };
  });
}
