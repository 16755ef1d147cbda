import { setTimeout as sleep } from "node:timers/promises";
import { NotPlayable, type Attack, type Verdict } from "../attacks/attack.ts";
import { ScriptedBrowser } from "../attacks/scripted-browser.ts";
import type { Inspector } from "./inspector.ts";

/** What came of it, or why it could not be played. */
export type Outcome = { played: true; verdict: Verdict } | { played: false; why: string };

/** Plays an attack against the app of the inspector, which records it like everything else. */
export async function playOn(
  inspector: Inspector,
  attack: Attack,
  { paceMs = 0 } = {},
): Promise<Outcome> {
  const { recording, production } = inspector;
  if (attack.needs.production) await inspector.setProduction(true);
  recording.note(`Attack: ${attack.name}`, "bad");
  try {
    const outcome = await play(inspector, attack, paceMs);
    if (!outcome.played) recording.note(`It could not be played: ${outcome.why}.`);
    else {
      const { worked, by, says } = outcome.verdict;
      recording.note(
        worked
          ? `The attack worked. ${says} What stopped it: ${by}.`
          : `The attack was stopped. ${says} By: ${by}.`,
        worked ? "bad" : "good",
      );
    }
    return outcome;
  } finally {
    if (attack.needs.production) await inspector.setProduction(production);
  }
}

async function play(inspector: Inspector, attack: Attack, paceMs: number): Promise<Outcome> {
  const { recording, step, port } = inspector;
  if ((await inspector.settled()).status === "down") {
    return { played: false, why: "the app is not running" };
  }
  const { production } = inspector;
  try {
    const seen = await attack.play({
      step: step.number,
      production,
      browser: (name) => new ScriptedBrowser(name, port, production),
      async tell(act) {
        if (paceMs) await sleep(paceMs);
        recording.note(act);
      },
    });
    return { played: true, verdict: attack.verdict(seen) };
  } catch (error) {
    if (error instanceof NotPlayable) return { played: false, why: error.message };
    // It broke the connection, or never answered.
    const reason = error instanceof Error ? error.message : String(error);
    return { played: false, why: `the app gave no answer (${reason})` };
  }
}
