// The scripts for whoever teaches name buttons and attacks: each exists, in that step.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { attacks, canBePlayed } from "../../shared/attacks/all.ts";
import { people, requestsOf, type Person } from "../../shared/inspector/requests.ts";
import { steps } from "../../shared/runner/manifest.ts";
import { root, stepPaths } from "../../shared/runner/paths.ts";

const pageFile = (name: string) => readFileSync(join(root, "shared/inspector/page", name), "utf8");

test.for(steps)("the notes of step $number", (step) => {
  const notes = readFileSync(stepPaths(step).notes, "utf8");
  const named = [...notes.matchAll(/\*\*(Ada|Mallory|page|attack): ([^*]+)\*\*/g)];
  expect(named.length).toBeGreaterThanOrEqual(3);
  for (const [, where = "", what = ""] of named) {
    expect(namesOf(where, step.number), `${where}: ${what}`).toContain(what);
  }
});

function namesOf(where: string, step: number): string[] {
  if (where === "attack") {
    return attacks.filter((attack) => canBePlayed(attack, step)).map(({ name }) => name);
  }
  if (where === "page") {
    return [...pageFile("index.html").matchAll(/<button[^>]*>([^<]+)</g)].map(
      ([, label = ""]) => label,
    );
  }
  const person = where.toLowerCase() as Person;
  const other = Object.values(people).find(({ name }) => name !== where)?.name ?? "";
  const card = pageFile("browser-card.js").replaceAll("${other}", other);
  const fixed = [...card.matchAll(/["`](Take [^"`]+|Plant [^"`]+|Clear [^"`]+|Open [^"`]+)["`]/g)];
  return [
    ...requestsOf(step, person).map(({ label }) => label),
    ...fixed.map(([, label = ""]) => label),
  ];
}
