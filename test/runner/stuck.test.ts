// A thread that never comes back, and a run that never ends: the goal that is under way is lost, the
// file and line are named, and the next save is judged as if nothing had been.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import { copyWorkshop, Terminal } from "./terminal.ts";

const slug = "01-memory-store";
const passes = /5 of 5 goals met\. Step 1 is passed\./;
const counts = "    req.session.visits = ";

let workshop: ReturnType<typeof copyWorkshop>;
let terminal: Terminal;
let solution: string;
const save = (source: string) =>
  writeFileSync(join(workshop.folder, "steps", slug, "app.ts"), source);

beforeAll(async () => {
  workshop = copyWorkshop();
  solution = readFileSync(join(workshop.folder, "solutions", slug, "app.ts"), "utf8");
  terminal = new Terminal(workshop.folder, ["step", "1"]);
  await terminal.shows(/This is where step 1 starts/);
});

afterAll(() => {
  terminal.close();
  workshop.remove();
});

test.for([
  {
    fault: "an endless loop",
    edit: [counts, `    while (true) {}\n${counts}`],
    says: "app.ts:LINE loops without end",
  },
  {
    fault: "an endless chain of Promises",
    edit: [counts, `    void (async () => { for (;;) await null; })();\n${counts}`],
    says: "loops without end",
  },
  {
    fault: "an endless chain of setImmediate",
    edit: [counts, `    const again = () => void setImmediate(again);\n    again();\n${counts}`],
    says: "loops without end",
  },
  {
    fault: "a regular expression that backtracks",
    edit: [counts, `    /^(a+)+$/.test("a".repeat(50) + "!");\n${counts}`],
    says: "app.ts:LINE loops without end",
  },
  {
    fault: "a regular expression that a package tries",
    edit: [
      "export function",
      'import { z } from "zod";\nsetTimeout(z.string().regex(/^(a+)+$/).safeParse, 0, "a".repeat(50) + "!");\nexport function',
    ],
    says: "app.ts hands to zod/",
  },
  {
    fault: "a top-level await that never ends",
    edit: ["export function", "await new Promise(() => {});\nexport function"],
    says: "app.ts waits for something that never comes",
  },
  {
    fault: "a memory that is filled",
    edit: [
      counts,
      `    const kept: unknown[] = [];\n    for (;;) kept.push(new Array(1000).fill(kept.length));\n${counts}`,
    ],
    says: "fills the memory",
  },
  {
    fault: "a flood of lines",
    edit: [counts, `    for (let n = 0; ; n++) console.log("visit", n);\n${counts}`],
    says: "app.ts:LINE prints so much that nothing else gets its turn",
  },
] as const)("says what is wrong: $fault", async ({ edit: [find, replace], says }) => {
  expect(solution).toContain(find);
  save(solution.replace(find, replace));
  const line = solution.slice(0, solution.indexOf(find)).split("\n").length;
  await terminal.shows(says.replace("LINE", String(line)));
  save(solution);
  await terminal.shows(passes);
});

test("a crash of Node.js itself is followed by another start", async () => {
  const runner = terminal.runnerPid();
  process.kill(runner, "SIGSEGV");
  await terminal.shows("Node.js has crashed (SIGSEGV), and this is another start.");
  await terminal.shows(passes);
  expect(terminal.runnerPid()).not.toBe(runner);
  terminal.press("q");
  expect(await terminal.exits()).toBe(0);
});

test("a crash an hour ends no day: those of a life that was long are not counted", async () => {
  const inWorkshop = (name: string) => join(workshop.folder, name);
  const supervise = pathToFileURL(inWorkshop("shared/runner/supervise.mjs")).href;
  writeFileSync(
    inWorkshop("crashing.mjs"),
    `import { appendFileSync, readFileSync } from "node:fs";
    appendFileSync("starts", ".");
    if (readFileSync("starts", "utf8").length < 9) process.kill(process.pid, "SIGSEGV");`,
  );
  writeFileSync(
    inWorkshop("hourly.mjs"),
    `let hours = 0;
    performance.now = () => hours++ * 3_600_000;
    const { supervise } = await import(${JSON.stringify(supervise)});
    process.exit(await supervise("crashing.mjs", []));`,
  );
  const day = spawn(process.execPath, ["hourly.mjs"], { cwd: workshop.folder, stdio: "ignore" });
  expect(await once(day, "close")).toEqual([0, null]);
});
