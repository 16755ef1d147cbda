import { spawn, type ChildProcess } from "node:child_process";
import { EventEmitter, once } from "node:events";
import type { Socket } from "node:net";
import { root } from "../runner/paths.ts";
import type { ProbeEvent, ProbeRequest } from "./events.ts";

export interface AppSettings {
  /** The learner's `app.ts`, or a solution. */
  file: string;
  env: Record<string, string | undefined>;
  /** Where its standard output goes. */
  output: "inherit" | "ignore";
}

/** Its last words, when an app ended by itself or never started. */
export interface Death {
  /** Its exit code, or the signal that killed it. */
  how: string;
  words: string;
}

const keptWords = 4_000;
const patienceMs = 1_000;

/** A process that runs an app, with the probe in it. */
export class AppProcess extends EventEmitter<{
  told: [ProbeEvent];
  listening: [];
  died: [Death];
}> {
  readonly #child: ChildProcess;
  #ending = false;
  #words = "";

  constructor({ file, env, output }: AppSettings) {
    super();
    this.#child = spawn(
      process.execPath,
      [
        "--import",
        "tsx",
        "--import",
        "./shared/inspector/probe/main.ts",
        "shared/runner/dev-server.ts",
        file,
      ],
      {
        cwd: root,
        // The port that it listens on is nobody's: connections are handed over.
        env: { ...env, HOST: "127.0.0.1", PORT: "0" },
        stdio: ["ignore", output, "pipe", "ipc"],
      },
    );
    this.#child.stderr?.setEncoding("utf8").on("data", (text: string) => {
      this.#words = (this.#words + text).slice(-keptWords);
      if (output === "inherit") process.stderr.write(text);
    });
    this.#child.on("message", (events) => {
      // The app may send messages of its own.
      if (!Array.isArray(events)) return;
      for (const event of events as ProbeEvent[]) {
        if (event.type === "listening") this.emit("listening");
        else this.emit("told", event);
      }
    });
    this.#child.once("close", (exitCode, signal) => {
      const how = signal ? `killed by ${signal}` : `exit code ${exitCode}`;
      if (!this.#ending) this.emit("died", { how, words: this.#words.trim() });
    });
  }

  /** Gives it a connection that nobody has read from. */
  receive(socket: Socket): void {
    if (socket.destroyed) return;
    const request: ProbeRequest = "connection";
    // When it just ended, the connection ends as well.
    this.#child.send(request, socket, (error) => error && socket.destroy());
  }

  /** Lets it answer what is under way, but not for long: a handler may never answer. */
  async stop(): Promise<void> {
    this.#ending = true;
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const ended = once(this.#child, "close");
    const request: ProbeRequest = "finish";
    if (this.#child.connected) this.#child.send(request, () => {});
    else this.#child.kill("SIGTERM");
    const impatience = setTimeout(() => this.#child.kill("SIGKILL"), patienceMs);
    await ended;
    clearTimeout(impatience);
  }
}
