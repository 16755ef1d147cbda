import { steps, type StepEntry } from "./manifest.ts";
import { isPassed, meetsItsGoals, type StepResult } from "./result.ts";

/** What the watching runner knows. Events change it through `update`; nothing else does. */
export interface WatchState {
  step: StepEntry;
  /** The last verdict; undefined until the first run has ended. */
  result?: StepResult | undefined;
  typeErrors?: readonly string[] | undefined;
  running: boolean;
  /** The file changed while the goals ran: they run once more. */
  savedMeanwhile: boolean;
  /** What is shown below the verdict: a hint, a diff, the list, or why there is no verdict. */
  note?: Note | undefined;
  /** What stays below every verdict: a peculiarity of this machine. */
  notice?: string | undefined;
  /** Why the last passed verdict could not be kept, if so. */
  notKept?: string | undefined;
  /** `d` was pressed on a step that is not passed: the next `y` shows the solution. */
  askedForDiff: boolean;
}

export interface Note {
  text: string;
  /** A unified diff rather than prose. */
  diff?: boolean;
}

export type WatchEvent =
  | { type: "saved" }
  /** A goal is unmet; others are still being judged. */
  | { type: "goal unmet"; result: StepResult }
  /** The step's own goals are met; the trials and the steps before are still under way. */
  | { type: "goals met"; result: StepResult }
  | { type: "ran"; result: StepResult }
  /** The goals could not be run: Redis is gone, say. Never the learner's fault. */
  | { type: "stopped short"; reason: string }
  | { type: "type-checked"; step: StepEntry; errors: readonly string[] }
  | { type: "told"; note: Note }
  | { type: "noticed"; text: string }
  | { type: "progress kept"; trouble: string | undefined }
  | { type: "key"; key: string };

export type WatchAction =
  | { type: "run"; step: StepEntry }
  /** Nobody waits any more for what follows the goals. */
  | { type: "give up" }
  | { type: "type-check"; step: StepEntry }
  | { type: "hint" | "diff"; step: StepEntry; result: StepResult | undefined }
  | { type: "list" }
  | { type: "watch"; step: StepEntry }
  | { type: "passed"; result: StepResult }
  | { type: "quit"; exitCode: number };

export const watchKeys = [
  ["n", "next"],
  ["h", "hint"],
  ["d", "diff"],
  ["r", "run again"],
  ["l", "list"],
  ["q", "quit"],
] as const;

export function watching(step: StepEntry): [WatchState, WatchAction[]] {
  const state: WatchState = { step, running: true, savedMeanwhile: false, askedForDiff: false };
  return [
    state,
    [
      { type: "watch", step },
      { type: "run", step },
    ],
  ];
}

/** Event by event: the next state, and what has to be done. */
export function update(state: WatchState, event: WatchEvent): [WatchState, WatchAction[]] {
  switch (event.type) {
    case "saved":
      return run(state);

    case "goal unmet":
    case "goals met":
      return [{ ...dropQuestion(state, event.result), typeErrors: undefined }, []];

    case "ran": {
      const { result } = event;
      const judged = { ...dropQuestion(state, result), running: false, typeErrors: undefined };
      if (state.savedMeanwhile) return run({ ...judged, savedMeanwhile: false });
      return [
        judged,
        [
          ...(isPassed(result) ? [{ type: "passed" as const, result }] : []),
          { type: "type-check", step: state.step },
        ],
      ];
    }

    case "stopped short": {
      const stopped = { ...state, running: false, note: { text: event.reason } };
      return state.savedMeanwhile ? run({ ...stopped, savedMeanwhile: false }) : [stopped, []];
    }

    case "type-checked":
      if (state.running || event.step !== state.step) return [state, []];
      return [{ ...state, typeErrors: event.errors }, []];

    case "told":
      return [{ ...state, note: event.note }, []];

    case "noticed":
      return [{ ...state, notice: event.text }, []];

    case "progress kept":
      return [{ ...state, notKept: event.trouble }, []];

    case "key":
      return press({ ...state, askedForDiff: false }, event.key, state.askedForDiff);
  }
}

/** With a new verdict; a question whether to show the solution all the same may be pointless by then. */
function dropQuestion(state: WatchState, result: StepResult): WatchState {
  if (!state.askedForDiff || !meetsItsGoals(result)) return { ...state, result };
  return { ...state, result, askedForDiff: false, note: undefined };
}

/** Whether the step's own goals are met, and the trials and the steps before are still under way. */
export function isLookingBack({ step, result, running }: WatchState): boolean {
  return running && result?.step === step && meetsItsGoals(result) && !result.lost;
}

/** Whether a verdict has come to its end: as long as others are still being judged, it has not. */
function isWhole(result: StepResult | undefined): boolean {
  if (!result || result.isSoFar) return false;
  return !meetsItsGoals(result) || result.lost !== undefined;
}

/** Runs the goals, or remembers to: a save during a run causes one more. */
function run(state: WatchState): [WatchState, WatchAction[]] {
  if (state.running) return [{ ...state, savedMeanwhile: true }, [{ type: "give up" }]];
  const { step } = state;
  return [{ ...state, running: true, note: undefined }, [{ type: "run", step }]];
}

function press(
  state: WatchState,
  key: string,
  diffConfirmed: boolean,
): [WatchState, WatchAction[]] {
  const { step, result } = state;
  const passed = result !== undefined && isPassed(result);
  switch (key) {
    case "q":
      return [state, [{ type: "quit", exitCode: 0 }]];
    case "\u0003": // Ctrl-C
      return [state, [{ type: "quit", exitCode: 130 }]];
    case "r":
      return run(state);
    case "h":
      // What stopped short left a note that says why; until it has run again, there is no more to say.
      if (!state.running && !isWhole(result)) return [state, []];
      return [state, [{ type: "hint", step, result }]];
    case "l":
      return [state, [{ type: "list" }]];
    case "d":
      if (passed || isLookingBack(state)) return [state, [{ type: "diff", step, result }]];
      return [
        {
          ...state,
          askedForDiff: true,
          note: { text: "Step not passed: this shows the solution. Press y to see it." },
        },
        [],
      ];
    case "y":
      return diffConfirmed ? [state, [{ type: "diff", step, result }]] : [state, []];
    case "n":
      return next(state, passed);
    default:
      return [state, []];
  }
}

function next(state: WatchState, passed: boolean): [WatchState, WatchAction[]] {
  const following = steps[steps.indexOf(state.step) + 1];
  if (!following) {
    return [
      { ...state, note: { text: passed ? "That was the last step." : "This is the last step." } },
      [],
    ];
  }
  if (isLookingBack(state)) {
    return [
      { ...state, note: { text: "One moment: what no goal lists is still being tried." } },
      [],
    ];
  }
  if (!passed) {
    return [
      {
        ...state,
        note: {
          text: `Step ${state.step.number} is not passed yet. To go on all the same: npm run step ${following.number}`,
        },
      },
      [],
    ];
  }
  if (state.running) return [state, []];
  return watching(following);
}
