import { attacks, canBePlayed } from "../../attacks/all.ts";
import { playOn } from "../../inspector/attack-player.ts";
import type { Inspector } from "../../inspector/inspector.ts";
import { openInspector } from "../../inspector/open.ts";
import type { Invocation } from "../invocation.ts";
import { readLearnersFile } from "../learners-file.ts";
import { stepPaths } from "../paths.ts";
import { readReference } from "../reference.ts";
import { renderAttacks, renderNote } from "../render.ts";
import { untilEnded } from "../until-ended.ts";

/**
 * `npm run attack [N]`: plays the attacks of the step against the learner's app, or against the solution.
 * The exit code is 1 when one of them worked.
 */
export async function attack(invocation: Invocation): Promise<number> {
  const { step, solution } = invocation;
  if (solution) readReference(step, "solution");
  else readLearnersFile(step);
  const paths = stepPaths(step);
  const opened = await openInspector({ step, file: solution ? paths.solution : paths.app });
  try {
    return await Promise.race([playAll(opened.inspector, invocation), untilEnded()]);
  } finally {
    await opened.close();
  }
}

async function playAll(inspector: Inspector, { step, paper, write }: Invocation): Promise<number> {
  const state = await inspector.settled();
  if (state.status === "down") {
    write(renderNote(`${inspector.name} does not start:\n${state.words}`, paper, "red"));
    return 1;
  }
  const possible = attacks.filter((each) => canBePlayed(each, step.number));
  const played = await playOn(inspector, possible);
  write(renderAttacks(step, inspector.name, played, paper));
  return played.some(({ outcome }) => outcome.played && outcome.verdict.worked) ? 1 : 0;
}
