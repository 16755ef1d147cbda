import { setTimeout as sleep } from "node:timers/promises";
import { NotPlayable, type Attack, type Outcome } from "../attacks/attack.ts";
import { ScriptedBrowser } from "../attacks/scripted-browser.ts";
import type { Inspector } from "./inspector.ts";

/**
 * Plays attacks against the app of the inspector, which records them like everything else. Those that
 * need production come last, and the app is as before when they are over.
 *
 * @param options.paceMs How long each act waits, for whoever watches.
 */
export async function playOn<Played extends Attack>(
  inspector: Inspector,
  attacks: readonly Played[],
  { paceMs = 0 } = {},
): Promise<{ attack: Played; outcome: Outcome }[]> {
  const { production } = inspector;
  const needsProduction = ({ needs }: Attack) => Number(needs.production ?? false);
  const inOrder = attacks.toSorted((one, other) => needsProduction(one) - needsProduction(other));
  const played: { attack: Played; outcome: Outcome }[] = [];
  try {
    for (const attack of inOrder) {
      if (attack.needs.production) await inspector.setProduction(true);
      inspector.recording.note(`Attack: ${attack.name}`, "bad");
      const outcome = await play(inspector, attack, paceMs);
      const [said, tone] = inWords(outcome);
      inspector.recording.note(said, tone);
      played.push({ attack, outcome });
    }
  } finally {
    await inspector.setProduction(production);
  }
  return played;
}

/** An outcome as a plain sentence. */
function inWords(outcome: Outcome): [text: string, tone: "good" | "bad" | "plain"] {
  if (!outcome.played) return [`It could not be played: ${outcome.why}.`, "plain"];
  const { worked, by, says } = outcome.verdict;
  return worked
    ? [`The attack worked. ${says} What stopped it: ${by}.`, "bad"]
    : [`The attack was stopped. ${says} By: ${by}.`, "good"];
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
