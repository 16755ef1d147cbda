import { BroadcastChannel } from "node:worker_threads";

/** What is known of a goal as soon as it is judged. */
export interface JudgedGoal {
  name: string;
  state: "passed" | "failed" | "skipped";
  errors: readonly { name?: string; message?: string; stack?: string }[];
  /** Why it was skipped. */
  note: string | undefined;
  durationMs: number;
}

interface Word {
  /** Whose run it is: each lane has a key prefix of its own. */
  keyPrefix: string;
  goal: JudgedGoal;
}

const channelName = "workshop: goals as they are judged";

/** Tells the runner of a goal at once. vitest gathers what it reports for 100 ms. */
export function tellJudged(word: Word): void {
  // In a thread that stays, an open channel would outlive the file that opened it.
  const channel = new BroadcastChannel(channelName);
  channel.postMessage(word);
  channel.close();
}

/** Hears of goals as they are judged, until it is closed. */
export function hearJudged(keyPrefix: string, onJudged: (goal: JudgedGoal) => void) {
  const channel = new BroadcastChannel(channelName);
  channel.addEventListener("message", (event) => {
    const { keyPrefix: whose, goal } = (event as MessageEvent<Word>).data;
    if (whose === keyPrefix) onJudged(goal);
  });
  channel.unref();
  return channel;
}
