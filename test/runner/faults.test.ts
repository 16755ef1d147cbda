// Whatever a learner or a machine does to the runner: one clear sentence, an honest exit code, and
// nothing lost. Each with the real command, in a pseudo-terminal or through pipes.
import {
  chmodSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  unlinkSync,
  writeFileSync,
} from "node:fs";
import { once } from "node:events";
import { createServer, type AddressInfo } from "node:net";
import { join } from "node:path";
import { Redis } from "ioredis";
import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import { provideRedis, type RedisServer } from "../../shared/redis/server.ts";
import { Relay } from "../../shared/testing/relay.ts";
import { copyWorkshop, runPiped, Terminal } from "./terminal.ts";

let workshop: ReturnType<typeof copyWorkshop>;
const inWorkshop = (...path: string[]) => join(workshop.folder, ...path);
const appOf = (slug: string) => inWorkshop("steps", slug, "app.ts");
const solutionOf = (slug: string) => readFileSync(inWorkshop("solutions", slug, "app.ts"), "utf8");

beforeAll(() => {
  workshop = copyWorkshop();
});

afterAll(() => {
  workshop.remove();
});

describe("a watching runner", () => {
  const slug = "01-memory-store";
  let terminal: Terminal;
  let solution: string;
  const save = (source: string) => writeFileSync(appOf(slug), source);
  const lineOf = (text: string) => solution.slice(0, solution.indexOf(text)).split("\n").length;
  const passes = /5 of 5 goals met\. Step 1 is passed\./;
  // The rest is not waited for: the next save does not wait for it either.
  const meetsItsGoals = /Trying what no goal lists|Step 1 is passed\./;

  beforeAll(async () => {
    solution = solutionOf(slug);
    terminal = new Terminal(workshop.folder, ["step", "1"]);
    await terminal.shows(/This is where step 1 starts/);
  });

  afterAll(() => {
    terminal.close();
  });

  const builds = "export function createApp";
  const counts = "    req.session.visits = ";
  const answers = "    res.json({ data: { visits";
  test.for([
    {
      fault: "a syntax error",
      edit: ["const secret = config", "const secret = = config"],
      says: 'app.ts:LINE does not compile: Unexpected "="',
    },
    {
      fault: "a throw on import",
      edit: [builds, `throw new Error("too early");\n${builds}`],
      says: "app.ts:LINE throws while it is loaded: Error: too early",
    },
    {
      fault: "process.exit on import",
      edit: [builds, `process.exit(0);\n${builds}`],
      says: "app.ts:LINE calls process.exit",
    },
    {
      fault: "process.exit in a handler",
      edit: [counts, `    process.exit(0);\n${counts}`],
      says: "GET /visits crashed: the app ends its process",
    },
    {
      fault: "process.kill on import",
      edit: [builds, `process.kill(process.pid);\n${builds}`],
      says: "app.ts:LINE calls process.kill",
    },
    {
      fault: "process.kill in a handler",
      edit: [counts, `    process.kill(process.pid, "SIGKILL");\n${counts}`],
      says: "GET /visits crashed: the app ends its process",
    },
    {
      fault: "nothing that is thrown",
      edit: [counts, `    throw null;\n${counts}`],
      says: "Nobody answers GET /visits: what is mounted there only hands on",
    },
    {
      fault: "app.listen on import",
      edit: [builds, `express().listen(0);\n${builds}`],
      says: "app.ts:LINE listens on a port by itself",
    },
    {
      fault: "no createApp",
      edit: [builds, "export function makeApp"],
      says: "app.ts does not export createApp",
    },
    {
      fault: "a createApp without an app",
      edit: ["  return app;", ""],
      says: "createApp returned no Express app",
    },
    {
      fault: "an import that does not exist",
      edit: ['from "express-session"', 'from "express-sesion"'],
      says: "the package express-sesion is not",
    },
    {
      fault: "a package that older tutorials install",
      edit: [builds, `import "cookie-parser";\n${builds}`],
      says: "Here it is express-session alone",
    },
    {
      fault: "a handler that never answers",
      edit: [answers, `    if (req.session.visits > 1) return;\n${answers}`],
      says: "GET /visits never answered",
    },
    {
      fault: "an unhandled rejection",
      edit: [counts, `    void Promise.reject(new Error("lost"));\n${counts}`],
      says: "An error escaped that would end the process, during GET /visits: Error: lost",
    },
  ] as const)("says what is wrong: $fault", async ({ edit: [find, replace], says }) => {
    expect(solution).toContain(find);
    save(solution.replace(find, replace));
    const screen = await terminal.shows(says.replace("LINE", String(lineOf(find))));
    expect(screen).not.toMatch(/ at .*node_modules/);
    // And the next save is judged as if nothing had been.
    save(solution);
    await terminal.shows(meetsItsGoals);
  });

  test("shows messages without what a terminal would obey", async () => {
    const message = String.raw`\u001b[2J\u001b[31mred\u001b]0;title\u0007\b\u202e`;
    save(solution.replace(counts, `    throw new Error("${message}");\n${counts}`));
    await terminal.shows("GET /visits crashed: Error: red (");
    // oxlint-disable-next-line no-control-regex -- what must not arrive
    expect(terminal.transcript).not.toMatch(/\u001b\[31mred|title|[\b\u202e]/);
    save(solution);
    await terminal.shows(meetsItsGoals);
  });

  test("shows type errors beside the verdict", async () => {
    save(solution.replace("const secret =", "const secret: number ="));
    await terminal.shows(passes);
    await terminal.shows(/The type checker says:\s+app\.ts:/);
    expect(terminal.screen).toContain(`app.ts:${lineOf("const secret =")}: Type 'string'`);
    save(solution);
    await terminal.shows(passes);
  });

  test("a file that is deleted, renamed or empty is missed, and judged when it is back", async () => {
    unlinkSync(appOf(slug));
    await terminal.shows(/app\.ts is missing\. Was it renamed or deleted\? `npm run reset 1`/);
    save(solution);
    await terminal.shows(meetsItsGoals);
    renameSync(appOf(slug), `${appOf(slug)}.bak`);
    await terminal.shows(/app\.ts is missing/);
    renameSync(`${appOf(slug)}.bak`, appOf(slug));
    await terminal.shows(meetsItsGoals);
    save("");
    await terminal.shows(/app\.ts is empty/);
    save(solution);
    await terminal.shows(meetsItsGoals);
  });

  const miscounts = () => solution.replace("?? 0) + 1", "?? 0) + 2");

  test("a save by write-and-rename counts, and so does a read-only file", async () => {
    const draft = inWorkshop("steps", slug, ".app.ts.swp");
    writeFileSync(draft, miscounts());
    renameSync(draft, appOf(slug));
    await terminal.shows(/✗ a second visit counts 2/);
    unlinkSync(appOf(slug));
    writeFileSync(appOf(slug), solution, { mode: 0o444 });
    await terminal.shows(meetsItsGoals);
    chmodSync(appOf(slug), 0o644);
  });

  test("of two saves in a row, the last one is judged", async () => {
    save(miscounts());
    await new Promise((resolve) => setTimeout(resolve, 10));
    save(solution.replace('app.disable("x-powered-by");', ""));
    await terminal.shows(/that Express runs here/);
    // A save during a run causes one more.
    save(miscounts());
    await terminal.shows(/Running the goals/);
    save(solution);
    await terminal.shows(passes);
  });

  test("keys: hint, diff, list, run again, next, quit", async () => {
    await terminal.shows(/Step 1 is passed\./);
    terminal.press("d");
    await terminal.shows(/byte for byte/);
    terminal.press("l");
    await terminal.shows(/✓ 1 {2}Remember a visitor/);
    terminal.press("r");
    await terminal.shows(/is passed\.(?![\s\S]*(Running|Looking|✓ 1))/);
    terminal.press("n");
    await terminal.shows(/Step 2 · [\s\S]*This is where step 2 starts/);
    terminal.press("n");
    await terminal.shows(/Step 2 is not passed yet/);
    terminal.press("h");
    await terminal.shows(/Hint 1 of 3 for TODO 2\.1/);
    terminal.press("d");
    await terminal.shows(/Press y to see it/);
    terminal.press("y");
    await terminal.shows(/\+ .*new RedisStore/);
  });

  test("a step that loses an earlier one is not passed, and says what was lost", async () => {
    const second = solutionOf("02-redis-store");
    writeFileSync(
      appOf("02-redis-store"),
      second.replace("{ data: { ok: true } }", "{ data: { up: true } }"),
    );
    const screen = await terminal.shows(/(\d+) of \1 goals met, but step 1 no longer holds\./);
    expect(screen).toContain("Step 1 no longer holds: GET /health no longer says");
    writeFileSync(appOf("02-redis-store"), second);
    await terminal.shows(/(\d+) of \1 goals met\. Step 2 is passed\./);
    terminal.press("q");
    expect(await terminal.exits()).toBe(0);
  });
});

describe("in a terminal", () => {
  test("Ctrl-C in the middle of a run ends it, and restores the terminal", async () => {
    const terminal = new Terminal(workshop.folder, ["step", "2"]);
    await terminal.shows(/Running the goals/);
    terminal.press("\u0003");
    expect(await terminal.exits()).toBe(130);
    // The cursor is back, and nothing is drawn any more.
    expect(terminal.transcript.split("\u001b[?25h").at(-1)?.trim()).toBe("");
  });

  test.for(["\u0003", "\u0004"])("diff takes %j for no", async (key) => {
    const terminal = new Terminal(workshop.folder, ["diff", "6"]);
    await terminal.shows("Show it? [y/N]");
    terminal.press(key);
    expect(await terminal.exits()).toBe(0);
    expect(terminal.screen).toContain("Not shown. For a hint: npm run hint 6");
  });

  test("40 columns are enough, and NO_COLOR means no colour", async () => {
    const options = { columns: 40, rows: 60, env: { NO_COLOR: "1" } };
    const terminal = new Terminal(workshop.folder, ["step", "3"], options);
    const screen = await terminal.shows(/This is where step 3[\s\S]*q quit/);
    for (const line of screen.split("\n")) expect(line.length, line).toBeLessThanOrEqual(40);
    terminal.press("q");
    await terminal.exits();
    // oxlint-disable-next-line no-control-regex -- the sequence for a colour
    // oxlint-disable-next-line no-control-regex -- what must not arrive
    expect(terminal.transcript).not.toMatch(/\u001b\[\d+m/);
  });

  test("two runners on two steps do not disturb each other", async () => {
    writeFileSync(appOf("01-memory-store"), solutionOf("01-memory-store"));
    writeFileSync(appOf("02-redis-store"), solutionOf("02-redis-store"));
    rmSync(inWorkshop(".workshop"), { recursive: true, force: true });
    const [one, two] = [1, 2].map(
      (step) => new Terminal(workshop.folder, ["step", String(step)]),
    ) as [Terminal, Terminal];
    await one.shows(/5 of 5 goals met\. Step 1 is passed/);
    await two.shows(/(\d+) of \1 goals met\. Step 2 is passed/);
    for (const terminal of [one, two]) terminal.press("q");
    expect([await one.exits(), await two.exits()]).toEqual([0, 0]);
    const { output } = await runPiped(workshop.folder, ["progress"]);
    expect(output).toMatch(/✓ 1 {2}/);
    expect(output).toMatch(/✓ 2 {2}/);
  });
});

describe("on a Redis of one's own", () => {
  let server: RedisServer;
  let redis: Redis;
  /** Step 2's app, which stores a key that stays and then does something. */
  const planting = (then: string) =>
    solutionOf("02-redis-store").replace(
      "const app = express();",
      `void redis.set("planted", "1").then(() => { ${then} });\n  $&`,
    );

  beforeAll(async () => {
    server = await provideRedis("");
    redis = new Redis(server.url);
  });

  afterAll(async () => {
    writeFileSync(appOf("02-redis-store"), solutionOf("02-redis-store"));
    redis.disconnect();
    await server.close();
  });

  test.for([
    ["kill -HUP $PPID", 129],
    ["kill -INT $PPID", 130],
    // npm hands on what the keyboard has sent already.
    ["kill -INT $PPID; kill -INT $PPID", 130],
    ["kill -TERM $PPID", 143],
  ] as const)("a run that %s ends removes what it made", async ([kill, code]) => {
    writeFileSync(
      appOf("02-redis-store"),
      `import { execSync } from "node:child_process";
      ${planting(`(globalThis as any).told ??= execSync("${kill}");`)}`,
    );
    const { exitCode, output } = await runPiped(workshop.folder, ["step", "2"], {
      REDIS_URL: server.url,
    });
    expect([exitCode, output]).toEqual([code, ""]);
    expect(await redis.keys("*")).toEqual([]);
  });

  test("so does one whose terminal is closed", async () => {
    writeFileSync(appOf("02-redis-store"), planting("for (;;);"));
    const env = { REDIS_URL: server.url };
    const terminal = new Terminal(workshop.folder, ["step", "2"], { env });
    await expect.poll(() => redis.keys("*:planted")).toHaveLength(1);
    terminal.close();
    await expect.poll(() => redis.keys("*")).toEqual([]);
  });
});

describe("through pipes", () => {
  test("a verdict has the type errors beside it", async () => {
    const app = appOf("01-memory-store");
    const before = readFileSync(app, "utf8");
    const solution = solutionOf("01-memory-store");
    writeFileSync(app, solution.replace("saveUninitialized", "saveUninitialised"));
    const { exitCode, output } = await runPiped(workshop.folder, ["step", "1"]);
    writeFileSync(app, before);
    expect(exitCode).toBe(1);
    expect(output).toMatch(/`saveUninitialised` is no option of `session\(\)` \(steps\/01-/);
    expect(output).toMatch(/The type checker says:\s+app\.ts:\d+: .*'saveUninitialised'/s);
  });

  test("--help says what a command does and takes, and does nothing else", async () => {
    const { exitCode, output } = await runPiped(workshop.folder, ["dev", "--help"]);
    expect(exitCode).toBe(0);
    expect(output).toMatch(/npm run dev \[step\][\s\S]*--production +run the app[\s\S]*--trace/);
    expect(output).not.toMatch(/--once|localhost/);
  });

  test.for([
    { args: ["step", "99"], says: /There is no step "99"[\s\S]*6 {2}Guard the cookie/ },
    { args: ["step", "constructor"], says: /There is no step "constructor"/ },
    { args: ["step", ""], says: /There is no step ""/ },
    { args: ["step", "3", "4"], says: /takes one step, not 2: 3 4/ },
    { args: ["step", "--wat"], says: /Unknown option '--wat'[\s\S]*npm run step -- --help/ },
    { args: ["hint", "--trace"], says: /npm run hint does not take --trace/ },
    { args: ["toString"], says: /There is no command "toString"/ },
    { args: ["hint", "99"], says: /There is no step "99"/ },
    { args: ["hint", "2.9"], says: /Step 2 has no TODO 2\.9\. It has 2\.1, 2\.2, 2\.3\./ },
    { args: ["diff", "6"], says: /not passed yet, and this shows its solution[\s\S]*--yes/ },
  ])("$args is refused in a sentence", async ({ args, says }) => {
    const { exitCode, output } = await runPiped(workshop.folder, args);
    expect(output).toMatch(says);
    expect(output).not.toMatch(/^\s+at /m);
    expect(exitCode).toBe(1);
  });

  test("a red step exits 1, a green one 0, without control sequences", async () => {
    const red = await runPiped(workshop.folder, ["step", "03-login"]);
    expect(red.exitCode).toBe(1);
    const green = await runPiped(workshop.folder, ["step", "2"]);
    expect(green.output).toMatch(/(\d+) of \1 goals met\. Step 2 is passed/);
    expect(green.exitCode).toBe(0);
    for (const { output } of [red, green]) expect(output).not.toContain("\u001b");
  });

  test("a hint can be asked for by its TODO", async () => {
    const { exitCode, output } = await runPiped(workshop.folder, ["hint", "2.1"]);
    expect(output).toMatch(/^\s*Hint 1 of 3 for TODO 2\.1\n/);
    expect(exitCode).toBe(0);
  });

  test("reset brings the exact starter back, and keeps what it replaces", async () => {
    const mine = "// mine, and no program at all\n";
    writeFileSync(appOf("04-require-auth"), mine);
    const { exitCode, output } = await runPiped(workshop.folder, ["reset", "4"]);
    expect(exitCode).toBe(0);
    const starter = readFileSync(inWorkshop("solutions/04-require-auth/starter.ts"), "utf8");
    expect(readFileSync(appOf("04-require-auth"), "utf8")).toBe(starter);
    const [, kept = ""] = /cp (\S+)/.exec(output) ?? [];
    expect(readFileSync(inWorkshop(kept), "utf8")).toBe(mine);
    expect((await runPiped(workshop.folder, ["reset", "4"])).output).toMatch(/Nothing to do/);
    rmSync(appOf("04-require-auth"));
    await runPiped(workshop.folder, ["reset", "4"]);
    expect(readFileSync(appOf("04-require-auth"), "utf8")).toBe(starter);
  });

  test("a damaged progress file is put aside, and the steps are judged anew", async () => {
    const folder = inWorkshop(".workshop");
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, "progress.json"), '{ "version": 1, "steps": {');
    const { exitCode, output } = await runPiped(workshop.folder, ["progress"]);
    expect(exitCode).toBe(0);
    expect(output).toMatch(/progress file is damaged/);
    expect(output).toMatch(/✓ 2 {2}Survive a deploy/);
    const aside = readdirSync(folder).find((file) => file.startsWith("progress.damaged")) ?? "";
    expect(readFileSync(join(folder, aside), "utf8")).toContain('"steps": {');
  });

  test("a damaged progress file stays where it is when nothing can be judged", async () => {
    const file = inWorkshop(".workshop/progress.json");
    const [before, damaged] = [readFileSync(file), '{ "version": 1, "steps": {'];
    writeFileSync(file, damaged);
    const { exitCode, output } = await runPiped(workshop.folder, ["progress"], {
      REDIS_URL: "redis://127.0.0.1:1",
    });
    expect(exitCode).toBe(0);
    expect(output.replaceAll(/\s+/g, " ")).toMatch(
      /does not answer: nothing listens there.* The file stays as it is, and the next command tries again/,
    );
    expect(readFileSync(file, "utf8")).toBe(damaged);
    writeFileSync(file, before);
  });

  test("an option counts although npm has taken it", async () => {
    const { output } = await runPiped(workshop.folder, ["diff", "6"], { npm_config_yes: "true" });
    expect(output).toMatch(/solutions\/06-cookie-flags\/app\.ts/);
  });

  test("an attack on a file that cannot be read says so, and how to get it back", async () => {
    renameSync(appOf("03-login"), `${appOf("03-login")}.away`);
    const { exitCode, output } = await runPiped(workshop.folder, ["attack", "3"]);
    expect(output).toMatch(/steps\/03-login\/app\.ts is missing[\s\S]*npm run reset 3/);
    expect(exitCode).toBe(1);
    renameSync(`${appOf("03-login")}.away`, appOf("03-login"));
  });

  test("a step that changed since it passed says so", async () => {
    writeFileSync(appOf("02-redis-store"), `${solutionOf("02-redis-store")}// one more line\n`);
    const { output } = await runPiped(workshop.folder, ["progress"]);
    expect(output).toMatch(/~ 2 .*changed since it passed/);
    // The list of the steps ticks what stands now.
    expect((await runPiped(workshop.folder, ["step", "99"])).output).toMatch(/~ 2 {2}Survive/);
  });

  test("what is saved while the goals run is not taken for what has passed", async () => {
    const app = appOf("01-memory-store");
    const before = readFileSync(app, "utf8");
    // It is judged as it was before it writes to itself.
    writeFileSync(
      app,
      `import { appendFileSync } from "node:fs";
      appendFileSync(${JSON.stringify(app)}, "// one more line");
      ${solutionOf("01-memory-store")}`,
    );
    const { output } = await runPiped(workshop.folder, ["step", "1"]);
    expect(output).toMatch(/5 of 5 goals met\. Step 1 is passed\./);
    const { output: listed } = await runPiped(workshop.folder, ["progress"]);
    expect(listed).toMatch(/~ 1 .*changed since it passed/);
    writeFileSync(app, before);
  });

  test("line endings are no difference, and a missing reference is told by its name", async () => {
    const app = appOf("02-redis-store");
    writeFileSync(app, solutionOf("02-redis-store").replaceAll("\n", "\r\n"));
    const same = await runPiped(workshop.folder, ["diff", "2", "--yes"]);
    expect(same.output).toMatch(/the same, but for the line endings/);
    const other = solutionOf("02-redis-store").replace("?? 0) + 1", "?? 0) + 2");
    writeFileSync(app, other.replaceAll("\n", "\r\n"));
    const { output } = await runPiped(workshop.folder, ["diff", "2", "--yes"]);
    expect(output.match(/^ *[+-] .*$/gm)).toHaveLength(2);

    const references = ["app.ts", "starter.ts", "HINTS.md"].map((file) =>
      inWorkshop("solutions/02-redis-store", file),
    );
    for (const file of references) renameSync(file, `${file}.away`);
    for (const [name, args] of [
      ["app.ts", ["diff", "2", "--yes"]],
      ["app.ts", ["demo", "2"]],
      ["starter.ts", ["reset", "2"]],
      ["HINTS.md", ["hint", "2.1"]],
    ] as const) {
      const { exitCode, output } = await runPiped(workshop.folder, args);
      expect(output.replaceAll(/\s+/g, " ")).toContain(
        `solutions/02-redis-store/${name} cannot be read (ENOENT). Bring it back: git checkout`,
      );
      expect(exitCode).toBe(1);
    }
    const verdict = await runPiped(workshop.folder, ["step", "2"]);
    expect(verdict.output).toMatch(/✗ a visitor is remembered after a restart/);
    for (const file of references) renameSync(`${file}.away`, file);
  });

  test("Redis trouble is no fault of the learner's, and ends within seconds", async () => {
    const { exitCode, output } = await runPiped(workshop.folder, ["step", "1"], {
      REDIS_URL: "redis://127.0.0.1:1",
    });
    expect(output).toMatch(
      /Redis at redis:\/\/127\.0\.0\.1:1 does not answer: nothing listens there/,
    );
    expect(output).toMatch(/docker compose up -d/);
    expect(exitCode).toBe(1);
  });

  test("a watching runner survives a Redis that goes, and comes back with it", async () => {
    const relay = await Relay.to(inject("redisUrl"));
    const terminal = new Terminal(workshop.folder, ["step", "1"], {
      env: { REDIS_URL: relay.through(inject("redisUrl")) },
    });
    await terminal.shows(/5 of 5 goals met/);
    await relay.refuse();
    terminal.press("r");
    await terminal.shows(/does not answer/);
    await relay.restore();
    terminal.press("r");
    await terminal.shows(/5 of 5 goals met(?![\s\S]*does not answer)/);
    terminal.press("q");
    expect(await terminal.exits()).toBe(0);
    await relay.close();
  });

  test("dev and demo take the next port when 3000 is in use, and give it back", async () => {
    // Somebody else may have it already.
    const busy = createServer().on("error", () => {});
    await new Promise((resolve) =>
      busy.on("error", resolve).listen(3000, "localhost", () => resolve(0)),
    );
    for (const command of ["dev", "demo"]) {
      const terminal = new Terminal(workshop.folder, [command, "1"]);
      const screen = await terminal.shows(/listens on http:\/\/localhost:\d+/);
      const [url = "", port] = /http:\/\/localhost:(\d+)/.exec(screen) ?? [];
      expect(screen).toContain(`Port 3000 is in use, so the app is at ${port}.`);
      expect(screen).toContain(`Where the lesson says 3000, type ${port}.`);
      // Nobody is invited before somebody answers.
      await terminal.shows(`curl -c jar -b jar ${url}/visits`);
      expect(terminal.screen.indexOf("listens on")).toBeLessThan(terminal.screen.indexOf("curl"));
      expect((await fetch(`${url}/health`)).status).toBe(200);
      terminal.press("\u0003");
      expect(await terminal.exits()).toBe(0);
      await expect(fetch(`${url}/health`)).rejects.toThrow();
    }
    busy.close();
  });

  test("a PORT of one's own that is in use is refused in a sentence", async () => {
    const busy = createServer().listen(0, "localhost");
    await once(busy, "listening");
    const PORT = String((busy.address() as AddressInfo).port);
    const { exitCode, output } = await runPiped(workshop.folder, ["dev", "1"], { PORT });
    busy.close();
    expect(output.trim()).toBe(
      `Port ${PORT} is in use. Stop what uses it, or unset PORT: the next free one is then taken.`,
    );
    expect(exitCode).toBe(1);
  });

  test("doctor names a port in use and a Redis that does not answer, each with the fix", async () => {
    const busy = createServer().listen(0, "localhost");
    await once(busy, "listening");
    const port = String((busy.address() as AddressInfo).port);
    const { exitCode, output } = await runPiped(workshop.folder, ["doctor"], {
      PORT: port,
      REDIS_URL: "redis://127.0.0.1:1",
    });
    busy.close();
    expect(output).toMatch(new RegExp(`✗ Port: ${port} is in use`));
    expect(output).toMatch(/✗ Redis: .*docker compose up -d/s);
    expect(exitCode).toBe(1);
  });
});
