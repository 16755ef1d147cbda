import { equivalents } from "./equivalent.ts";
import { mutantsIn, type MutationReport } from "./mutants.ts";
import { summaryOf } from "./summary.ts";

/** A Stryker reporter that prints the score of each step and what survived, and ends accordingly. */
export class SurvivorReporter {
  constructor() {
    // Stryker ends well unless it is told otherwise, even when it never comes to a report.
    process.exitCode = 1;
  }

  onMutationTestReportReady(report: MutationReport): void {
    const { text, isClean } = summaryOf(mutantsIn(report), equivalents);
    console.log(text);
    if (isClean) process.exitCode = 0;
  }
}
