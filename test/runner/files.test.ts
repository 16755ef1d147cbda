// Where a workshop may be, and which files may stand beside `app.ts`: in a folder whose name is an
// address to some and a pattern to others, with helpers of one's own, or behind a link.
import {
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { copyWorkshop, runPiped, Terminal } from "./terminal.ts";

const slug = "02-redis-store";
const passes = /(\d+) of \1 goals met\. Step 2 is passed\./;

let workshop: ReturnType<typeof copyWorkshop>;
let terminal: Terminal;
let solution: string;
const inStep = (...path: string[]) => join(workshop.folder, "steps", slug, ...path);
const save = (source: string, file = "app.ts") => writeFileSync(inStep(file), source);
const importing = (file: string) =>
  `import { label } from ${JSON.stringify(file)};\nvoid label;\n${solution}`;

beforeAll(async () => {
  workshop = copyWorkshop("[ü] (日本) 100% a%20b's");
  solution = readFileSync(join(workshop.folder, "solutions", slug, "app.ts"), "utf8");
  terminal = new Terminal(workshop.folder, ["step", "2"]);
  await terminal.shows(/This is where step 2 starts/);
});

afterAll(() => {
  terminal.close();
  workshop.remove();
});

describe("a file beside app.ts", () => {
  test("is found by the goals of the steps before, too", async () => {
    save('export const label = "beside";\n', "helpers.ts");
    save(importing("./helpers.ts"));
    await terminal.shows(passes);
  });

  test("counts when it is saved, also in a folder below, and is named when it fails", async () => {
    mkdirSync(inStep("lib"));
    save('export const label = "below";\n', "lib/label.ts");
    save(importing("./lib/label.ts"));
    await terminal.shows(passes);
    save('export const label = "x";\nthrow new Error("too early");\n', "lib/label.ts");
    await terminal.shows(
      `steps/${slug}/lib/label.ts:2 throws while it is loaded: Error: too early`,
    );
    save('export const label = = "x";\n', "lib/label.ts");
    await terminal.shows(`steps/${slug}/lib/label.ts:1 does not compile: Unexpected "="`);
    save('export const label = "mended";\n', "lib/label.ts");
    await terminal.shows(passes);
  });

  test("may come after the file that imports it", async () => {
    save(importing("./later.ts"));
    await terminal.shows(/later\.ts/);
    save('export const label = "late";\n', "later.ts");
    await terminal.shows(passes);
  });
});

describe("in a folder whose name holds blanks, brackets, percent signs and other letters", () => {
  test.for([
    {
      fault: "a syntax error",
      edit: ["export function createApp", "export function = createApp"],
      says: 'does not compile: Expected identifier but found "="',
    },
    {
      fault: "a throw on import",
      edit: [
        "export function createApp",
        'throw new Error("too early");\nexport function createApp',
      ],
      says: "throws while it is loaded: Error: too early",
    },
    {
      fault: "an endless loop",
      edit: ["    req.session.visits = ", "    while (true) {}\n    req.session.visits = "],
      says: "loops without end",
    },
  ] as const)("places are named as everywhere: $fault", async ({ edit: [find, replace], says }) => {
    expect(solution).toContain(find);
    save(solution.replace(find, replace));
    const line = solution.slice(0, solution.indexOf(find)).split("\n").length;
    await terminal.shows(`  steps/${slug}/app.ts:${line} ${says}`);
  });
});

test("an app.ts that is a link is judged where it leads, and at each save there", async () => {
  const mine = join(workshop.folder, "mine", slug);
  mkdirSync(mine, { recursive: true });
  writeFileSync(join(mine, "helpers.ts"), 'export const label = "mine";\n');
  writeFileSync(join(mine, "app.ts"), importing("./helpers.ts"));
  rmSync(inStep("helpers.ts"));
  unlinkSync(inStep("app.ts"));
  symlinkSync(join(mine, "app.ts"), inStep("app.ts"));
  await terminal.shows(passes);
  const draft = join(mine, "app.ts.new");
  writeFileSync(draft, importing("./helpers.ts").replace("?? 0) + 1", "?? 0) + 2"));
  renameSync(draft, join(mine, "app.ts"));
  await terminal.shows(/✗ a visitor is remembered after a restart/);
  writeFileSync(join(mine, "app.ts"), importing("./helpers.ts"));
  await terminal.shows(passes);
  writeFileSync(join(mine, "helpers.ts"), 'throw new Error("mine");\n');
  await terminal.shows(`mine/${slug}/helpers.ts:1 throws while it is loaded: Error: mine`);
});

test.for(["C# 100%", "what?"])("a folder called %s is refused in a sentence", async (name) => {
  const other = copyWorkshop(name);
  for (const command of ["step", "doctor"]) {
    const { exitCode, output } = await runPiped(other.folder, [command]);
    expect(output.trim()).toMatch(
      /^The workshop cannot run in a folder whose name holds "[#?]": .* Rename the folder or move the workshop\.$/,
    );
    expect(exitCode).toBe(1);
  }
  other.remove();
});
