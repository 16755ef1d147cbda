// Proves the judgement: every solution and right alternative passes, every starter gets exactly the
// verdicts that the manifest declares, every catalogued mistake is caught and named.
import { availableParallelism } from "node:os";
import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import { Engine } from "../shared/runner/engine/engine.ts";
import { steps } from "../shared/runner/manifest.ts";
import { candidatesOf, grade } from "./grading/grade.ts";

const engines: Engine[] = [];
const waiting: ((engine: Engine) => void)[] = [];

beforeAll(async () => {
  for (let i = 0; i < availableParallelism(); i++) {
    engines.push(await Engine.start(inject("redisUrl")));
  }
});

afterAll(async () => {
  await Promise.all(engines.map((engine) => engine.close()));
});

const candidates = (await Promise.all(steps.map(candidatesOf))).flat();

describe.for(steps)("$slug", (step) => {
  test.concurrent.for(candidates.filter((candidate) => candidate.step === step))(
    "$kind: $name",
    async (candidate, { expect }) => {
      const engine = await freeEngine();
      try {
        const { complaint } = await grade(engine, candidate);
        expect(complaint).toBeUndefined();
      } finally {
        release(engine);
      }
    },
  );
});

test("there is something to grade of every kind, for every step", () => {
  for (const step of steps) {
    const kinds = candidates.filter((candidate) => candidate.step === step).map(({ kind }) => kind);
    expect(new Set(kinds)).toEqual(new Set(["solution", "starter", "alternative", "mistake"]));
  }
});

function freeEngine(): Promise<Engine> {
  const engine = engines.pop();
  if (engine) return Promise.resolve(engine);
  return new Promise((resolve) => waiting.push(resolve));
}

function release(engine: Engine): void {
  const next = waiting.shift();
  if (next) next(engine);
  else engines.push(engine);
}
