import { availableParallelism } from "node:os";
import { defineConfig } from "vitest/config";
import { BaseSequencer, type TestSpecification } from "vitest/node";
import { watchedModules } from "./shared/runner/paths.ts";

// What takes longest: begun last, it would keep one thread busy while the others have nothing to do.
const longest = ["grading", "faults", "page", "stuck", "access"].map((name) => `/${name}.test.ts`);

class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const place = ({ moduleId }: TestSpecification) => {
      const at = longest.findIndex((end) => moduleId.endsWith(end));
      return at < 0 ? longest.length : at;
    };
    return (await super.sort(files)).toSorted((a, b) => place(a) - place(b));
  }
}

export default defineConfig({
  test: {
    globalSetup: "shared/testing/redis-setup.ts",
    // By default, one processor is left to vitest, which does little. More than there are gains nothing.
    maxWorkers: "100%",
    sequence: { sequencer: LongestFirst },
    projects: [
      // The goals of the steps, against the learner's files: `npx vitest run steps/03-login`.
      {
        extends: true,
        resolve: { alias: watchedModules },
        test: { name: "steps", include: ["steps/**/*.test.ts"] },
      },
      // What proves the workshop itself: `npm test`.
      {
        extends: true,
        test: {
          name: "workshop",
          include: ["test/**/*.test.ts"],
          // A guard against what never ends: on a busy machine, a reference takes minutes.
          testTimeout: 600_000,
          hookTimeout: 600_000,
          // What is waited for on a busy machine comes late; a fault shows as what stands there instead.
          expect: { poll: { timeout: 60_000 } },
          // Loading the packages anew for each file would take longer than its tests.
          isolate: false,
          maxConcurrency: availableParallelism() + 1,
        },
      },
      // The attacks of `npm test`, some of them played 200 times: `npm run attacks`.
      {
        extends: true,
        test: {
          name: "attacks",
          include: ["test/attacks/**/*.test.ts"],
          env: { ATTACK_TRIES: "200" },
          testTimeout: 15 * 60_000,
        },
      },
    ],
  },
});
