import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { areInstalled, packagesFolder } from "../../shared/experiments/packages.ts";
import { root } from "../../shared/runner/paths.ts";

test("packages count as installed when npm has finished, with the versions of the lockfile", () => {
  const folder = mkdtempSync(join(tmpdir(), "experiment-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const write = (file: string, version: string) =>
    writeFileSync(
      join(folder, file),
      JSON.stringify({ packages: { "": {}, "node_modules/jose": { version } } }),
    );
  write("package-lock.json", "6.2.18");
  expect(areInstalled(folder)).toBe(false);
  mkdirSync(join(folder, "node_modules/jose"), { recursive: true });
  expect(areInstalled(folder)).toBe(false);
  write("node_modules/.package-lock.json", "6.2.17");
  expect(areInstalled(folder)).toBe(false);
  write("node_modules/.package-lock.json", "6.2.18");
  expect(areInstalled(folder)).toBe(true);
});

test("the workshop itself needs none of them", () => {
  const read = (folder: string) => JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
  const [workshop, experiments] = [read(root), read(packagesFolder)];
  expect(workshop.workspaces).toBeUndefined();
  const own = Object.keys({ ...workshop.dependencies, ...workshop.devDependencies });
  const theirs: Record<string, string> = experiments.dependencies;
  expect(own.filter((name) => name in theirs)).toEqual([]);
  // Pinned, as everywhere here.
  for (const version of Object.values(theirs)) expect(version).toMatch(/^\d+\.\d+\.\d+$/);
});
