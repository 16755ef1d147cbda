import { steps, type StepEntry } from "../../shared/runner/manifest.ts";

/** The part of Stryker's report that is used here; lines and columns count from 1. */
export interface MutationReport {
  files: Record<string, { source: string; mutants: ReportedMutant[] }>;
  testFiles?: Record<string, { tests: { id: string; name: string }[] }>;
}

interface ReportedMutant {
  mutatorName: string;
  replacement?: string;
  status: string;
  statusReason?: string;
  killedBy?: string[];
  location: { start: Position; end: Position };
}

interface Position {
  line: number;
  column: number;
}

export interface Mutant {
  step: StepEntry;
  /** As `solutions/03-login/app.ts:41`. */
  place: string;
  mutator: string;
  /** The line on which it begins, trimmed. */
  line: string;
  original: string;
  replacement: string;
  outcome: "killed" | "survived" | "not judged";
  /** The goal that killed it, or why it could not be judged. */
  because: string;
}

/** The step whose solution a file is. */
export function stepOfSolution(file: string): StepEntry | undefined {
  const [, slug] = /solutions[\\/]([^\\/]+)[\\/]app\.ts$/.exec(file) ?? [];
  return steps.find((step) => step.slug === slug);
}

/** All mutants of a report, in the order of the steps and of their lines. */
export function mutantsIn({ files, testFiles = {} }: MutationReport): Mutant[] {
  const tests = Object.values(testFiles).flatMap((file) => file.tests);
  const names = new Map(tests.map(({ id, name }) => [id, name]));
  return Object.entries(files)
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .flatMap(([file, { source, mutants }]) => {
      const step = stepOfSolution(file);
      if (!step) throw new Error(`${file} is the solution of no step.`);
      return mutants
        .toSorted((a, b) => offsetIn(source, a.location.start) - offsetIn(source, b.location.start))
        .map(({ location: { start, end }, ...mutant }): Mutant => {
          const [goal = ""] = mutant.killedBy ?? [];
          return {
            step,
            place: `${file}:${start.line}`,
            mutator: mutant.mutatorName,
            line: (source.split("\n")[start.line - 1] ?? "").trim(),
            original: source.slice(offsetIn(source, start), offsetIn(source, end)),
            replacement: mutant.replacement ?? "",
            outcome: outcomes[mutant.status] ?? "not judged",
            because: names.get(goal) ?? mutant.statusReason ?? mutant.status,
          };
        });
    });
}

const outcomes: Record<string, Mutant["outcome"]> = {
  Killed: "killed",
  Timeout: "killed",
  Survived: "survived",
  NoCoverage: "survived",
};

function offsetIn(source: string, { line, column }: Position): number {
  const before = source.split("\n").slice(0, line - 1);
  return before.reduce((sum, each) => sum + each.length + 1, 0) + column - 1;
}
