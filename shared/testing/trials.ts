import { trials } from "../runner/manifest.ts";
import type { goalsFor } from "./goals.ts";
import { tour } from "./tour.ts";

/** The tests of what is tried with every step once its goals are met. */
export function tryOut(goal: ReturnType<typeof goalsFor>, step: number): void {
  const [rules] = trials;

  goal(rules.name, async ({ open, mustHoldRules }) => {
    for (const env of ["development", "production"] as const) {
      await tour(await open({ env }), step);
      await mustHoldRules();
    }
  });
}
