import { once } from "node:events";
import { createServer, type RequestListener } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import type { StepEntry } from "../runner/manifest.ts";
import { AppProcess, type AppSettings, type Death } from "./app-process.ts";
import { pagePath } from "./events.ts";
import { Front } from "./front.ts";
import { Recording } from "./recording.ts";
import { RedisView } from "./redis-view.ts";

export interface InspectorOptions {
  step: StepEntry;
  /** The app: the learner's, or a solution. */
  file: string;
  /** The name of the file, for people. */
  name: string;
  redis: { url: string; prefix: string };
  /** 0 stands for any free port. */
  port: number;
  production: boolean;
  output: AppSettings["output"];
  env: Record<string, string | undefined>;
}

export type AppState =
  | { status: "starting" | "running" }
  /** It ended by itself, or never started: its last words say why. */
  | ({ status: "down" } & Death);

/** An app at an address of its own, with all that it does recorded, and a page that shows it. */
export class Inspector {
  readonly step: StepEntry;
  readonly name: string;
  readonly recording: Recording;
  readonly redis: RedisView;
  readonly #options: InspectorOptions;
  readonly #front: Front;
  readonly #pageServer = createServer((req, res) => {
    void this.#loadPage().then((answer) => answer(req, res));
  });
  /** Connections that came while the app was down, and stay with whoever stands in for it. */
  readonly #insteadOfTheApp = new Set<Socket>();
  #page: Promise<RequestListener> | undefined;
  #production: boolean;
  #app: AppProcess | undefined;
  #state: AppState = { status: "starting" };
  #replacing: Promise<void> | undefined;
  #closed = false;
  readonly #onState = new Set<(state: AppState) => void>();

  private constructor(options: InspectorOptions, front: Front) {
    this.step = options.step;
    this.name = options.name;
    this.recording = new Recording(options.redis.prefix);
    this.redis = new RedisView(options.redis.url, options.redis.prefix);
    this.#options = options;
    this.#production = options.production;
    this.#front = front;
    this.recording.on("entry", () => this.redis.refresh());
  }

  /** Resolves when the address is taken; the app is on its way. */
  static async open(options: InspectorOptions): Promise<Inspector> {
    const inspector = new Inspector(options, await Front.listen(options.port));
    // The app's process asks here for what the page wants.
    inspector.#pageServer.listen(0, "127.0.0.1");
    await once(inspector.#pageServer, "listening");
    inspector.#start();
    void inspector.#loadPage();
    return inspector;
  }

  get port(): number {
    return this.#front.port;
  }

  get url(): string {
    return `http://localhost:${this.port}`;
  }

  get pageUrl(): string {
    return `${this.url}${pagePath}`;
  }

  get state(): AppState {
    return this.#state;
  }

  get production(): boolean {
    return this.#production;
  }

  /** Calls back with every state from now on, until the returned function is called. */
  onState(listener: (state: AppState) => void): () => void {
    this.#onState.add(listener);
    return () => this.#onState.delete(listener);
  }

  /** Resolves when the app runs, or is down. */
  async settled(): Promise<AppState> {
    await this.#replacing;
    if (this.#state.status !== "starting") return this.#state;
    return new Promise((resolve) => {
      const stop = this.onState((state) => {
        if (state.status === "starting") return;
        stop();
        resolve(state);
      });
    });
  }

  /** Starts the app anew, as it is on disk now. Redis lives on, and requests wait meanwhile. */
  restart(): Promise<void> {
    this.#replacing ??= (async () => {
      this.#front.receiver = undefined;
      // A browser opens some before it needs them: what it sends there from now on is for the app.
      for (const socket of this.#insteadOfTheApp) if (socket.bytesRead === 0) socket.destroy();
      this.#change({ status: "starting" });
      await this.#app?.stop();
      this.recording.processEnded();
      this.#replacing = undefined;
      if (!this.#closed) this.#start();
    })();
    return this.#replacing;
  }

  /** As behind a TLS proxy in production, or as on the machine of a developer. */
  async setProduction(production: boolean): Promise<void> {
    if (production === this.#production) return;
    this.#production = production;
    this.recording.note(production ? "Production, behind a TLS proxy" : "Development, on http");
    await this.restart();
  }

  /** Leaves no process, no connection and no timer. The keys are their owner's. */
  async close(): Promise<void> {
    this.#closed = true;
    await this.#replacing;
    this.redis.close();
    this.#pageServer.closeAllConnections();
    this.#pageServer.close();
    this.#front.close();
    await this.#app?.stop();
  }

  /** While the app starts: neither waits for the other. */
  #loadPage(): Promise<RequestListener> {
    this.#page ??= import("./page-server.ts").then(({ createPage }) => createPage(this));
    return this.#page;
  }

  #start(): void {
    const { file, output, env } = this.#options;
    const { port } = this.#pageServer.address() as AddressInfo;
    const app = new AppProcess({
      file,
      output,
      env: {
        ...env,
        NODE_ENV: this.#production ? "production" : "development",
        WORKSHOP_INSPECTOR_PORT: String(port),
      },
    });
    this.#app = app;
    app.on("told", (event) => app === this.#app && this.recording.take(event));
    app.once("listening", () => {
      if (app !== this.#app || this.#replacing) return;
      this.#front.receiver = (socket) => app.receive(socket);
      this.#change({ status: "running" });
    });
    app.once("died", (death) => {
      if (app !== this.#app) return;
      this.recording.processEnded();
      this.recording.note(`The app ended (${death.how}).`, "bad");
      // Whoever asks now is told so, and the page goes on.
      this.#front.receiver = (socket) => {
        this.#insteadOfTheApp.add(socket);
        socket.once("close", () => this.#insteadOfTheApp.delete(socket));
        this.#pageServer.emit("connection", socket);
        socket.resume();
      };
      this.#change({ status: "down", ...death });
    });
  }

  #change(state: AppState): void {
    this.#state = state;
    for (const listener of this.#onState) listener(state);
  }
}
