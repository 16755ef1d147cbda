import * as fc from "fast-check";
import { seededUsers } from "../../app/database.ts";
import { Actor, Contract, describeAct, knownSince, type Act, type Person } from "../contract.ts";
import { GoalUnmet } from "../verdict.ts";
import { openAfresh } from "./scenes.ts";
import type { WorldGoal } from "./world.ts";

/** What one of two people does, alone or while the other one does something. */
interface Turn {
  who: 0 | 1;
  act: Act;
  meanwhile: Act | undefined;
}

const people = ["One", "the other"] as const;
const sequences = 25;
const longest = 10;

/**
 * Lets two people do at random what a step knows, and compares each answer with the contract. The
 * shortest sequence that differs is the evidence.
 *
 * @param seed Repeats a sequence; the app's own text gives one otherwise, so that a file that does not
 * change is judged alike each time.
 */
export async function explore(goal: WorldGoal, seed?: number): Promise<void> {
  const { ground, step } = goal;
  const usedSeed = seed ?? hashOf(String(ground.module.createApp));
  let unmet: GoalUnmet | undefined;
  const property = fc.asyncProperty(turns(step), async (sequence) => {
    const site = await openAfresh(goal);
    const contract = new Contract(step);
    const actors = [new Actor(contract, site), new Actor(contract, site)] as const;
    try {
      for (const { who, act, meanwhile } of sequence) {
        const begun = [await actors[who].begin(act)];
        if (meanwhile) begun.push(await actors[1 - who]!.begin(meanwhile));
        for (const { settle } of begun) await settle();
      }
    } catch (error) {
      // The last one is of the shortest sequence.
      if (error instanceof GoalUnmet) unmet = error;
      throw error;
    } finally {
      await site.close();
    }
  });
  const found = await fc.check(property, {
    seed: usedSeed,
    numRuns: sequences,
    endOnFailure: false,
  });
  if (!found.failed) return;
  if (!unmet) throw found.errorInstance;
  const [sequence = []] = found.counterexample ?? [];
  throw new GoalUnmet(
    unmet.claim,
    [...sequence.map(describeTurn), unmet.evidence, `seed ${usedSeed}`].flat(),
    unmet.reason,
  );
}

function turns(step: number): fc.Arbitrary<Turn[]> {
  const act = anyAct(step);
  const turn = fc
    .record({
      who: fc.constantFrom<0 | 1>(0, 1),
      act,
      meanwhile: fc.option(act, { nil: undefined, freq: 3 }),
    })
    // Of two at once, either may come first, and both may be the same person.
    .map((each) => (changesMore(each.act) || changesMore(each.meanwhile) ? alone(each) : each));
  return fc.array(turn, { minLength: 1, maxLength: longest, size: "max" });
}

function anyAct(step: number): fc.Arbitrary<Act> {
  const person = fc.constantFrom(...(Object.keys(seededUsers) as Person[]));
  const acts: fc.Arbitrary<Act>[] = [
    fc.constant({ does: "visit" }),
    fc.constant({ does: "check health" }),
    fc.record({ does: fc.constant("log in" as const), as: person }),
    fc.record({
      does: fc.constant("log in" as const),
      as: person,
      password: fc.constant("wrong" as const),
    }),
    fc.constant({ does: "log in as nobody" }),
    fc.constant({ does: "send a bad login" }),
    fc.constant({ does: "ask for the profile" }),
    fc.record({
      does: fc.constant("rename" as const),
      to: fc.constantFrom("Countess", "Rear Admiral", "Ζ", "a b", "<b>Bold</b>", "O'Hara"),
    }),
    fc.constant({ does: "rename badly" }),
    fc.constant({ does: "log out" }),
    fc.constant({ does: "log out everywhere" }),
    fc.record({
      does: fc.constant("change the password" as const),
      // Shorter sequences, not smaller numbers: the same password again may well be refused.
      to: fc.noShrink(fc.nat()).map((n) => `engine no. ${n}`),
      current: fc.option(fc.constant("wrong" as const), { nil: undefined }),
    }),
    fc.constant({ does: "choose a bad password" }),
    fc.record({ does: fc.constant("ban" as const), whom: person }),
    fc.record({ does: fc.constant("lift the ban" as const), of: person }),
  ];
  // A generated act tells by its first sample which step it belongs to.
  const known = acts.filter((each) => knownSince[(fc.sample(each, 1)[0] as Act).does] <= step);
  return fc.oneof(...known);
}

/** Whether an act changes what the other one is answered. */
function changesMore(act: Act | undefined): boolean {
  return act?.does === "rename" || (act !== undefined && knownSince[act.does] >= 7);
}

function alone({ who, act }: Turn): Turn {
  return { who, act, meanwhile: undefined };
}

function describeTurn({ who, act, meanwhile }: Turn): string {
  const at = (person: number, each: Act) => `${people[person]}: ${describeAct(each)}`;
  return meanwhile
    ? `${at(who, act)}, and at the same time ${at(1 - who, meanwhile)}`
    : at(who, act);
}

/** FNV-1a, of 32 bits. */
function hashOf(text: string): number {
  let hash = 0x811c9dc5;
  for (const character of text) {
    hash = Math.imul(hash ^ (character.codePointAt(0) ?? 0), 0x01000193);
  }
  return hash | 0;
}
