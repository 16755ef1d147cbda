import type { Invocation } from "../invocation.ts";
import { steps } from "../manifest.ts";
import { firstUnfinished, loadProgress, stateOf } from "../progress.ts";
import { renderProgress } from "../render.ts";

/** `npm run progress`: where each step stands. */
export async function progress({ paper, write }: Invocation): Promise<number> {
  const { progress } = loadProgress();
  const current = firstUnfinished(progress);
  const rows = steps.map((step) => ({
    step,
    state: stateOf(step, progress),
    hints: Object.values(progress.steps[step.slug]?.hints ?? {}).reduce((sum, n) => sum + n, 0),
    current: step === current,
  }));
  write(renderProgress(rows, paper));
  return 0;
}
