import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { anyFreePort } from "../shared/runner/ports.ts";

/** Whether this machine has a Redis that can be started. */
export const hasRedisServer = spawnSync("redis-server", ["--version"]).status === 0;

/** Somebody else may take the port before Redis does. */
const attempts = 5;

/** Starts a real Redis on a free port of the loopback interface, with nothing in it. */
export async function startRedisServer(
  ...options: readonly string[]
): Promise<{ url: string; stop(): void }> {
  const folder = mkdtempSync(join(tmpdir(), "redis-"));
  for (let attempt = 1; ; attempt++) {
    const port = await anyFreePort("127.0.0.1");
    const address = ["--port", String(port), "--bind", "127.0.0.1", "--dir", folder];
    const server = spawn("redis-server", [...address, "--save", "", ...options], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    const stop = () => {
      server.kill("SIGKILL");
      rmSync(folder, { recursive: true, force: true });
    };
    process.once("exit", stop);
    // The rest of what it says is read and dropped, so that it never waits for a reader.
    let said = "";
    const ready = new Promise<boolean>((resolve) => {
      server.stdout.on("data", (text) => {
        said += said.includes("Ready to accept") ? "" : String(text);
        if (said.includes("Ready to accept")) resolve(true);
      });
      void once(server, "close").then(() => resolve(false));
    });
    if (await ready) {
      for (const signal of ["SIGINT", "SIGTERM"]) process.once(signal, () => process.exit(130));
      return { url: `redis://127.0.0.1:${port}`, stop };
    }
    if (attempt === attempts) throw new Error(`The Redis did not start:\n${said}`);
  }
}
