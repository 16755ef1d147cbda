import { stripVTControlCharacters, styleText } from "node:util";
import type { Outcome } from "../attacks/attack.ts";
import { steps, type GoalEntry, type StepEntry, type Verdict } from "./manifest.ts";
import type { Paper } from "./paper.ts";
import type { StepState } from "./progress.ts";
import {
  counted,
  isPassed,
  firstOpen,
  isUntaken,
  type GoalResult,
  type Printed,
  type StepResult,
} from "./result.ts";
import { isLookingBack, watchKeys, type Note, type WatchState } from "./watch.ts";

type Style = "bold" | "dim" | "red" | "green" | "yellow" | "cyan";

/** A line, or what becomes several when the paper is narrow. */
interface Line {
  text: string;
  styles?: Style[];
  indent?: number;
  /** Something to copy: the terminal may break it, we must not. */
  verbatim?: boolean;
}

const blank: Line = { text: "" };
const symbols: Record<Verdict, string> = { met: "✓", unmet: "✗", "not judged": "·" };
const colors: Record<Verdict, Style> = { met: "green", unmet: "red", "not judged": "dim" };

interface StepView {
  result: StepResult;
  /** Errors of the type checker in the step's files; undefined while it has not finished. */
  typeErrors?: readonly string[] | undefined;
  redis: string;
}

/** The whole picture after a run. */
export function renderStep({ result, redis, typeErrors }: StepView, paper: Paper): string {
  const tail = [...verdict(result, typeErrors), redisLine(redis), blank];
  return fitted(result, tail, paper);
}

/** The screen of the watching runner. */
export function renderWatch(state: WatchState & { redis: string }, paper: Paper): string {
  const { step, result, running, note, notice, notKept, typeErrors, redis } = state;
  const keys = watchKeys.map(([key, what]) => `${key} ${what}`).join(" · ");
  const foot: Line[] = [
    ...(note ? [blank, ...noteLines(note)] : []),
    blank,
    redisLine(redis),
    ...[notKept, notice].flatMap((text): Line[] => (text ? [{ text, styles: ["dim"] }] : [])),
    ...(running ? [{ text: activity(state), styles: ["yellow"] } satisfies Line] : []),
    { text: keys, styles: ["dim"] },
  ];
  if (!result || result.step !== step) return print([blank, ...heading(step), ...foot], paper);
  const tail = [
    ...verdict(result, typeErrors),
    ...(isPassed(result) ? whatNext(step) : []),
    ...foot,
  ];
  return fitted(result, tail, paper);
}

function activity(state: WatchState): string {
  return isLookingBack(state)
    ? "Trying what no goal lists, and the steps before …"
    : "Running the goals …";
}

/** With a line per goal, or, where the paper is too short for that, with a summary of them. */
function fitted(result: StepResult, tail: readonly Line[], paper: Paper): string {
  const head = [blank, ...heading(result.step), blank];
  const full = print([...head, ...goalList(result), ...tail], paper);
  if (!paper.rows || full.split("\n").length <= paper.rows) return full;
  return print([...head, ...goalSummary(result), ...tail], paper);
}

function verdict(result: StepResult, typeErrors: readonly string[] | undefined): Line[] {
  const count = summary(result);
  return [
    ...explanation(result),
    ...typeCheck(typeErrors),
    ...(count.length > 0 ? [blank, ...count] : []),
  ];
}

function redisLine(description: string): Line {
  return { text: `Redis: ${description}`, styles: ["dim"] };
}

function whatNext({ number, tryIt, bonus }: StepEntry): Line[] {
  const following = steps.find((step) => step.number === number + 1);
  return [
    { text: `See it at work: npm run dev ${number} and its page, or in another terminal:` },
    ...tryIt.map((line): Line => ({
      text: `  ${line.replaceAll("{url}", "http://localhost:3000")}`,
      styles: ["dim"],
      verbatim: true,
    })),
    { text: following ? invitation(following, bonus) : "That was the last step." },
  ];
}

function invitation({ number, title, bonus }: StepEntry, inBonus = false): string {
  if (bonus && !inBonus) {
    return `That was the core: what it leaves out stands at the end of its lesson. Press n for a bonus, step ${number}: ${title}.`;
  }
  return `Then press n for step ${number}. Another way to do it: d.`;
}

function noteLines({ text, diff }: Note): Line[] {
  return text.split("\n").map(diff ? diffLine : (line): Line => ({ text: line }));
}

/** A sentence or several, for everything that is no verdict. */
export function renderNote(text: string, paper: Paper, style?: Style): string {
  const lines = text.split("\n").map((line): Line => ({
    text: line,
    styles: style ? [style] : [],
    // Indented lines are commands.
    verbatim: line.startsWith("  "),
  }));
  return print([blank, ...lines, blank], paper);
}

/** What is wrong with the command line or the machine. */
export function renderError(message: string, paper: Paper): string {
  const [first = "", ...rest] = message.split("\n");
  return print(
    [blank, { text: first, styles: ["red"] }, ...rest.map((text) => ({ text })), blank],
    paper,
  );
}

/** `npm run attack`: a row per attack, which becomes two where the paper is narrow. */
export function renderAttacks(
  step: StepEntry,
  app: string,
  rows: readonly { attack: { name: string }; outcome: Outcome }[],
  paper: Paper,
): string {
  const nameColumns = Math.max(...rows.map(({ attack }) => attack.name.length));
  const fits = paper.columns >= nameColumns + 50;
  const row = (result: string, name: string, why: string, style: Style): Line[] => {
    const head = `${result.padEnd(12)}  ${fits ? name.padEnd(nameColumns) : name}`;
    if (fits) return [{ text: `${head}  ${why}`, styles: [style], indent: nameColumns + 16 }];
    return [
      { text: head, styles: [style], indent: 14 },
      { text: why, styles: ["dim"], verbatim: true },
    ];
  };
  const lines = rows.flatMap(({ attack: { name }, outcome }): Line[] => {
    if (!outcome.played) return row("· not played", name, outcome.why, "dim");
    const { worked, by } = outcome.verdict;
    return worked ? row("✗ worked", name, by, "red") : row("✓ stopped", name, by, "green");
  });
  const played = rows.flatMap(({ outcome }) => (outcome.played ? [outcome.verdict.worked] : []));
  const worked = played.filter(Boolean).length;
  return print(
    [
      blank,
      { text: `Mallory against ${app}`, styles: ["bold"] },
      blank,
      ...lines,
      blank,
      { text: `${played.length - worked} stopped, ${worked} worked.`, styles: ["bold"] },
      {
        text: `To see one happen: npm run dev ${step.number}, and play it on the page.`,
        styles: ["dim"],
      },
      blank,
    ],
    paper,
  );
}

/** `npm run progress`. */
export function renderProgress(
  rows: readonly { step: StepEntry; state: StepState; hints: number; current: boolean }[],
  paper: Paper,
): string {
  const lines = rows.map(({ step, state, hints, current }): Line => {
    const symbol = { passed: "✓", "changed since it passed": "~", open: current ? "▸" : "·" }[
      state
    ];
    const notes = [
      state === "open" ? (current ? "current" : "") : state,
      hints ? `${hints} ${hints === 1 ? "hint" : "hints"}` : "",
    ].filter(Boolean);
    const styles: Style[] = {
      passed: ["green" as const],
      "changed since it passed": ["yellow" as const],
      open: current ? ["bold" as const] : [],
    }[state];
    return {
      text: `${symbol} ${step.number}  ${titleOf(step).padEnd(26)}  ${notes.join(", ")}`.trimEnd(),
      styles,
      indent: 5,
    };
  });
  const core = rows.filter(({ step }) => !step.bonus);
  const passed = core.filter(({ state }) => state !== "open").length;
  return print(
    [
      blank,
      { text: "Progress", styles: ["bold"] },
      blank,
      ...lines,
      blank,
      { text: `${passed} of ${core.length} steps passed.` },
      blank,
    ],
    paper,
  );
}

/** The steps, for whoever asked for one that does not exist. */
export function listSteps(stateOf: (step: StepEntry) => StepState): string {
  const marks: Record<StepState, string> = {
    passed: "✓",
    "changed since it passed": "~",
    open: " ",
  };
  return steps
    .map((step) => {
      const { number, slug, title, bonus } = step;
      return `${marks[stateOf(step)]} ${number}  ${title} (${slug}${bonus ? ", a bonus" : ""})`;
    })
    .join("\n");
}

function titleOf({ title, bonus }: StepEntry): string {
  return bonus ? `${title} (bonus)` : title;
}

/** What was looked at. A failed check says how to mend it; a remark is no failure. */
export interface Check {
  name: string;
  state: "fine" | "remark" | "failed";
  detail: string;
}

/** `npm run doctor`. */
export function renderChecks(checks: readonly Check[], paper: Paper): string {
  const styles: Record<Check["state"], Style[]> = {
    fine: ["green"],
    remark: ["yellow"],
    failed: ["red"],
  };
  const marks: Record<Check["state"], string> = { fine: "✓", remark: "·", failed: "✗" };
  const lines = checks.map(({ name, state, detail }): Line => ({
    text: `${marks[state]} ${name}: ${detail}`,
    styles: styles[state],
    indent: 2,
  }));
  const failed = checks.filter(({ state }) => state === "failed").length;
  const end = failed === 0 ? "Everything that the workshop needs is there." : `${failed} to mend.`;
  return print([blank, ...lines, blank, { text: end, styles: ["bold"] }, blank], paper);
}

/** A unified diff. */
export function renderDiff(patch: string, paper: Paper): string {
  return print([blank, ...patch.split("\n").map(diffLine)], paper);
}

function diffLine(text: string): Line {
  if (/^(\+\+\+|---|===)/.test(text)) return { text, styles: ["bold"] };
  if (text.startsWith("+")) return { text, styles: ["green"] };
  if (text.startsWith("-")) return { text, styles: ["red"] };
  if (text.startsWith("@@")) return { text, styles: ["cyan"] };
  return { text };
}

function heading(step: StepEntry): Line[] {
  const { number, slug } = step;
  return [
    { text: `Step ${number} · ${titleOf(step)}`, styles: ["bold"] },
    { text: `lesson  steps/${slug}/README.md`, styles: ["cyan"], indent: 2 },
    { text: `edit    steps/${slug}/app.ts`, styles: ["cyan"], indent: 2 },
  ];
}

function goalList({ goals }: StepResult): Line[] {
  const lines: Line[] = [];
  let hardening = false;
  for (const each of goals) {
    const { goal, verdict } = each;
    if (goal.hardening && !hardening) {
      hardening = true;
      lines.push({ text: "hardening", styles: ["dim"] });
    }
    lines.push(
      goal.shown
        ? { text: `i ${goal.name} (shown, not counted)`, styles: ["dim"], indent: 2 }
        : {
            text: `${isUntaken(each) ? "!" : symbols[verdict]} ${goal.name}${goal.advised ? " (advised, not counted)" : ""}`,
            styles: [isUntaken(each) ? "yellow" : colors[verdict]],
            indent: 2,
          },
    );
  }
  return lines;
}

/** The goals when there is no room for each: how many, and which come next. */
function goalSummary({ goals }: StepResult): Line[] {
  const judged = counted(goals);
  const of = (verdict: Verdict) => judged.filter((each) => each.verdict === verdict);
  const lines: Line[] = [];
  if (of("met").length > 0) {
    lines.push({ text: `✓ ${of("met").length} met`, styles: ["green"] });
  }
  for (const { goal } of of("unmet").slice(0, 5)) {
    lines.push({ text: `✗ ${goal.name}`, styles: ["red"], indent: 2 });
  }
  if (of("unmet").length > 5) {
    lines.push({ text: `✗ and ${of("unmet").length - 5} more`, styles: ["red"], indent: 2 });
  }
  if (of("not judged").length > 0) {
    lines.push({ text: `· ${of("not judged").length} not judged yet`, styles: ["dim"] });
  }
  return lines;
}

/** The first thing to mend: a fault, the first unmet goal, or why nothing could be judged. */
function explanation(result: StepResult): Line[] {
  const { fault, printed, lost = [] } = result;
  if (fault) return [blank, ...lesson({ message: fault }), ...output(printed)];
  const [first] = lost;
  if (first) {
    const own = first.step === result.step;
    const mark: Line = { text: "✗ what no goal lists", styles: ["red"] };
    return [blank, ...(own ? [mark] : []), ...lesson(first)];
  }
  const open = firstOpen(result);
  if (!open) return result.goals.filter(isUntaken).flatMap((advice) => [blank, ...lesson(advice)]);
  if (open.verdict === "unmet") {
    const several = counted(result.goals).filter(({ verdict }) => verdict === "unmet").length > 1;
    const whose: Line = { text: `✗ ${open.goal.name}`, styles: ["red"], indent: 2 };
    return [blank, ...(several ? [whose] : []), ...lesson(open), ...output(printed, open.goal)];
  }
  return [
    blank,
    ...lesson({ message: `Not judged: ${open.goal.name}.\n${open.message ?? ""}` }),
    ...output(printed, open.goal),
  ];
}

const mostPrinted = 12;

/** What the app printed when it was loaded and while this goal was judged: the end of it. */
function output(printed: readonly Printed[], goal?: GoalEntry): Line[] {
  const lines = printed
    .filter((each) => each.goal === undefined || each.goal === goal?.name)
    .flatMap(({ text }) => text.trimEnd().split("\n"))
    .reduce<{ text: string; times: number }[]>((runs, text) => {
      const last = runs.at(-1);
      if (last?.text === text) last.times++;
      else runs.push({ text, times: 1 });
      return runs;
    }, [])
    .map(({ text, times }) => (times > 1 ? `${text} (${times} times)` : text));
  if (lines.length === 0) return [];
  const before = lines.length - mostPrinted;
  const shown = before > 0 ? lines.slice(before) : lines;
  return [
    blank,
    { text: "Your app printed:", styles: ["dim"] },
    ...(before > 0
      ? [{ text: `  (${before} lines before these)`, styles: ["dim"] } satisfies Line]
      : []),
    ...shown.map((text): Line => ({ text: `  ${text}`, indent: 4 })),
  ];
}

function lesson({ message = "" }: Pick<GoalResult, "message">): Line[] {
  const [claim = "", ...rest] = message.split("\n");
  const lines: Line[] = [{ text: claim, styles: ["bold"] }];
  let inEvidence = false;
  for (const text of rest) {
    const evidence = text.startsWith("    ");
    if (evidence !== inEvidence) lines.push(blank);
    inEvidence = evidence;
    const indent = leadingBlanks(text) + 2;
    lines.push(evidence ? { text, styles: ["dim"], indent } : { text });
  }
  return lines;
}

function typeCheck(errors: readonly string[] | undefined): Line[] {
  if (!errors || errors.length === 0) return [];
  const shown = errors
    .slice(0, 3)
    .map((text): Line => ({ text: `  ${text}`, styles: ["yellow"], indent: 4 }));
  const more = errors.length - shown.length;
  return [
    blank,
    { text: "The type checker says:", styles: ["yellow"] },
    ...shown,
    ...(more > 0
      ? [{ text: `  and ${more} more: npm run typecheck`, styles: ["yellow"] } satisfies Line]
      : []),
  ];
}

function summary(result: StepResult): Line[] {
  if (result.isSoFar) return [];
  const goals = counted(result.goals);
  const met = goals.filter(({ verdict }) => verdict === "met").length;
  const notJudged = goals.filter(({ verdict }) => verdict === "not judged").length;
  const count = `${met} of ${goals.length} goals met`;
  const { number } = result.step;
  if (isPassed(result)) {
    const passed: Line = { text: `${count}. Step ${number} is passed.`, styles: ["green", "bold"] };
    return [passed, ...untriedLines(result)];
  }
  const [lost] = result.lost ?? [];
  if (lost?.step === result.step) {
    const text = `${count}. Step ${number} is not passed yet: trying it in other ways found what stands above.`;
    return [{ text }];
  }
  if (lost) return [{ text: `${count}, but step ${lost.step.number} no longer holds.` }];
  const waiting = notJudged > 0 ? `, ${notJudged} not judged yet` : "";
  return [
    {
      text: `${count}${waiting}.${result.untouched ? ` This is where step ${number} starts.` : ""}`,
    },
  ];
}

/** What could not be tried, as a file that refuses to log somebody in often makes it. */
function untriedLines({ untried = [] }: StepResult): Line[] {
  const [first] = untried;
  if (!first) return [];
  const more = untried.length > 1 ? `, and ${untried.length - 1} more` : "";
  const text = `Not tried: "${first.goal.name}"${more}: ${first.message ?? ""}.`;
  return [{ text, styles: ["yellow"] }];
}

/** Lays lines out on the paper: two columns of margin, wrapped, styled. */
function print(lines: readonly Line[], { columns, color }: Paper): string {
  const width = Math.max(20, columns) - 2;
  return lines
    .map((line) => ({ ...line, text: harmless(line.text) }))
    .flatMap(({ text, styles = [], indent = 0, verbatim }) =>
      (verbatim ? [text] : wrap(text, width, indent)).map((part) => {
        if (part === "") return "";
        const styled =
          color && styles.length > 0 ? styleText(styles, part, { validateStream: false }) : part;
        return `  ${styled}`;
      }),
    )
    .join("\n");
}

/** Without what a terminal would obey: messages quote what others wrote. */
function harmless(text: string): string {
  return stripVTControlCharacters(text).replaceAll(/(?![\n\t])[\p{Cc}\p{Bidi_Control}]/gu, "");
}

function leadingBlanks(text: string): number {
  return text.length - text.trimStart().length;
}

/**
 * Breaks a text at blanks; what is longer than a line is cut, behind a comma where there is one. Later
 * lines get the indent.
 */
function wrap(text: string, width: number, indent: number): string[] {
  const leading = leadingBlanks(text);
  const lines: string[] = [];
  let line = " ".repeat(leading);
  let started = false;
  for (const word of text.slice(leading).split(" ")) {
    let rest = word;
    if (started && line.length + 1 + rest.length > width) {
      lines.push(line);
      line = " ".repeat(indent);
      started = false;
    }
    while (line.length + (started ? 1 : 0) + rest.length > width) {
      const room = Math.max(1, width - line.length);
      const cut = rest.lastIndexOf(",", room - 1) + 1 || room;
      lines.push(line + rest.slice(0, cut));
      rest = rest.slice(cut);
      line = " ".repeat(Math.min(indent, width - 1));
    }
    line += started ? ` ${rest}` : rest;
    started = true;
  }
  lines.push(line);
  return lines;
}
