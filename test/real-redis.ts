import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** Whether this machine has a Redis that can be started. */
export const hasRedisServer = spawnSync("redis-server", ["--version"]).status === 0;

/** Starts a real Redis on a free port of the loopback interface, with nothing in it. */
export async function startRedisServer(
  ...options: readonly string[]
): Promise<{ url: string; stop(): void }> {
  const probe = createServer().listen(0, "127.0.0.1");
  await once(probe, "listening");
  const { port } = probe.address() as AddressInfo;
  probe.close();
  const folder = mkdtempSync(join(tmpdir(), "redis-"));
  const address = ["--port", String(port), "--bind", "127.0.0.1", "--dir", folder];
  const server = spawn("redis-server", [...address, "--save", "", ...options], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const stop = () => {
    server.kill("SIGKILL");
    rmSync(folder, { recursive: true, force: true });
  };
  process.once("exit", stop);
  for (const signal of ["SIGINT", "SIGTERM"]) process.once(signal, () => process.exit(130));
  // The rest of what it says is read and dropped, so that it never waits for a reader.
  let said = "";
  await new Promise<void>((resolve, reject) => {
    server.stdout.on("data", (text) => {
      said += said.includes("Ready to accept") ? "" : String(text);
      if (said.includes("Ready to accept")) resolve();
    });
    server.once("close", () => reject(new Error(`The Redis did not start:\n${said}`)));
  });
  return { url: `redis://127.0.0.1:${port}`, stop };
}
