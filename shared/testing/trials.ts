import { trials } from "../runner/manifest.ts";
import type { goalsFor } from "./goals.ts";
import { tour } from "./tour.ts";
import { notJudged } from "./verdict.ts";
import { visitWorlds } from "./worlds.ts";

/** The tests of what is tried with every step once its goals are met. */
export function tryOut(goal: ReturnType<typeof goalsFor>, step: number): void {
  const [rules, worlds] = trials;

  goal(rules.name, async ({ open, mustHoldRules }) => {
    for (const env of ["development", "production"] as const) {
      await tour(await open({ env }), step);
      await mustHoldRules();
    }
  });

  goal(worlds.name, async ({ browser, ground, mustHoldRules, open, openRelay, redis }) => {
    const visit = await browser.get("/visits").catch(() => notJudged("GET /visits gets no answer"));
    visit.orNotJudged(200, "visits are not counted yet");
    await visitWorlds({ ground, open, openRelay, redis, step });
    await mustHoldRules();
  });
}
