import { standingRules, worlds as listed } from "../runner/trials.ts";
import type { goalsFor } from "./goals.ts";
import { tour } from "./tour.ts";
import { under } from "./verdict.ts";
import { worlds } from "./worlds/index.ts";

/** The tests of what is tried with every step once its goals are met. */
export function tryOut(goal: ReturnType<typeof goalsFor>, step: number): void {
  goal(standingRules.name, async ({ open, mustHoldRules }) => {
    for (const env of ["development", "production"] as const) {
      await tour(await open({ env }), step);
      await mustHoldRules();
    }
  });

  for (const { name, since } of listed) {
    if (since > step) continue;
    const world = worlds.find((each) => each.name === name);
    if (!world) throw new Error(`Nobody has written the world "${name}".`);
    goal(name, async ({ ground, mustHoldRules, open, openRelay, redis }) => {
      await under(name, async () => world.visit({ ground, open, openRelay, redis, step }));
      await mustHoldRules();
    });
  }
}
