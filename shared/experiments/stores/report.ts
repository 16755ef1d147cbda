import type { Rate } from "../rates.ts";
import { renderTable } from "../table.ts";
import type { SessionDatabase } from "./databases.ts";
import type { JudgedGoal } from "./goals.ts";
import type { Behaviour, Outage } from "./measure.ts";
import { steps } from "../../runner/manifest.ts";
import { cookieFlags, diffTo, type Variant } from "./variants.ts";

/** All that was found out about a store. */
export interface Measured {
  variant: Variant;
  database: Pick<SessionDatabase, "description">;
  goals: readonly JudgedGoal[];
  behaviour: Behaviour;
  rate: Rate;
}

const goalsOfCore = steps
  .filter(({ number }) => number >= 2 && number <= cookieFlags.number)
  .reduce((sum, { goals }) => sum + goals.length, 0);

/** What changes in the app, and the table; below it, why MongoDB is not in it, if so. */
export function report(measured: readonly Measured[]): string {
  const row = (what: string, cell: (each: Measured) => string) => [what, ...measured.map(cell)];
  const behaviour = (what: string, cell: (of: Behaviour) => string) =>
    row(what, (each) => cell(each.behaviour));
  const [first] = measured;
  const goalRows = (first?.goals ?? []).flatMap(({ goal, step }, i, goals) => [
    ...(step === goals[i - 1]?.step ? [] : [[`Step ${step.number}: ${step.title}`]]),
    row(goal, ({ goals }) => (goals[i]?.met ? "yes" : "NO")),
  ]);
  const others = measured.filter(({ variant }) => variant.name !== "Redis");
  return [
    ...others.flatMap(({ variant }) => [`From Redis to ${variant.name}:`, "", diffTo(variant), ""]),
    ...measured.map(({ variant, database }) => `${variant.name}: ${database.description}`),
    `Of the ${goalsOfCore} goals of steps 2 to 6, ${first?.goals.length} say nothing of Redis itself: these, unchanged.`,
    "",
    renderTable([
      ["", ...measured.map(({ variant }) => variant.name)],
      ...goalRows,
      ["What the store does"],
      behaviour("another process knows the visitor", ({ isShared }) => yesOrNo(isShared)),
      behaviour("a request that reads asks it for", ({ callsOfReading }) => callsOfReading),
      behaviour("a session in use outlives its day", ({ isProlonged }) => yesOrNo(isProlonged)),
      behaviour("after a day without use it is refused", (of) => yesOrNo(of.isRefusedAfterItsTime)),
      behaviour("and gone from the database at once", ({ isLeftBehind }) => yesOrNo(!isLeftBehind)),
      behaviour("a slow visit brings it back after a logout", (of) =>
        of.comesBackAfterLogout ? "YES" : "no",
      ),
      behaviour("of two visits at once, so many count", (of) => String(of.parallelVisits)),
      behaviour("it refuses connections: GET /me", ({ outages }) => inWords(outages.refuses)),
      behaviour("it falls silent: GET /me", ({ outages }) => inWords(outages["falls silent"])),
      ["What it costs"],
      row("processor time of the app for GET /me, in µs", ({ rate }) =>
        Math.round(rate.processorMicroseconds).toLocaleString("en-US"),
      ),
      row("GET /me per second", ({ rate }) => rate.requestsPerSecond.toLocaleString("en-US")),
    ]),
    ...unmetGoals(measured),
    ...(measured.some(({ variant }) => variant.name === "MongoDB")
      ? []
      : [
          "",
          "MongoDB is not in the table: no server that speaks its protocol could be embedded. Name one: MONGODB_URL=mongodb://127.0.0.1:27017 npm run experiment stores",
        ]),
  ].join("\n");
}

function unmetGoals(measured: readonly Measured[]): string[] {
  const lines = measured.flatMap(({ variant, goals }) =>
    goals.filter(({ met }) => !met).map(({ goal, note }) => `${variant.name}, ${goal}: ${note}`),
  );
  return lines.length > 0 ? ["", ...lines] : [];
}

function yesOrNo(is: boolean): string {
  return is ? "yes" : "no";
}

function inWords({ status, ms, comesBack }: Outage): string {
  const answer =
    status === undefined ? "no answer in 10 s" : `${status} after ${(ms / 1000).toFixed(1)} s`;
  return `${answer}, ${comesBack ? "then back" : "NOT back"}`;
}
