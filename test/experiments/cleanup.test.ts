// Whatever ends an experiment, what it started ends with it.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import { Cleanup, cleaningUp } from "../../shared/experiments/cleanup.ts";
import { root } from "../../shared/runner/paths.ts";

test("what was started last ends first, and a failure keeps nothing else alive", async () => {
  const ended: string[] = [];
  const cleanup = new Cleanup();
  cleanup.add(() => ended.push("server"));
  cleanup.add(() => {
    throw new Error("it has ended already");
  });
  cleanup.add(async () => {
    await sleep(1);
    ended.push("app");
  });
  await cleanup.all();
  await cleanup.all();
  expect(ended).toEqual(["app", "server"]);
});

test("what starts too late ends at once", async () => {
  const cleanup = new Cleanup();
  await cleanup.all();
  const ended = new Promise<void>((resolve) => cleanup.add(() => resolve()));
  await ended;
  expect(cleanup.ended).toBe(true);
});

test("an error passes, after everything has ended", async () => {
  let ended = false;
  const failing = cleaningUp(async (cleanup) => {
    cleanup.add(() => (ended = true));
    throw new Error("no");
  });
  await expect(failing).rejects.toThrow("no");
  expect(ended).toBe(true);
});

// Windows has no signals to send.
test.skipIf(process.platform === "win32").for(["SIGINT", "SIGTERM", "SIGHUP"] as const)(
  "%s leaves neither a process nor a folder",
  async (signal) => {
    const script = `
      import { spawn } from "node:child_process";
      import { mkdtempSync, rmSync } from "node:fs";
      import { tmpdir } from "node:os";
      import { join } from "node:path";
      import { cleaningUp } from "./shared/experiments/cleanup.ts";
      process.exitCode = await cleaningUp(async (cleanup) => {
        const folder = mkdtempSync(join(tmpdir(), "experiment-"));
        cleanup.add(() => rmSync(folder, { recursive: true }));
        // As packages do.
        process.once(${JSON.stringify(signal)}, () => process.exit(1));
        const child = spawn(process.execPath, ["-e", "setInterval(() => {}, 1000)"]);
        cleanup.add(() => child.kill("SIGKILL"));
        console.log(JSON.stringify({ folder, pid: child.pid }));
        await new Promise((resolve) => child.once("exit", resolve));
        return 0;
      });
      process.exit();`;
    const experiment = spawn(
      process.execPath,
      ["--import", "tsx", "--input-type=module", "--eval", script],
      { cwd: root, stdio: ["ignore", "pipe", "inherit"] },
    );
    const [line] = await once(createInterface(experiment.stdout), "line");
    const { folder, pid } = JSON.parse(line) as { folder: string; pid: number };
    expect(existsSync(folder)).toBe(true);
    experiment.kill(signal);
    const [exitCode] = await once(experiment, "exit");
    expect(exitCode).toBe({ SIGINT: 130, SIGTERM: 143, SIGHUP: 129 }[signal]);
    expect(existsSync(folder)).toBe(false);
    while (isAlive(pid)) await sleep(5);
  },
);

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
