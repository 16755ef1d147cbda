// Proves the judgement: every solution and right alternative passes, every starter gets exactly the
// verdicts that the manifest declares, every catalogued mistake is caught and named.
import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import { Engine } from "../shared/runner/engine/engine.ts";
import { steps } from "../shared/runner/manifest.ts";
import { candidatesOf, grade } from "./grading/grade.ts";

const candidates = (await Promise.all(steps.map(candidatesOf))).flat();
const engines: Engine[] = [];

afterAll(async () => {
  await Promise.all(engines.map((engine) => engine.close()));
});

// As many steps side by side as maxConcurrency says, each with an engine: where one waits for an
// outage, another hashes. An option, because `describe.concurrent.for` runs them one by one.
describe.for(steps)("$slug", { concurrent: true }, (step) => {
  let engine: Engine;

  beforeAll(async () => {
    engine = engines.pop() ?? (await Engine.start(inject("redisUrl")));
  });

  afterAll(() => {
    engines.push(engine);
  });

  test.sequential.for(candidates.filter((candidate) => candidate.step === step))(
    "$kind: $name",
    async (candidate) => {
      const { complaint } = await grade(engine, candidate);
      expect(complaint).toBeUndefined();
    },
  );
});

test("there is something to grade of every kind, for every step", () => {
  for (const step of steps) {
    const kinds = candidates.filter((candidate) => candidate.step === step).map(({ kind }) => kind);
    expect(new Set(kinds)).toEqual(new Set(["solution", "starter", "alternative", "mistake"]));
  }
});
