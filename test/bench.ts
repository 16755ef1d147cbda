// `npm run bench`: how long a learner waits, beside bare vitest in the same run. Ratios travel between
// machines, milliseconds do not. Nothing here can fail on a clock.
//
//   npm run bench -- --json        as data
//   npm run bench -- --memory      500 saves, and the memory of the watching runner on the way
//   npm run bench -- --test        `npm test` as well
//   npm run bench -- --revocation  instead: what it costs to end all sessions of a user
//   npm run bench -- --inspector   instead: what the recorder of `npm run demo` costs, beside the bare app
import { spawnSync } from "node:child_process";
import { cpSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { steps } from "../shared/runner/manifest.ts";
import { trialsOf } from "../shared/runner/trials.ts";
import { root } from "../shared/runner/paths.ts";
import { costOfTheRecorder } from "./inspector/cost.ts";
import { UserError } from "../shared/runner/user-error.ts";
import { command, countOf } from "./command.ts";
import { median } from "./median.ts";
import { copyWorkshop, Terminal } from "./runner/terminal.ts";

const usage = "npm run bench -- --saves 30 --json --memory --test --revocation --inspector";
const options = {
  json: { type: "boolean", default: false },
  memory: { type: "boolean", default: false },
  test: { type: "boolean", default: false },
  revocation: { type: "boolean", default: false },
  inspector: { type: "boolean", default: false },
  saves: { type: "string", default: "30" },
} as const;

interface Measurement {
  what: string;
  medianMs: number;
  minMs: number;
  maxMs: number;
  /** Of the medians: this one by the one beside it. */
  ratio?: number;
  beside?: { what: string; medianMs: number; minMs: number; maxMs: number };
}

// A copy for each, so that a save wakes one of the two.
let workshop: ReturnType<typeof copyWorkshop>;
let bareWorkshop: ReturnType<typeof copyWorkshop>;
let app: string;
let bareApp: string;
const solution = readFileSync(join(root, "solutions/03-login/app.ts"), "utf8");
const mistaken = solution.replace("status(401)", "status(403)");
const vitest = join(root, "node_modules/vitest/vitest.mjs");
const step = steps.find(({ slug }) => slug === "03-login")!;
const count = step.goals.length;
// Bare vitest, too, judges the goals alone.
const goals = [
  "steps/03-login/login.test.ts",
  "--testNamePattern",
  `^(?! ?(${trialsOf(step)
    .map(({ name }) => name)
    .join("|")}))`,
];
const terminals: Terminal[] = [];

await command(usage, options, async (wanted, [extra]) => {
  const saves = countOf("--saves", wanted.saves);
  if (extra !== undefined) {
    throw new UserError(`It takes options alone, and not ${JSON.stringify(extra)}. Try: ${usage}`);
  }
  if (wanted.revocation) {
    const { benchRevocation } = await import("./revocation/bench.ts");
    await benchRevocation({ json: wanted.json });
    return 0;
  }
  if (wanted.inspector) {
    for (const { what, recorded, bare } of await costOfTheRecorder()) {
      print(beside(what, recorded, "without the recorder", bare));
    }
    return 0;
  }
  workshop = copyWorkshop();
  bareWorkshop = copyWorkshop();
  cpSync(join(root, "vitest.config.ts"), join(bareWorkshop.folder, "vitest.config.ts"));
  app = join(workshop.folder, "steps/03-login/app.ts");
  bareApp = join(bareWorkshop.folder, "steps/03-login/app.ts");
  try {
    const measurements = [...(await savesToVerdicts(saves)), coldStarts(5)];
    if (wanted.test) measurements.push(wholeTest());
    if (wanted.json) console.log(JSON.stringify({ node: process.version, measurements }, null, 2));
    else for (const each of measurements) print(each);
    if (wanted.memory) await memory(500);
  } finally {
    for (const terminal of terminals) terminal.close();
    workshop.remove();
    bareWorkshop.remove();
  }
  return 0;
});

function opened(terminal: Terminal): Terminal {
  terminals.push(terminal);
  return terminal;
}

/** A save, until the first red goal and the verdict on it stand on the screen: right and wrong in turn. */
async function savesToVerdicts(saves: number): Promise<Measurement[]> {
  writeFileSync(app, mistaken);
  const ours = opened(new Terminal(workshop.folder, ["step", "3"]));
  await ours.shows(verdictOf("ours", false));
  writeFileSync(bareApp, mistaken);
  const bare = opened(
    Terminal.of(
      bareWorkshop.folder,
      `'${process.execPath}' '${vitest}' --watch ${goals.map((each) => `'${each}'`).join(" ")}`,
    ),
  );
  await bare.shows(verdictOf("bare", false));

  const times = { ours: [] as number[], bare: [] as number[], firstRed: [] as number[] };
  for (let i = 0; i < saves; i++) {
    const right = i % 2 === 0;
    for (const [who, terminal, file] of [
      ["ours", ours, app],
      ["bare", bare, bareApp],
    ] as const) {
      const mark = terminal.mark();
      const start = performance.now();
      writeFileSync(file, right ? solution : mistaken);
      if (who === "ours" && !right) {
        await terminal.showsAfter(mark, /✗ /);
        times.firstRed.push(performance.now() - start);
      }
      await terminal.showsAfter(mark, verdictOf(who, right));
      times[who].push(performance.now() - start);
      // What runs after a verdict, such as a type check, is no part of the next one.
      await sleep(500);
    }
  }
  for (const terminal of [ours, bare]) terminal.press("q");
  await Promise.all([ours.exits(), bare.exits()]);
  const bareWatch = ["bare vitest --watch", times.bare] as const;
  return [
    beside("save → first red goal, step 3, warm", times.firstRed, ...bareWatch),
    beside("save → verdict, step 3, warm", times.ours, ...bareWatch),
  ];
}

function verdictOf(who: "ours" | "bare", right: boolean): RegExp {
  if (who === "ours") {
    const met = `${count} of ${count} goals met`;
    return right ? new RegExp(met) : new RegExp(`(?!${met})\\b\\d+ of ${count} goals met`);
  }
  return right
    ? new RegExp(`Tests +${count} passed[\\s\\S]*Waiting for`)
    : /Tests .*failed[\s\S]*Watching for/;
}

function coldStarts(starts: number): Measurement {
  const times = { ours: [] as number[], bare: [] as number[] };
  // Both judge the same goals: a file that meets them all is judged by those of the steps before too.
  writeFileSync(app, mistaken);
  writeFileSync(bareApp, mistaken);
  for (let i = 0; i < starts; i++) {
    times.ours.push(timeOf("npm", ["run", "step", "3", "--", "--once"]));
    times.bare.push(timeOf("npx", ["vitest", "run", ...goals], bareWorkshop.folder));
  }
  return beside("npm run step 3 -- --once, cold", times.ours, "npx vitest run", times.bare);
}

function wholeTest(): Measurement {
  const ms = timeOf("npm", ["test"], root);
  return { what: "npm test", medianMs: ms, minMs: ms, maxMs: ms };
}

function timeOf(command: string, args: readonly string[], cwd = workshop.folder): number {
  const start = performance.now();
  spawnSync(command, args, { cwd, stdio: "ignore", shell: process.platform === "win32" });
  return performance.now() - start;
}

/** The resident memory of the watching runner: flat, or it leaks. */
async function memory(saves: number): Promise<void> {
  const terminal = opened(new Terminal(workshop.folder, ["step", "3"]));
  writeFileSync(app, solution);
  await terminal.shows(verdictOf("ours", true));
  for (let i = 1; i <= saves; i++) {
    const seen = terminal.mark();
    writeFileSync(app, i % 2 === 0 ? solution : mistaken);
    await terminal.showsAfter(seen, verdictOf("ours", i % 2 === 0));
    if (i === 20 || i % 100 === 0) console.log(`after ${i} saves: ${terminal.memoryMb()} MB`);
  }
  terminal.press("q");
  await terminal.exits();
}

function beside(
  what: string,
  ours: readonly number[],
  whatElse: string,
  others: readonly number[],
): Measurement {
  const [a, b] = [spread(ours), spread(others)];
  return { what, ...a, ratio: a.medianMs / b.medianMs, beside: { what: whatElse, ...b } };
}

function spread(times: readonly number[]) {
  return { medianMs: median(times), minMs: Math.min(...times), maxMs: Math.max(...times) };
}

function print({ what, ratio, beside, ...times }: Measurement): void {
  console.log(`${what}: ${inWords(times)}`);
  if (beside && ratio !== undefined) {
    console.log(`  ${beside.what}: ${inWords(beside)}  →  ratio ${ratio.toFixed(2)}`);
  }
}

function inWords({ medianMs, minMs, maxMs }: Omit<Measurement, "what">): string {
  const [median, min, max] = [medianMs, minMs, maxMs].map((ms) => ms.toFixed(ms < 10 ? 2 : 0));
  return `median ${median} ms (${min} to ${max})`;
}
