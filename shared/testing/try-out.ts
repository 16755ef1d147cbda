import { standingRules, worlds as listed } from "../runner/trials.ts";
import type { goalsFor } from "./goals.ts";
import { under } from "./verdict.ts";

/**
 * The tests of what is tried with every step once its goals are met. What they need is loaded then: a
 * verdict on the goals does not wait for it.
 */
export function tryOut(goal: ReturnType<typeof goalsFor>, step: number): void {
  goal(standingRules.name, async ({ open, mustHoldRules }) => {
    const { tour } = await import("./tour.ts");
    for (const env of ["development", "production"] as const) {
      await tour(await open({ env }), step);
      await mustHoldRules();
    }
  });

  for (const { name, since } of listed) {
    if (since > step) continue;
    goal(name, async ({ ground, mustHoldRules, open, openRelay, redis }) => {
      const { worlds } = await import("./worlds/index.ts");
      const world = worlds.find((each) => each.name === name);
      if (!world) throw new Error(`Nobody has written the world "${name}".`);
      await under(name, async () => world.visit({ ground, open, openRelay, redis, step }));
      await mustHoldRules();
    });
  }
}
