// Each attack works where the line of defence is missing, and is stopped by the solution.
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { attacks, canBePlayed } from "../../shared/attacks/all.ts";
import { playOn } from "../../shared/inspector/attack-player.ts";
import { root, stepPaths } from "../../shared/runner/paths.ts";
import { mistakesOf, withMistake } from "../grading/catalogue.ts";
import { runPiped } from "../runner/terminal.ts";
import { appFile, opened, stepNumber } from "./opened.ts";

/** Apps that lack a line of defence, and the attacks that get through: a starter, or a catalogued mistake. */
const open: { step: number; mistake?: string; to: string[] }[] = [
  {
    step: 1,
    mistake: "the id is read from the cookie without its signature",
    to: ["forge a cookie"],
  },
  {
    step: 3,
    mistake: "the session id from before login is kept",
    to: ["plant a session id before the login"],
  },
  {
    step: 3,
    mistake: "404 for an unknown email",
    to: ["guess by the answer who has an account"],
  },
  {
    step: 3,
    mistake: "no compare for an unknown email",
    to: ["guess by the time who has an account"],
  },
  {
    step: 5,
    mistake: "the cookie is cleared, and that is all",
    to: ["use a copied cookie after the logout"],
  },
  {
    step: 5,
    mistake: "nobody asks where a request comes from",
    to: ["send a form from another site"],
  },
  { step: 6, mistake: "httpOnly: false", to: ["read the cookie from a script"] },
  {
    step: 6,
    to: ["listen on the network", "claim https on plain http", "plant a cookie from a subdomain"],
  },
  { step: 7, mistake: "a ban that only the login knows", to: ["stay in after a ban"] },
  { step: 7, mistake: "a new password ends nothing", to: ["stay in after a new password"] },
];

test("there is an app that each attack gets through", () => {
  const names = attacks.map(({ name }) => name);
  expect(open.flatMap(({ to }) => to).toSorted()).toEqual(names.toSorted());
});

test.for(open)("without what stops it, it works: $to", async ({ step: number, mistake, to }) => {
  const step = stepNumber(number);
  const made = mistake && (await mistakesOf(step)).find(({ name }) => name === mistake);
  const source = made ? withMistake(step, made) : readFileSync(stepPaths(step).starter, "utf8");
  const { inspector } = await opened({ step, file: appFile(source) });
  const wanted = attacks.filter(({ name }) => to.includes(name));
  for (const { attack, outcome } of await playOn(inspector, wanted)) {
    expect(outcome, attack.name).toMatchObject({
      played: true,
      verdict: { worked: true, by: expect.stringMatching(/^nothing: /) },
    });
  }
  // What it took is in the recording, between its beginning and its verdict.
  const { entries } = inspector.recording;
  const notes = entries.flatMap((entry) => (entry.kind === "note" ? [entry.text] : []));
  expect(notes).toContain(`Attack: ${to[0]}`);
  expect(notes.filter((text) => text.startsWith("The attack worked."))).toHaveLength(to.length);
  expect(entries.some(({ kind }) => kind === "exchange")).toBe(true);
});

test.for([3, 5, 6, 7])("the solution of step %i stops them all", async (number) => {
  const step = stepNumber(number);
  const { inspector } = await opened({ step, file: stepPaths(step).solution });
  const possible = attacks.filter((each) => canBePlayed(each, number));
  for (const { attack, outcome } of await playOn(inspector, possible)) {
    expect(outcome, attack.name).toMatchObject({ played: true, verdict: { worked: false } });
  }
  // And afterwards the app is as it was before.
  expect(inspector.production).toBe(false);
});

test("what an app lacks cannot be attacked, and is said to be missing", async () => {
  const step = stepNumber(3);
  const { inspector } = await opened({ step, file: stepPaths(step).starter });
  const ofLogins = attacks.filter(({ needs }) => needs.step === 3);
  for (const { outcome } of await playOn(inspector, ofLogins)) {
    expect(outcome).toEqual({ played: false, why: "logging in answers 501" });
  }
});

test("npm run attack prints a table, and its exit code says whether one worked", async () => {
  const solution = await runPiped(root, ["attack", "5", "--solution"], { COLUMNS: "100" });
  expect(solution.output).toMatch(/✓ stopped {5}use a copied cookie after the logout +destroy/);
  expect(solution.output).toContain("7 stopped, 0 worked.");
  expect(solution.exitCode).toBe(0);
});
