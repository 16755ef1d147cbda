import { dirname } from "node:path";
import type { TestCase, TestModule } from "vitest/node";
import type { GoalResult } from "../result.ts";
import type { JudgedGoal } from "./early-word.ts";
import { endingCall, endsTheProcess, meaningOf, withoutImports } from "./explanations.ts";
import { inProject, placeIn } from "./places.ts";

/** How a goal was judged, before the lanes are put together. */
export interface Finding extends Omit<GoalResult, "goal"> {
  /** What keeps the app from running at all: one goal reports it for all. */
  commonCause?: string;
  /** Not judged, because Redis went away. */
  redisIsGone?: boolean;
  durationMs?: number;
}

/** A test that has come to its end; undefined when it did not. */
export function judgedGoal(test: TestCase | undefined): JudgedGoal | undefined {
  const result = test?.result();
  if (!test || !result || result.state === "pending") return undefined;
  return {
    name: test.name,
    state: result.state,
    errors: result.errors ?? [],
    note: result.state === "skipped" ? result.note : undefined,
    durationMs: test.diagnostic()?.duration ?? 0,
  };
}

/** What a test says about its goal; undefined when it did not finish. */
export function findingOf(goal: JudgedGoal | undefined, judged: string): Finding | undefined {
  if (!goal) return undefined;
  const { state, errors, note, durationMs } = goal;
  if (state === "passed") return { verdict: "met", durationMs };
  if (state === "skipped") {
    return note === undefined ? undefined : { verdict: "not judged", message: note, durationMs };
  }
  const [error] = errors;
  if (!error) return undefined;
  const { name, message = "" } = error;
  if (name === "GoalUnmet") return { verdict: "unmet", message, durationMs };
  if (name === "AppNotBuilt") {
    return { verdict: "unmet", message, commonCause: firstLine(message), durationMs };
  }
  if (/ECONNREFUSED|ECONNRESET|Connection is closed|max retries per request/i.test(message)) {
    const lost = `The connection to Redis was lost: ${message}`;
    return { verdict: "not judged", message: lost, redisIsGone: true, durationMs };
  }
  const place = placeIn(error.stack, dirname(judged));
  const { what, advice } = explained(error);
  const text = place
    ? (endOfProcess(message, place) ?? `${place} throws where nobody catches it: ${what}.${advice}`)
    : `${name}: ${message}\n${error.stack ?? ""}`;
  return { verdict: "unmet", message: text, durationMs };
}

/** Why the test file could not even be loaded; in nearly all cases because of `app.ts`. */
export function loadError(testModule: TestModule | undefined, judged: string): string | undefined {
  const [error] = testModule?.errors() ?? [];
  return error && describeLoadError(error, judged);
}

/** The first error that belongs to no test, in a sentence; undefined when there is none. */
export function strayError(errors: readonly unknown[], judged: string): string | undefined {
  const [error] = errors as { message?: string; stack?: string }[];
  if (!error) return undefined;
  const place = placeIn(error.stack, dirname(judged));
  return `An error escaped while the goals ran: ${error.message}${place ? ` (${place})` : ""}.`;
}

function describeLoadError(
  error: { name?: string; message?: string; stack?: string },
  judged: string,
): string {
  const message = error.message ?? "";
  // esbuild: "/…/steps/03-login/app.ts:12:4: ERROR: Expected ";" but found "}""
  const [, syntax] = /:\d+:\d+: ERROR: (.*)/.exec(message) ?? [];
  if (syntax !== undefined) {
    return `${placeIn(message, dirname(judged)) ?? inProject(judged)} does not compile: ${syntax}.`;
  }
  const place = placeIn(error.stack, dirname(judged)) ?? inProject(judged);
  const ended = endOfProcess(message, place);
  if (ended) return ended;
  if (message.includes("app.listen unexpectedly called")) {
    return `${place} listens on a port by itself. It only builds the app: the main program and the tests listen. Take \`app.listen\` out.`;
  }
  const { what, advice } = explained(error);
  return `${place} throws while it is loaded: ${what}.${advice}`;
}

/** An error in plain words where they are known, and further lines that say more. */
function explained(error: { name?: string; message?: string }): { what: string; advice: string } {
  const { cause, advice } = meaningOf(error) ?? {};
  const words = `${error.name ?? "Error"}: ${firstLine(withoutImports(error.message ?? ""))}`;
  const lines = [cause && `    ${words}`, advice].filter(Boolean).map((line) => `\n${line}`);
  return { what: cause ?? words, advice: lines.join("") };
}

/** What to say of a call that would end the process; undefined when it is none. */
function endOfProcess(message: string, place: string): string | undefined {
  const [call] = endingCall.exec(message) ?? [];
  return call && `${place} calls ${call}. ${endsTheProcess}`;
}

function firstLine(text: string): string {
  return (text.split("\n")[0] ?? "").replace(/\.$/, "");
}
