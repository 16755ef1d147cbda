import { TestRunner } from "vitest";
import { misreadConfiguration } from "./configuration.ts";
import type { Cause } from "./crashes.ts";
import { misreadEnvironment } from "./environment.ts";
import { keptInMemory } from "./memory-store.ts";
import { notedCause } from "./causes.ts";
import { stepOfTest, type StepEntry } from "../runner/manifest.ts";
import { readReference } from "../runner/reference.ts";

/**
 * A goal that is not met. The message is for the learner: the claim names the cause, the evidence
 * shows what travelled, the reason teaches the rule, and the last line says where to look.
 */
export class GoalUnmet extends Error {
  override name = "GoalUnmet";
  readonly claim: string;
  readonly evidence: Evidence;
  readonly reason: string;
  /** Whether something beneath everything else is wrong, whatever the goal or the circumstances. */
  readonly isBeneath: boolean;

  constructor(claim: string, evidence: Evidence, reason: string, where = whereToLook()) {
    const beneath = causeBeneath(`${claim} ${reason}`);
    if (beneath) {
      [claim, evidence, reason] = [beneath.claim, [claim, indented(evidence)], beneath.reason];
      // Its TODO is another one than the goal's.
      where = "";
    }
    super([claim, indented(evidence), reason, where].filter(Boolean).join("\n"));
    this.claim = claim;
    this.evidence = evidence;
    this.reason = reason;
    this.isBeneath = beneath !== undefined;
  }
}

/** The app could not even be built: every goal ends with it, and one cause is reported once. */
export class AppNotBuilt extends GoalUnmet {
  override name = "AppNotBuilt";

  constructor(claim: string, evidence: Evidence, reason: string) {
    // Whichever goal came first knows nothing of the place.
    super(claim, evidence, reason, "");
  }
}

/** What was seen: answers show themselves as the exchange on the wire. */
export type Evidence =
  | string
  | { toString(): string }
  | readonly ({ toString(): string } | string)[];

/**
 * The assertion of every goal.
 *
 * @param todo Where to look, when it is not at the TODO of the goal: 1 stands for `TODO 3.1`.
 * @throws {GoalUnmet} when the condition does not hold.
 */
export function must(
  condition: unknown,
  claim: string,
  evidence: Evidence = [],
  reason = "",
  todo?: number,
): asserts condition {
  if (!condition) throw new GoalUnmet(claim, evidence, reason, whereToLook(todo));
}

/** Whatever is unmet meanwhile is unmet under these circumstances: the claim names them first. */
export async function under<Result>(
  circumstances: string,
  action: () => Promise<Result>,
): Promise<Result> {
  try {
    return await action();
  } catch (error) {
    if (!(error instanceof GoalUnmet) || error instanceof AppNotBuilt || error.isBeneath)
      throw error;
    const claim = `${circumstances}, ${inSentence(error.claim)}`;
    throw new GoalUnmet(claim, error.evidence, error.reason);
  }
}

/** With a small letter, unless it begins with a name. */
function inSentence(claim: string): string {
  const isName = /^(Ada|Grace|Redis|Express|SESSION_SECRET)\b|^[A-Z]{2}|^\W/.test(claim);
  return isName ? claim : `${claim[0]?.toLowerCase()}${claim.slice(1)}`;
}

/**
 * Ends the goal as neither met nor unmet: something that comes before it does not work yet, so
 * whatever was seen here would prove nothing.
 */
export function notJudged(reason: string): never {
  if (causeBeneath(reason)) throw new GoalUnmet(reason, [], "");
  TestRunner.getCurrentTest()?.context.skip(reason);
  throw new Error(`Not judged: ${reason}`);
}

function indented(evidence: Evidence): string {
  const parts = Array.isArray(evidence) ? evidence : [evidence];
  return parts
    .map(String)
    .filter(Boolean)
    .flatMap((part) => part.split("\n"))
    .map((line) => `    ${line}`)
    .join("\n");
}

/** The step whose goal is being tested. */
function currentStep(): StepEntry | undefined {
  const test = TestRunner.getCurrentTest();
  return test && stepOfTest(test.file.filepath);
}

/** The TODO of the goal that is being tested, and the file it stands in. */
function whereToLook(todo?: number): string {
  const step = currentStep();
  const goal = step?.goals.find(({ name }) => name === TestRunner.getCurrentTest()?.name);
  if (!step || !goal) return "";
  return `See TODO ${step.number}.${todo ?? goal.todo} in steps/${step.slug}/app.ts.`;
}

/** The TODO in the stub of a route, which waits for those before it. */
export function whereStubIs({ method, path }: { method: string; path: string }): string {
  const step = currentStep();
  if (!step) return "";
  const starter = readReference(step, "starter");
  const begin = starter.indexOf(`app.${method.toLowerCase()}("${path}"`);
  const [todo = "the TODOs"] = /TODO \d\.\d/.exec(begin < 0 ? "" : starter.slice(begin)) ?? [];
  return `See ${todo} in steps/${step.slug}/app.ts, once those before it are done.`;
}

/** What is wrong beneath everything else, if something is. */
function causeBeneath(symptom: string): Cause | undefined {
  return (
    misreadEnvironment() ??
    misreadConfiguration() ??
    notedCause(symptom) ??
    keptInMemory(currentStep()?.number)
  );
}
