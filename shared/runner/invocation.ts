import type { StepEntry } from "./manifest.ts";
import type { Paper } from "./paper.ts";

/** What a command gets, and where it writes. It returns its exit code. */
export interface Invocation {
  step: StepEntry;
  /** A TODO of the step, as `3.2`, for the command that takes one. */
  todo?: string | undefined;
  paper: Paper;
  once: boolean;
  yes: boolean;
  /** Run the app as behind a TLS proxy in production. */
  production: boolean;
  /** Print each exchange while the app runs. */
  trace: boolean;
  /** Attack the solution in place of the learner's app. */
  solution: boolean;
  write(text: string): void;
}
