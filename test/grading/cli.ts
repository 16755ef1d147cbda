// Grades everything and prints a table: `npm run grade`, `npm run grade -- 3`, or, to see what the
// goals of a step make of any file, `npm run grade -- 3 path/to/app.ts`. What is right has to hold under
// the rules, in all worlds and in the steps before as well; `--right` grades nothing else.
import { readFileSync } from "node:fs";
import type { Engine } from "../../shared/runner/engine/engine.ts";
import { errorCode } from "../../shared/runner/error-code.ts";
import { findStep, steps, type StepEntry } from "../../shared/runner/manifest.ts";
import { isPassed } from "../../shared/runner/result.ts";
import { UserError } from "../../shared/runner/user-error.ts";
import { command } from "../command.ts";
import { candidatesOf, grade } from "./grade.ts";

const usage = "npm run grade, npm run grade -- 3, npm run grade -- 3 my/app.ts";
const options = { right: { type: "boolean", default: false } } as const;

await command(usage, options, async ({ right }, [stepArgument, file, ...rest]) => {
  const wanted = stepArgument === undefined ? undefined : findStep(stepArgument);
  if (stepArgument !== undefined && !wanted) {
    throw new UserError(
      `There is no step ${JSON.stringify(stepArgument)}: there are 1 to ${steps.length}. Try: ${usage}`,
    );
  }
  if (rest.length > 0) {
    throw new UserError(
      `It takes a step and one file, and not ${rest.join(" ")} too. Try: ${usage}`,
    );
  }
  const source = file === undefined ? undefined : sourceOf(file);
  // What was typed is looked at first: the engine takes a while to load.
  const { withEngine } = await import("../../shared/runner/engine/with-engine.ts");
  if (wanted && source !== undefined) {
    return withEngine((engine) => gradeFile(engine, wanted, source));
  }
  return withEngine(async (engine) => {
    await engine.widen();
    return gradeCandidates(engine, wanted ? [wanted] : steps, right);
  });
});

function sourceOf(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    const code = errorCode(error);
    throw new UserError(
      code === "ENOENT"
        ? `There is no file ${file}. Paths begin at the folder of the workshop.`
        : `${file} cannot be read (${code}).`,
    );
  }
}

async function gradeFile(engine: Engine, step: StepEntry, source: string): Promise<number> {
  const result = await engine.judge(step, { source });
  const { goals, fault, lost = [] } = result;
  if (fault) console.log(fault);
  for (const { goal, verdict, message } of goals) {
    console.log(`${verdict.padEnd(10)}  ${goal.name}`);
    if (message && !fault) console.log(message.replace(/^/gm, "            | "));
  }
  for (const { step, goal, message } of lost) {
    console.log(`lost        ${goal.name} (step ${step.number})`);
    console.log(message.replace(/^/gm, "            | "));
  }
  return isPassed(result) ? 0 : 1;
}

async function gradeCandidates(
  engine: Engine,
  wanted: readonly StepEntry[],
  right: boolean,
): Promise<number> {
  const slips: string[] = [];
  console.log("| step | kind | what | goal | first line of the message |\n|---|---|---|---|---|");
  for (const step of wanted) {
    for (const candidate of await candidatesOf(step)) {
      if (right && !["solution", "alternative"].includes(candidate.kind)) continue;
      const { result, complaint } = await grade(engine, candidate, true);
      const { goal, says } = candidate.finding(result);
      console.log(`| ${step.number} | ${candidate.kind} | ${candidate.name} | ${goal} | ${says} |`);
      if (complaint)
        slips.push(`${step.slug}, ${candidate.kind} "${candidate.name}": ${complaint}`);
    }
  }
  console.log(slips.length === 0 ? "\nNothing slipped through." : `\n${slips.join("\n")}`);
  return slips.length === 0 ? 0 : 1;
}
