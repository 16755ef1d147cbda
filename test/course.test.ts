// Proves that what belongs to a step agrees: lesson, starter, solution, goals, hints and manifest.
import { spawnSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { diffLines } from "diff";
import { describe, expect, test } from "vitest";
import { findStep, steps, type StepEntry } from "../shared/runner/manifest.ts";
import { readHints } from "../shared/runner/hints.ts";
import { root, stepPaths } from "../shared/runner/paths.ts";

const scripts: Record<string, string> = JSON.parse(
  readFileSync(join(root, "package.json"), "utf8"),
).scripts;

test("the folders of steps and solutions are the manifest's", () => {
  const slugs = steps.map(({ slug }) => slug);
  expect(readdirSync(join(root, "steps"))).toEqual(slugs);
  expect(readdirSync(join(root, "solutions"))).toEqual(slugs);
});

test("a step is found by number, name or both, and by nothing else", () => {
  for (const argument of ["3", "03", "login", "03-login", " LOGIN "]) {
    expect(findStep(argument)?.slug, argument).toBe("03-login");
  }
  for (const argument of [
    "",
    " ",
    "0",
    "8",
    "99",
    "003",
    "3x",
    "constructor",
    "../03-login",
    "-login",
  ]) {
    expect(findStep(argument), argument).toBeUndefined();
  }
});

// The learner's files are theirs: what is wrong in one is no fault of the workshop.
test("starters, solutions, goals and alternatives type-check", () => {
  const tsc = spawnSync(
    process.execPath,
    ["node_modules/typescript/bin/tsc", "--noEmit", "--singleThreaded"],
    {
      cwd: root,
      encoding: "utf8",
    },
  );
  const errors = tsc.stdout
    .split("\n")
    .filter((line) => line && !/^steps[\\/][^\\/]+[\\/]app\.ts/.test(line));
  expect(errors).toEqual([]);
});

describe.for(steps)("$slug", (step) => {
  const paths = stepPaths(step);
  const starter = readFileSync(paths.starter, "utf8");
  const lesson = readFileSync(paths.lesson, "utf8");
  const todos = [...starter.matchAll(/TODO (\d\.\d):/g)].map(([, todo]) => todo).toSorted();

  test("has one to five TODOs, numbered from 1", () => {
    expect(todos).toEqual(todos.map((_, i) => `${step.number}.${i + 1}`));
    expect(todos.length).toBeGreaterThanOrEqual(1);
    expect(todos.length).toBeLessThanOrEqual(5);
  });

  test("has three hints per TODO", () => {
    const hints = readHints(step);
    expect([...hints.keys()]).toEqual(todos);
    for (const [todo, texts] of hints) expect(texts, todo).toHaveLength(3);
  });

  test("leads every goal to a TODO, and every TODO to a goal", () => {
    const led = new Set(step.goals.map(({ todo }) => `${step.number}.${todo}`));
    expect([...led].toSorted()).toEqual(todos);
  });

  test("has a test for every goal, in the manifest's order", () => {
    const source = readFileSync(paths.test, "utf8");
    const names = [...source.matchAll(/^goal\(\s*"([^"]+)"/gm)].map(([, name]) => name);
    const judged = step.goals.map(({ name }) => name);
    expect(names).toEqual(judged);
  });

  test("lists hardening goals after core goals", () => {
    const firstHardening = step.goals.findIndex(({ hardening }) => hardening);
    if (firstHardening < 0) return;
    expect(step.goals.slice(firstHardening).every(({ hardening }) => hardening)).toBe(true);
  });

  test("has a lesson of 150 to 400 words under its title", () => {
    expect(lesson.split("\n")[0]).toBe(`# Step ${step.number}: ${step.title}`);
    const words = lesson
      .replaceAll(/```[\s\S]*?```/g, "")
      .replaceAll(/\]\([^)]*\)/g, "]")
      .split(/\s+/)
      .filter((word) => /\w/.test(word));
    expect(words.length).toBeGreaterThanOrEqual(150);
    expect(words.length).toBeLessThanOrEqual(400);
  });

  test("names every TODO in its lesson", () => {
    for (const todo of todos) expect(lesson).toContain(`TODO ${todo}`);
  });

  test("has lessons and notes whose commands and links exist", () => {
    for (const file of [paths.lesson, paths.notes, paths.hints]) checkDocument(file);
  });

  test("prints curl lines that start with its own app", () => {
    for (const line of step.tryIt) expect(line).toMatch(/^(curl |#)/);
  });
});

const pairs = steps.slice(1).map((step, i) => ({ step, previous: steps[i] as StepEntry }));

test.for(pairs)(
  "step $step.number begins where step $previous.number ended",
  ({ step, previous }) => {
    const solution = readFileSync(stepPaths(previous).solution, "utf8");
    const starter = readFileSync(stepPaths(step).starter, "utf8");
    const parts = diffLines(solution, starter);
    // Nothing is taken away, and what is added holds a TODO with its stub, or imports for a stub.
    expect(parts.filter(({ removed }) => removed)).toEqual([]);
    for (const { value } of parts.filter(({ added }) => added)) {
      expect(value).toMatch(new RegExp(`TODO ${step.number}\\.\\d: |^import .*\\n$`));
    }
    const rest = parts.filter(({ added }) => !added).map(({ value }) => value);
    expect(rest.join("")).toBe(solution);
  },
);

test("the README's commands and links exist", () => {
  checkDocument(join(root, "README.md"));
});

test("what SECURITY.md says is met stands in the code, and the tests it names exist", () => {
  const file = join(root, "SECURITY.md");
  checkDocument(file);
  const met = readFileSync(file, "utf8").matchAll(/`((?:solutions|shared)\/[^`]+)`: `([^`]+)`/g);
  for (const [, named = "", text = ""] of met) {
    const source = readFileSync(join(root, named), "utf8");
    expect(source, `${named} of SECURITY.md`).toContain(text.replaceAll("\\|", "|"));
  }
});

/** Every `npm run` names a script with steps that exist; every relative link leads somewhere. */
function checkDocument(file: string): void {
  const text = readFileSync(file, "utf8");
  for (const [command, script = "", argument] of text.matchAll(/npm run ([\w-]+)(?: (\d+))?/g)) {
    expect(scripts, `${command} in ${file}`).toHaveProperty([script]);
    if (argument) expect(findStep(argument), `${command} in ${file}`).toBeDefined();
  }
  for (const [, target = ""] of text.matchAll(/\]\(([^)\s]+)\)/g)) {
    if (/^(https?:|#)/.test(target)) continue;
    expect(
      existsSync(join(dirname(file), target.split("#")[0] ?? "")),
      `${target} in ${file}`,
    ).toBe(true);
  }
  for (const [, named = ""] of text.matchAll(/`((?:steps|solutions|shared|test)\/[\w./-]+)`/g)) {
    expect(existsSync(join(root, named)), `${named} in ${file}`).toBe(true);
  }
}
