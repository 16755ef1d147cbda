import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import { root } from "../runner/paths.ts";
import type { Cleanup } from "./cleanup.ts";

export interface AppProcess {
  url: string;
  /** The processor time that it has used so far, in microseconds. */
  processorTime(): Promise<number>;
  /** Ends it without a word, as a crash would. */
  kill(): void;
}

/**
 * Runs an app in a process of its own, on a free port, so that it does not share its processor with
 * whoever measures it.
 *
 * @param file The app, from the folder of the workshop on.
 * @param main The main program around it.
 */
export async function startAppProcess(
  cleanup: Cleanup,
  file: string,
  env: Record<string, string>,
  main = "shared/app/server.ts",
): Promise<AppProcess> {
  const preloads = ["--import", "./shared/experiments/processor-time.mjs", "--import", "tsx"];
  const child = spawn(process.execPath, [...preloads, main, file], {
    cwd: root,
    env: { ...process.env, NODE_ENV: "development", HOST: "127.0.0.1", PORT: "0", ...env },
    stdio: ["ignore", "pipe", "pipe", "ipc"],
  });
  const exited = once(child, "exit").catch(() => {});
  cleanup.add(async () => {
    child.kill("SIGKILL");
    await exited;
  });
  let said = "";
  const { stdout, stderr } = child as ChildProcess & { stdout: Readable; stderr: Readable };
  stderr.setEncoding("utf8").on("data", (text: string) => (said = (said + text).slice(-2_000)));
  for await (const line of createInterface(stdout)) {
    const [, url] = /^Listening on (\S+)/.exec(line) ?? [];
    if (url === undefined) continue;
    stdout.resume();
    return {
      url,
      async processorTime() {
        const answer = once(child, "message");
        child.send("how much?");
        const [microseconds] = (await answer) as [number];
        return microseconds;
      },
      kill: () => void child.kill("SIGKILL"),
    };
  }
  throw new Error(`${file} did not start: ${said}`);
}
