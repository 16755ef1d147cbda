import { attacks, canBePlayed } from "../../attacks/all.ts";
import { playOn } from "../../inspector/attack-player.ts";
import { openInspector } from "../../inspector/open.ts";
import type { Invocation } from "../main.ts";
import { stepPaths } from "../paths.ts";
import { renderAttacks, renderNote } from "../render.ts";

/**
 * `npm run attack [N]`: plays every attack against the learner's app, or against the solution. The exit
 * code is 1 when one of them worked.
 */
export async function attack(invocation: Invocation): Promise<number> {
  const { step, paper, solution, write } = invocation;
  const paths = stepPaths(step);
  const opened = await openInspector({ step, file: solution ? paths.solution : paths.app });
  const { inspector } = opened;
  try {
    const state = await inspector.settled();
    if (state.status === "down") {
      write(renderNote(`${inspector.name} does not start:\n${state.words}`, paper, "red"));
      return 1;
    }
    const possible = attacks.filter((each) => canBePlayed(each, step.number));
    const played = await playOn(inspector, possible);
    write(renderAttacks(step, inspector.name, played, paper));
    return played.some(({ outcome }) => outcome.played && outcome.verdict.worked) ? 1 : 0;
  } finally {
    await opened.close();
  }
}
