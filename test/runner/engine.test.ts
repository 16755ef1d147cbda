import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, inject, test } from "vitest";
import { Engine } from "../../shared/runner/engine/engine.ts";
import { findStep, type StepEntry } from "../../shared/runner/manifest.ts";
import { stepPaths } from "../../shared/runner/paths.ts";
import { isPassed, meetsItsGoals, type StepResult } from "../../shared/runner/result.ts";

const step = findStep("login") as StepEntry;
const first = findStep("memory-store") as StepEntry;
const solution = readFileSync(stepPaths(step).solution, "utf8");

const mistaken = solution.replace("if (!user || !matches)", "if (!user)");

let wide: Engine;
let judgedByOneLane: StepResult;

beforeAll(async () => {
  wide = await Engine.start(inject("redisUrl"));
  judgedByOneLane = await wide.judgeGoals(step, mistaken);
  // How long the goals take, by which they are shared out, is known after the first run.
  await wide.judgeGoals(step, solution);
  await wide.widen();
});

afterAll(() => wide.close());

test("two lanes come to the verdicts of one", async () => {
  expect(isPassed(await wide.judge(step, { source: solution }))).toBe(true);
  const { goals } = await wide.judgeGoals(step, mistaken);
  const verdicts = (of: StepResult["goals"]) => of.map(({ goal, verdict }) => [goal.name, verdict]);
  expect(verdicts(goals)).toEqual(verdicts(judgedByOneLane.goals));
  expect(goals.find(({ goal }) => goal.name === "a wrong password answers 401")).toMatchObject({
    verdict: "unmet",
    message: expect.stringMatching(/^A wrong password logged in\./),
  });
});

test("the first unmet goal is told while others are still being judged", async () => {
  const told: StepResult[] = [];
  const onUnmet = (soFar: StepResult) => void told.push(soFar);
  const result = await wide.judge(step, { source: mistaken, onUnmet });
  const [soFar] = told;
  expect([told.length, soFar?.isSoFar, result.isSoFar]).toEqual([1, true, undefined]);
  expect(soFar?.goals.some(({ message }) => message === "It did not run.")).toBe(true);
  const unmet = soFar?.goals.filter(({ verdict }) => verdict === "unmet") ?? [];
  expect(unmet).toHaveLength(1);
  expect(result.goals).toContainEqual(unmet[0]);
  await wide.judge(step, { source: solution, onUnmet });
  expect(told).toHaveLength(1);
});

test("nothing that a file keeps in variables reaches the next run", async () => {
  const counting = `${solution}\nlet times = 0;\nconsole.log("loaded", ++times);\n`;
  for (let run = 0; run < 3; run++) {
    const { printed } = await wide.judgeGoals(step, counting);
    const whenLoaded = printed.filter(({ goal }) => goal === undefined).map(({ text }) => text);
    expect(whenLoaded).toEqual(["loaded 1\n"]);
  }
});

test("nothing that a file puts off happens in the next run", async () => {
  const late = solution.replace(
    "const { email, password } = req.validBody;",
    '$&\n    setTimeout(() => { throw new Error("of the file before"); }, 300);',
  );
  await wide.judgeGoals(step, late, { only: ["a wrong password answers 401"] });
  expect(meetsItsGoals(await wide.judgeGoals(step, solution))).toBe(true);
});

test("an app that cannot be built is one unmet goal, with the others not judged", async () => {
  const { goals } = await wide.judgeGoals(step, solution.replace("return app;", ""));
  const unmet = goals.filter(({ verdict }) => verdict === "unmet");
  expect(unmet).toHaveLength(1);
  expect(unmet[0]?.message).toMatch(/^createApp returned no Express app\./);
  expect(goals.filter(({ verdict }) => verdict === "not judged")).toHaveLength(goals.length - 1);
});

test("what the app prints is kept with the goal that it was printed for", async () => {
  const talking = solution.replace(
    "const { email, password } = req.validBody;",
    '$&\n    if (password === "not her password") console.log("guessed", email);',
  );
  const { printed } = await wide.judgeGoals(step, talking);
  expect(printed).toContainEqual({
    goal: "a wrong password answers 401",
    text: "guessed ada@example.com\n",
  });
});

test("a file that meets its goals and has lost an earlier one is not passed", async () => {
  const careless = solution.replace("{ data: { ok: true } }", "{ data: { up: true } }");
  const seen: boolean[] = [];
  const result = await wide.judge(step, {
    source: careless,
    onGoalsMet: (soFar) => seen.push(meetsItsGoals(soFar), isPassed(soFar)),
  });
  expect(seen).toEqual([true, false]);
  expect(isPassed(result)).toBe(false);
  const [first] = result.lost ?? [];
  expect(first?.message).toMatch(
    /^Step 1 no longer holds: GET \/health no longer says \{ data: \{ ok: true \} \}\./,
  );
  expect(first?.message).toMatch(
    /Step 1 asked for it: a health check gets no cookie \(steps\/01-memory-store\/README\.md\)\.$/,
  );
  expect(first?.message).not.toMatch(/See TODO|steps\/01-memory-store\/app\.ts/);
});

test("nobody tries more or looks back when a newer save waits, or when a goal of the step is open", async () => {
  const outdated = await wide.judge(step, { source: solution, signal: AbortSignal.abort() });
  expect([meetsItsGoals(outdated), isPassed(outdated)]).toEqual([true, false]);
  const open = await wide.judge(step, { source: mistaken });
  expect(open.lost).toBeUndefined();
});

test("what is being tried when a newer save comes is given up, and the next verdict is whole", async () => {
  const folder = mkdtempSync(join(tmpdir(), "workshop-"));
  const visits = join(folder, "visits");
  const source = readFileSync(stepPaths(first).solution, "utf8")
    .replace(/^/, 'import { appendFileSync } from "node:fs";\n')
    .replace("?? 0) + 1;", `$& appendFileSync(${JSON.stringify(visits)}, ".");`);
  const counted = () => readFileSync(visits, "utf8").length;
  const judging = new AbortController();
  let [met, seen] = [0, 0];
  let poll: NodeJS.Timeout | undefined;
  const interrupted = await wide.judge(first, {
    source,
    signal: judging.signal,
    onGoalsMet: () => {
      met = counted();
      poll = setInterval(() => {
        // By now something is under way.
        if (counted() > met) judging.abort();
        if (judging.signal.aborted) seen ||= counted();
      }, 1);
    },
  });
  clearInterval(poll);
  const more = counted() - seen;
  expect([meetsItsGoals(interrupted), isPassed(interrupted)]).toEqual([true, false]);
  expect(interrupted.lost).toBeUndefined();
  expect(isPassed(await wide.judge(first, { source }))).toBe(true);
  rmSync(folder, { recursive: true });
  // Whoever visits at the same moment is let in. One trial alone visits a hundred times.
  expect(more).toBeLessThan(20);
});

test("what outlives an app is named by the first goal that meets it", async () => {
  const source = readFileSync(stepPaths(first).solution, "utf8");
  const shared = source
    .replace(
      "const app = express();",
      "const app = express();\n  const nth = ((globalThis as any).apps = ((globalThis as any).apps ?? 0) + 1);",
    )
    .replace("(req.session.visits ?? 0) + 1", "nth > 1 ? 1 : (req.session.visits ?? 0) + 1");
  expect(shared).toContain("nth > 1");
  const narrow = await Engine.start(inject("redisUrl"));
  const { goals } = await narrow.judgeGoals(first, shared);
  await narrow.close();
  const unmet = goals.filter(({ verdict }) => verdict === "unmet");
  expect(unmet.map(({ message }) => message)).toEqual([
    expect.stringMatching(
      /^Here a second visit does not count one more yet, .* left something behind\./,
    ),
  ]);
});
