// Packages that are missing or installed by halves: each command says so, and what to run.
import { cpSync, mkdirSync, readdirSync, rmSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { root } from "../../shared/runner/paths.ts";
import { copyWorkshop, runPiped } from "./terminal.ts";

let workshop: ReturnType<typeof copyWorkshop>;
const installed = (name: string) => join(workshop.folder, "node_modules", name);
const link = (name: string) =>
  symlinkSync(join(root, "node_modules", name), installed(name), "junction");

beforeAll(() => {
  workshop = copyWorkshop();
  // A folder of one's own, in which each package is that of the original.
  rmSync(join(workshop.folder, "node_modules"));
  mkdirSync(join(workshop.folder, "node_modules"));
  for (const name of readdirSync(join(root, "node_modules"))) link(name);
});

afterAll(() => {
  workshop.remove();
});

test.for([["tsx"], ["zod"], ["vitest", "bcrypt"]])("without %s", async (names) => {
  for (const name of names) rmSync(installed(name));
  for (const command of ["step", "doctor", "dev"]) {
    const { exitCode, output } = await runPiped(workshop.folder, [command]);
    expect(output.trim()).toMatch(/^Packages are missing: .*\. Install them: npm ci$/);
    for (const name of names) expect(output).toContain(name);
    expect(exitCode).toBe(1);
  }
  for (const name of names) link(name);
});

test("with a binary that is missing, as from another machine", async () => {
  rmSync(installed("bcrypt"));
  cpSync(join(root, "node_modules/bcrypt"), installed("bcrypt"), { recursive: true });
  for (const folder of ["prebuilds", "build"]) {
    rmSync(join(installed("bcrypt"), folder), { recursive: true, force: true });
  }
  for (const command of ["step", "demo"]) {
    const { exitCode, output } = await runPiped(workshop.folder, [command, "1"]);
    expect(output.trim()).toMatch(
      /^The packages cannot be loaded: No native build.* Remove node_modules, then run: npm ci$/,
    );
    expect(exitCode).toBe(1);
  }
  const { exitCode, output } = await runPiped(workshop.folder, ["doctor"]);
  expect(output).toMatch(/✗ bcrypt: its binary does not load \(No native build/);
  expect(exitCode).toBe(1);
});

test("doctor names what is not as package-lock.json says", async () => {
  rmSync(installed("superagent"));
  const { exitCode, output } = await runPiped(workshop.folder, ["doctor"]);
  expect(output).toMatch(/✗ Packages: superagent: missing, or another version/);
  expect(output).toMatch(/npm ci/);
  expect(exitCode).toBe(1);
});
