import { steps } from "../../shared/runner/manifest.ts";
import type { Equivalent } from "./equivalent.ts";
import type { Mutant } from "./mutants.ts";

/**
 * What a mutation run has to say, for people.
 *
 * @returns `isClean` is true when every mutant is killed or listed as equivalent, and every entry of
 * that list still fits.
 */
export function summaryOf(
  mutants: readonly Mutant[],
  equivalents: readonly Equivalent[],
): { text: string; isClean: boolean } {
  const excused = new Set(
    mutants.filter((mutant) => equivalents.some((entry) => describes(entry, mutant))),
  );
  const survivors = mutants.filter(
    (mutant) => mutant.outcome === "survived" && !excused.has(mutant),
  );
  const unjudged = mutants.filter(({ outcome }) => outcome === "not judged");
  const complaints = equivalents.flatMap((entry) => complaintsAbout(entry, mutants));

  const sections = [
    ...survivors.map((mutant) => `${shown(mutant)}\n${originOf(mutant, mutants)}`),
    ...unjudged.map((mutant) => `${shown(mutant)}\n    could not be judged: ${mutant.because}`),
    ...complaints,
  ];
  const scores = steps.flatMap((step) => {
    const own = mutants.filter((mutant) => mutant.step === step);
    if (own.length === 0) return [];
    const added = own.filter((mutant) => firstOf(mutant, mutants).step === step);
    return [
      `${step.slug.padEnd(18)}${scoreOf(own, excused)}`,
      `${"  its own lines".padEnd(18)}${scoreOf(added, excused)}`,
    ];
  });
  return {
    text: `\n${[...sections, scores.join("\n"), `Mutation score: ${scoreOf(mutants, excused)}`].join("\n\n")}`,
    isClean: mutants.length > 0 && sections.length === 0,
  };
}

/** `98.1 %: 104 of 106 killed, 2 survived, 3 equivalent` */
function scoreOf(mutants: readonly Mutant[], excused: ReadonlySet<Mutant>): string {
  const valid = mutants.filter((mutant) => mutant.outcome !== "not judged" && !excused.has(mutant));
  const killed = valid.filter(({ outcome }) => outcome === "killed").length;
  const equivalent = mutants.filter((mutant) => excused.has(mutant)).length;
  // Rounded down: 100 % means all of them.
  const percent = (Math.floor((1000 * killed) / (valid.length || 1)) / 10).toFixed(1);
  return `${percent} %: ${killed} of ${valid.length} killed, ${valid.length - killed} survived, ${equivalent} equivalent`;
}

function shown({ place, mutator, line, original, replacement }: Mutant): string {
  return [
    `${place}  ${mutator}`,
    `    ${line}`,
    `    - ${oneLine(original)}`,
    `    + ${oneLine(replacement)}`,
  ].join("\n");
}

/** How the same mutant fared in the step whose solution had it first. */
function originOf(mutant: Mutant, mutants: readonly Mutant[]): string {
  const { step, outcome, because } = firstOf(mutant, mutants);
  if (step === mutant.step) return `    new in step ${step.number}`;
  const fate = outcome === "killed" ? `killed there by ${because}` : `${outcome} there too`;
  return `    since step ${step.number}; ${fate}`;
}

/** Steps stand in their order. A run of one step knows of no earlier ones. */
function firstOf(mutant: Mutant, mutants: readonly Mutant[]): Mutant {
  return mutants.find((each) => isSame(each, mutant)) ?? mutant;
}

function complaintsAbout(entry: Equivalent, mutants: readonly Mutant[]): string[] {
  const what = `test/mutation/equivalent.ts lists ${oneLine(entry.original)} → ${oneLine(entry.replacement)} in "${entry.line}"`;
  return entry.steps.flatMap((number) => {
    const own = mutants.filter(({ step }) => step.number === number);
    const fitting = own.filter((mutant) => describes({ ...entry, steps: [number] }, mutant));
    const killed = fitting.find(({ outcome }) => outcome === "killed");
    // Stryker can be asked for some steps only.
    if (own.length === 0) return [];
    if (fitting.length !== 1) {
      return [`${what}: of such mutants, step ${number} has ${fitting.length}, not one.`];
    }
    if (killed) return [`${what}, but a goal tells it apart (${killed.because}).`];
    return [];
  });
}

function describes(entry: Equivalent, mutant: Mutant): boolean {
  return entry.steps.includes(mutant.step.number) && isSame(entry, mutant);
}

type Edit = Pick<Mutant, "line" | "original" | "replacement">;

function isSame(a: Edit, b: Edit): boolean {
  return (
    a.line === b.line &&
    oneLine(a.original) === oneLine(b.original) &&
    oneLine(a.replacement) === oneLine(b.replacement)
  );
}

function oneLine(code: string): string {
  return code.replaceAll(/\s+/g, " ").trim();
}
