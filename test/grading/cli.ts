// Grades everything and prints a table: `npm run grade`, `npm run grade -- 3`, or, to see what the
// goals of a step make of any file, `npm run grade -- 3 path/to/app.ts`.
import { readFileSync } from "node:fs";
import { Engine } from "../../shared/runner/engine/engine.ts";
import { findStep, steps } from "../../shared/runner/manifest.ts";
import { isPassed } from "../../shared/runner/result.ts";
import { provideRedis } from "../../shared/redis/server.ts";
import { candidatesOf, grade } from "./grade.ts";

const [stepArgument, file] = process.argv.slice(2);
const wanted = stepArgument ? findStep(stepArgument) : undefined;
const redis = await provideRedis();
const engine = await Engine.start(redis.url);

if (wanted && file) {
  const result = await engine.judge(wanted, { source: readFileSync(file, "utf8") });
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
  process.exitCode = isPassed(result) ? 0 : 1;
} else {
  const slips: string[] = [];
  console.log("| step | kind | what | goal | first line of the message |\n|---|---|---|---|---|");
  for (const step of wanted ? [wanted] : steps) {
    for (const candidate of await candidatesOf(step)) {
      const { result, complaint } = await grade(engine, candidate, true);
      const { goal, says } = candidate.finding(result);
      console.log(`| ${step.number} | ${candidate.kind} | ${candidate.name} | ${goal} | ${says} |`);
      if (complaint)
        slips.push(`${step.slug}, ${candidate.kind} "${candidate.name}": ${complaint}`);
    }
  }
  console.log(slips.length === 0 ? "\nNothing slipped through." : `\n${slips.join("\n")}`);
  process.exitCode = slips.length === 0 ? 0 : 1;
}
await engine.close();
await redis.close();
