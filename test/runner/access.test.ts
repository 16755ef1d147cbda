// What cannot be read or written: the verdict is shown all the same, the reason is one sentence, and
// nothing that a learner wrote is lost.
import { spawn } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { copyWorkshop, runPiped, type Ended } from "./terminal.ts";

const slug = "01-memory-store";
let workshop: ReturnType<typeof copyWorkshop>;
let solution: string;
const inWorkshop = (...path: string[]) => join(workshop.folder, ...path);
const run = (...args: string[]) => runPiped(workshop.folder, args);

beforeAll(() => {
  workshop = copyWorkshop();
  solution = readFileSync(inWorkshop("solutions", slug, "app.ts"), "utf8");
});

afterAll(() => {
  workshop.remove();
});

beforeEach(() => {
  for (const file of [".workshop", ".env", `steps/${slug}/app.ts`]) {
    rmSync(inWorkshop(file), { recursive: true, force: true });
  }
  writeFileSync(inWorkshop("steps", slug, "app.ts"), solution);
});

function expectVerdict({ exitCode, output }: Ended): void {
  expect(output).toMatch(/5 of 5 goals met\. Step 1 is passed\./);
  expect(output).not.toMatch(/bug in the workshop|^\s+at /m);
  expect(exitCode).toBe(0);
}

/** Has every write under the workshop fail, as on a disk that is full or read-only. */
function failingWrites(code: string): Record<string, string> {
  const file = inWorkshop(`writes-fail-${code}.mjs`);
  writeFileSync(
    file,
    `import fs from "node:fs";
    import { syncBuiltinESMExports } from "node:module";
    for (const name of ["writeFileSync", "mkdirSync", "copyFileSync", "renameSync"]) {
      const real = fs[name];
      fs[name] = (...args) => {
        if (!args.slice(0, 2).some((path) => String(path).startsWith(${JSON.stringify(workshop.folder)}))) return real(...args);
        throw Object.assign(new Error("${code}: " + name), { code: "${code}" });
      };
    }
    syncBuiltinESMExports();`,
  );
  return { NODE_OPTIONS: `--import=${file}` };
}

describe.for([
  {
    what: ".workshop is a file",
    make: () => writeFileSync(inWorkshop(".workshop"), "mine\n"),
    says: /not saved: \.workshop is no folder\. Move it away\./,
  },
  {
    what: "progress.json is a folder",
    make: () => mkdirSync(inWorkshop(".workshop/progress.json"), { recursive: true }),
    says: /(not saved|be read): \.workshop\/progress\.json is no file\. Move it away\./,
  },
])("$what", ({ make, says }) => {
  beforeEach(make);

  test("the verdict is shown all the same", async () => {
    const ended = await run("step", "1");
    expectVerdict(ended);
    expect(ended.output).toMatch(says);
  });

  test("a hint is shown all the same", async () => {
    const { exitCode, output } = await run("hint", "1.1");
    expect(output).toMatch(/Hint 1 of 3 for TODO 1\.1/);
    expect(output).toMatch(says);
    expect(exitCode).toBe(0);
  });

  test("progress and doctor say so", async () => {
    expect((await run("progress")).exitCode).toBe(0);
    const { exitCode, output } = await run("doctor");
    expect(output).toMatch(/bcrypt: its binary loads/);
    expect(output).not.toMatch(/bug in the workshop/);
    expect([exitCode, /✗ Write access/.test(output)]).toEqual(
      statSync(inWorkshop(".workshop")).isFile() ? [1, true] : [0, false],
    );
  });
});

test("reset keeps what it cannot put aside", async () => {
  writeFileSync(inWorkshop(".workshop"), "mine\n");
  const { exitCode, output } = await run("reset", "1");
  expect(output).toMatch(/cannot be kept, so it stays: \.workshop is no folder/);
  expect(exitCode).toBe(1);
  expect(readFileSync(inWorkshop("steps", slug, "app.ts"), "utf8")).toBe(solution);
});

test.for([
  ["ENOSPC", /not saved: the disk is full \(ENOSPC\)/],
  ["EROFS", /not saved: the folder of the workshop is read-only, or somebody else's \(EROFS\)/],
  ["EACCES", /not saved: the folder of the workshop is read-only, or somebody else's \(EACCES\)/],
] as const)("where writing fails with %s, the verdict is shown", async ([code, says]) => {
  const env = failingWrites(code);
  const ended = await runPiped(workshop.folder, ["step", "1"], env);
  expectVerdict(ended);
  expect(ended.output).toMatch(says);
  const reset = await runPiped(workshop.folder, ["reset", "1"], env);
  expect(reset.output).toMatch(/cannot be kept, so it stays/);
  expect(readFileSync(inWorkshop("steps", slug, "app.ts"), "utf8")).toBe(solution);
  expect(existsSync(inWorkshop(".workshop"))).toBe(false);
});

test("reset keeps what it may not read", async () => {
  const app = inWorkshop("steps", slug, "app.ts");
  const file = inWorkshop("reads-fail.mjs");
  writeFileSync(
    file,
    `import fs from "node:fs";
    import { syncBuiltinESMExports } from "node:module";
    const real = fs.readFileSync;
    fs.readFileSync = (...args) => {
      if (args[0] !== ${JSON.stringify(app)}) return real(...args);
      throw Object.assign(new Error("EACCES: open"), { code: "EACCES" });
    };
    syncBuiltinESMExports();`,
  );
  const NODE_OPTIONS = `--import=${file}`;
  const { exitCode, output } = await runPiped(workshop.folder, ["reset", "1"], { NODE_OPTIONS });
  expect(output).toMatch(/cannot be kept, so it stays: .* somebody else's \(EACCES\)/s);
  expect(exitCode).toBe(1);
  expect(readFileSync(app, "utf8")).toBe(solution);
});

test("a progress file that cannot be read is not replaced", async () => {
  mkdirSync(inWorkshop(".workshop/progress.json/inside"), { recursive: true });
  await run("step", "1");
  const kept = readdirSync(inWorkshop(".workshop")).filter((name) => name.startsWith("progress"));
  expect(kept).toEqual(["progress.json"]);
  expect(existsSync(inWorkshop(".workshop/progress.json/inside"))).toBe(true);
});

test("a damaged progress file stays where it is until everything is judged anew", async () => {
  const file = inWorkshop(".workshop/progress.json");
  mkdirSync(inWorkshop(".workshop"));
  writeFileSync(file, "{");
  const killed = `import { execSync } from "node:child_process";
    execSync("kill -KILL $PPID");`;
  writeFileSync(inWorkshop("steps", slug, "app.ts"), killed);
  expect((await run("progress")).exitCode).toBeNull();
  expect(readFileSync(file, "utf8")).toBe("{");
  writeFileSync(inWorkshop("steps", slug, "app.ts"), solution);
  expect((await run("progress")).output).toMatch(/✓ 1 {2}/);
});

describe(".env", () => {
  const port = "PORT=64999\n";
  test.for([
    ["UTF-8 with a mark", Buffer.from(`\ufeff${port}`)],
    ["UTF-16, as PowerShell writes it", Buffer.from(`\ufeff${port}`, "utf16le")],
    ["UTF-16 without a mark", Buffer.from(port, "utf16le")],
    ["UTF-16, the other way round", Buffer.from(`\ufeff${port}`, "utf16le").swap16()],
  ] as const)("is read in %s", async ([, bytes]) => {
    writeFileSync(inWorkshop(".env"), bytes);
    expect((await run("doctor")).output).toMatch(/Port: 64999 is/);
  });

  test("is read by vitest in the same way", async () => {
    writeFileSync(inWorkshop(".env"), Buffer.from("\ufeffREDIS_URL=nonsense\n", "utf16le"));
    writeFileSync(
      inWorkshop("setup.mjs"),
      `const { default: setup } = await import("./shared/testing/redis-setup.ts");
      await setup({ provide() {} }).catch((error) => console.log(error.message));
      process.exit();`,
    );
    const child = spawn(process.execPath, ["--import", "tsx", "setup.mjs"], {
      cwd: workshop.folder,
      env: { ...process.env, REDIS_URL: undefined },
    });
    expect(await text(child.stdout)).toMatch("REDIS_URL is not a Redis address");
  });

  test("is passed over in a sentence when it is a folder", async () => {
    mkdirSync(inWorkshop(".env"));
    const ended = await run("step", "1");
    expectVerdict(ended);
    expect(ended.output).toMatch(/\.env cannot be read \(it is a folder\), so it is passed over/);
  });
});

test.for(["abc", "99999", "-1", "3000 "])("doctor takes PORT=%s for no port", async (PORT) => {
  const { exitCode, output } = await runPiped(workshop.folder, ["doctor"], { PORT });
  expect(output).toMatch(`✗ Port: PORT is "${PORT}", which is no port.`);
  expect(output).toMatch(/Write access/);
  expect(exitCode).toBe(1);
});

test("doctor takes PORT=0 for any port", async () => {
  const { output } = await runPiped(workshop.folder, ["doctor"], { PORT: "0" });
  expect(output).toMatch("✓ Port: PORT=0: npm run dev takes the first free one");
});

describe("an app.ts that Node cannot read", () => {
  test.for([
    [Buffer.from(`\ufeffimport "express";`, "utf16le"), /app\.ts is saved as UTF-16, and Node/],
    [Buffer.from(`import "express";`, "utf16le"), /app\.ts is saved as UTF-16, and Node/],
    [undefined, /app\.ts is a folder\. Move it away/],
  ] as const)("is refused by its encoding, or as no file: %#", async ([bytes, says]) => {
    const app = inWorkshop("steps", slug, "app.ts");
    rmSync(app);
    if (bytes) writeFileSync(app, bytes);
    else mkdirSync(app);
    for (const command of ["step", "dev"]) {
      const { exitCode, output } = await run(command, "1");
      expect(output).toMatch(says);
      expect(output).not.toMatch(/^\s+at /m);
      expect(exitCode).toBe(1);
    }
    expect((await run("progress")).exitCode).toBe(0);
  });
});
