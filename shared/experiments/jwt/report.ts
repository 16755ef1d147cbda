import { describeDuration } from "../../testing/cookies.ts";
import type { Rate } from "../rates.ts";
import { renderTable } from "../table.ts";
import type { JudgedGoal, Mark } from "./goals.ts";
import { endings, type Login } from "./measure.ts";

/** All that was found out about a variant. */
export interface Measured {
  name: string;
  goals: readonly JudgedGoal[];
  login: Login;
  rate: Rate;
}

const marks: Record<Mark, string> = { met: "yes", unmet: "NO", "n/a": "n/a" };

/** The table: goals first, then measurements; and below it, why goals say nothing about a variant. */
export function report(measured: readonly Measured[], conditions: string): string {
  const row = (what: string, cell: (each: Measured) => string) => [what, ...measured.map(cell)];
  const [first] = measured;
  const goalRows = (first?.goals ?? []).flatMap(({ goal, step }, i, goals) => [
    ...(step === goals[i - 1]?.step ? [] : [[`Step ${step.number}: ${step.title}`]]),
    row(goal, ({ goals }) => marks[goals[i]?.mark ?? "n/a"]),
  ]);
  const count = (mark: Mark) => (each: Measured) =>
    String(each.goals.filter((goal) => goal.mark === mark).length);
  return [
    conditions,
    "",
    renderTable([
      ["", ...measured.map(({ name }) => name)],
      ...goalRows,
      ["In numbers"],
      row("goals met", count("met")),
      row("goals unmet", count("unmet")),
      row("goals that do not apply", count("n/a")),
      ...endings.map((ending) =>
        row(`a copy of the cookies still works after ${ending}`, ({ login }) =>
          inWords(login.staysInSeconds[ending]),
        ),
      ),
      row("at work, the password is asked for again after", ({ login }) =>
        login.lastsSeconds === undefined
          ? "over a day"
          : describeDuration(login.lastsSeconds * 1000),
      ),
      row("GET /me while Redis is away", ({ login }) => String(login.statusWithoutRedis)),
      row("bytes of cookies in each request", ({ login }) => String(login.cookieBytes)),
      row("Redis round trips of GET /me", ({ login }) => String(login.roundTrips)),
      row("the same, 6 min after the last", ({ login }) => String(login.roundTripsAfterPause)),
      row("processor time of the app for it, in µs", (each) =>
        Math.round(each.rate.processorMicroseconds).toLocaleString("en-US"),
      ),
      row("GET /me per second", (each) => each.rate.requestsPerSecond.toLocaleString("en-US")),
    ]),
    "",
    ...notes(measured),
  ].join("\n");
}

function inWords(seconds: number): string {
  return seconds === 0 ? "no" : describeDuration(seconds * 1000);
}

function notes(measured: readonly Measured[]): string[] {
  return measured.flatMap(({ name, goals }) =>
    goals
      .filter(({ mark }) => mark === "n/a")
      .map(({ goal, note }) => `n/a for ${name}: ${goal} (${note})`),
  );
}
