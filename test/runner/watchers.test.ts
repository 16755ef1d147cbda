// Where no file events are to be had, saves are noticed all the same: one sentence, and one run each.
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { copyWorkshop, Terminal } from "./terminal.ts";

const slug = "01-memory-store";
const passes = /5 of 5 goals met\. Step 1 is passed\./;
let workshop: ReturnType<typeof copyWorkshop>;
let solution: string;
let terminal: Terminal;

beforeAll(() => {
  workshop = copyWorkshop();
  solution = readFileSync(join(workshop.folder, "solutions", slug, "app.ts"), "utf8");
});

afterAll(() => {
  workshop.remove();
});

afterEach(() => {
  terminal.close();
});

/** Has `fs.watch` do something else in whatever is started with it. */
function watchingBy(name: string, body: string): Record<string, string> {
  const file = join(workshop.folder, `${name}.mjs`);
  writeFileSync(
    file,
    `import fs from "node:fs";
    import { EventEmitter } from "node:events";
    import { syncBuiltinESMExports } from "node:module";
    fs.watch = () => { ${body} };
    syncBuiltinESMExports();`,
  );
  return { NODE_OPTIONS: `--import=${file}` };
}

test.for([
  {
    what: "no watchers left",
    body: 'throw Object.assign(new Error("ENOSPC"), { code: "ENOSPC" });',
    says: /no file watchers left \(ENOSPC\): saves are looked for twice a second instead\./,
  },
  {
    what: "a drive that tells nothing",
    body: "return Object.assign(new EventEmitter(), { close() {} });",
    says: /No file events arrive here, as on a network drive or in a container/,
  },
])("$what: a save is judged once, and the reason stays on the screen", async ({ body, says }) => {
  const app = join(workshop.folder, "steps", slug, "app.ts");
  writeFileSync(app, solution.replace("?? 0) + 1", "?? 0) + 2"));
  const env = watchingBy("no-events", body);
  terminal = new Terminal(workshop.folder, ["step", "1"], { env, columns: 200 });
  await terminal.shows(/✗ a second visit counts 2/);
  writeFileSync(app, solution);
  await terminal.shows(passes);
  writeFileSync(app, solution.replace("?? 0) + 1", "?? 0) + 2"));
  await terminal.shows(/✗ a second visit counts 2/);
  await terminal.shows(says);
  // While nobody saves, nothing runs: the screen is the same after some looks.
  const mark = terminal.mark();
  await new Promise((resolve) => setTimeout(resolve, 2_000));
  expect(terminal.transcript.slice(mark)).not.toContain("Running the goals");
  terminal.press("q");
  expect(await terminal.exits()).toBe(0);
});

test("dev starts the app again without file events, too", async () => {
  const app = join(workshop.folder, "steps", slug, "app.ts");
  writeFileSync(app, solution);
  const env = watchingBy(
    "no-watchers",
    'throw Object.assign(new Error("EMFILE"), { code: "EMFILE" });',
  );
  terminal = new Terminal(workshop.folder, ["dev", "1"], { env });
  await terminal.shows(/listens on/);
  const mark = terminal.mark();
  writeFileSync(app, `${solution}\n`);
  await terminal.showsAfter(mark, /listens on/);
  expect(terminal.transcript).toMatch(/no file watchers left \(EMFILE\)/);
  terminal.press("\u0003");
  expect(await terminal.exits()).toBe(0);
});
