import { Session } from "node:inspector";
import { setTimeout as sleep } from "node:timers/promises";
import type { Worker } from "node:worker_threads";

/** Where a thread was when it was interrupted: positions are zero-based, in the evaluated code. */
export interface Frame {
  url: string;
  line: number;
  column: number;
}

/** A thread that was interrupted. */
export interface Standing {
  frames: Frame[];
  /** What it keeps in memory. */
  heapBytes: number;
}

interface LoopWatch {
  stop(): void;
}

interface LoopWatchOptions {
  /**
   * The processor time, of this whole process and in milliseconds, for which the thread's event loop
   * may do without a rest before anybody looks where it is; then as much again before the second look.
   * Time that other processes take does not count.
   */
  busyMs: number;
  /** What changes as long as the thread gets on with its work, busy or not. */
  progress(): number;
  /**
   * Called when the thread was found busy more than once, and neither rested nor got on between.
   * @param standings How it was found each time, oldest first.
   * @returns Whether it is in an endless loop; if not, it is looked at again.
   */
  isLoop(standings: Standing[]): boolean;
}

const lookEveryMs = 250;
/** In processor time: a thread that is merely kept waiting has not been at work that long. */
const answersWithinMs = 2_000;
/** Looks at which neither the thread nor this process does anything, where one has to answer the other. */
const looksUntilLost = 8;
/** From Node's own code into what it calls: Node.js 24 takes up to 60 from one immediate to the next. */
const mostSteps = 200;

/**
 * Watches a thread whose JavaScript may never return. A thread that loads modules, or that a busy
 * machine keeps waiting, is taken for nothing: only one that was found twice in the suspect's code,
 * with processor time spent between and without a rest, is in an endless loop.
 */
export function watchForEndlessLoops(
  thread: Worker,
  { busyMs, progress, isLoop }: LoopWatchOptions,
): LoopWatch {
  // Whoever has always something to do gets no rest, on a busy machine above all, and does it.
  const lifeSign = () => `${thread.performance.eventLoopUtilization().idle} ${progress()}`;
  let stopped = false;
  let lastSign = lifeSign();
  let restedAt = processorMs();
  let seen: Standing[] = [];
  const look = async () => {
    const sign = lifeSign();
    if (sign !== lastSign) {
      lastSign = sign;
      restedAt = processorMs();
      seen = [];
    } else if (processorMs() - restedAt >= busyMs) {
      const standing = await whereIs(thread);
      restedAt = processorMs();
      if (stopped) return;
      // It may have come to an end while it was asked.
      seen = lifeSign() === lastSign ? [...seen, standing] : [];
      if (seen.length > 1 && isLoop(seen)) return;
    }
    if (!stopped) timer = setTimeout(look, lookEveryMs);
  };
  let timer = setTimeout(look, lookEveryMs);
  return {
    stop() {
      stopped = true;
      clearTimeout(timer);
    },
  };
}

// What a thread does while it waits: timers that look whether something has come.
const stillMs = 1;

/**
 * Watches a run in which nobody does anything any more: neither the thread nor this process, at so
 * many looks in a row. It waits for something that never comes. A busy machine makes looks rarer, and
 * what waits for a processor is not still.
 */
export function watchForStandstill(
  thread: Worker,
  looks: number,
  onStandstill: () => void,
): LoopWatch {
  let { active } = thread.performance.eventLoopUtilization();
  let cpuMs = processorMs();
  let still = 0;
  const timer = setInterval(() => {
    const now = { ...thread.performance.eventLoopUtilization(), cpuMs: processorMs() };
    // Looking takes a little time itself.
    const quiet = now.active - active < stillMs && now.cpuMs - cpuMs < lookEveryMs / 10;
    active = now.active;
    cpuMs = now.cpuMs;
    still = quiet ? still + 1 : 0;
    if (still < looks) return;
    clearInterval(timer);
    onStandstill();
  }, lookEveryMs);
  return { stop: () => clearInterval(timer) };
}

// A chain without end is found long before; what is left is a thread that cannot even end.
const mostLooksForRest = 2_000;

/** Waits until a thread rests, or has ended; false when it does neither. */
export async function rest(thread: Worker): Promise<boolean> {
  const { idle } = thread.performance.eventLoopUtilization();
  for (let look = 0; look < mostLooksForRest; look++) {
    if (thread.threadId === -1 || thread.performance.eventLoopUtilization().idle !== idle) {
      return true;
    }
    await sleep(look < 100 ? 1 : 20);
  }
  return false;
}

/** The processor time that this process has had so far, all its threads together. */
function processorMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

/**
 * Where a busy thread is, innermost frame first, and what it keeps in memory. Resolves to no frames
 * when it cannot be told.
 */
function whereIs(thread: Worker): Promise<Standing> {
  return new Promise((resolve) => new Interruption(thread, resolve));
}

/**
 * Pauses a thread, reads its stack and lets it go on, through the inspector protocol of this process.
 *
 * The thread cannot be made to stop there: terminating its JavaScript in the middle of a request
 * leaves Node's own bookkeeping corrupted, and Node then ends the process.
 *
 * https://chromedevtools.github.io/devtools-protocol/v8/Debugger/#method-pause
 */
class Interruption {
  readonly #thread: Worker;
  readonly #onEnd: (standing: Standing) => void;
  readonly #session = new Session();
  readonly #patience: NodeJS.Timeout;
  /** Of the evaluated scripts, by their ids. */
  readonly #urls = new Map<string, string>();
  readonly #found: Standing = { frames: [], heapBytes: 0 };
  /** The inspector's name for the thread, once it is attached to it. */
  #channel: string | undefined;
  #messages = 0;
  /** The message whose answer is the last word. */
  #farewell: number | undefined;
  #paused = false;
  #stepsLeft = mostSteps;
  #answeredAt = processorMs();
  #cpuMs = this.#answeredAt;
  #stillLooks = 0;

  constructor(thread: Worker, onEnd: (standing: Standing) => void) {
    this.#thread = thread;
    this.#onEnd = onEnd;
    this.#patience = setInterval(() => this.#endIfLost(), lookEveryMs);
    this.#session.connect();
    this.#session.on("NodeWorker.attachedToWorker", ({ params: { sessionId, workerInfo } }) => {
      // Other threads, such as the one of tsx, are reported as well.
      if (!workerInfo.title.startsWith(`[worker ${thread.threadId}]`)) return;
      this.#channel = sessionId;
      this.#send("Debugger.enable");
      this.#send("Debugger.pause");
    });
    this.#session.on("NodeWorker.receivedMessageFromWorker", ({ params }) => {
      if (params.sessionId === this.#channel) this.#hear(JSON.parse(params.message));
    });
    this.#session.post("NodeWorker.enable", { waitForDebuggerOnStart: false });
  }

  #hear(message: InspectorMessage): void {
    this.#answeredAt = processorMs();
    if (message.method === "Debugger.scriptParsed") {
      this.#urls.set(message.params.scriptId, message.params.url);
    } else if (message.method === "Debugger.paused") {
      this.#paused = true;
      this.#found.frames = message.params.callFrames.map(({ location }) => ({
        url: this.#urls.get(location.scriptId) ?? "",
        line: location.lineNumber,
        column: location.columnNumber ?? 0,
      }));
      // Between two microtasks or immediates of a chain, only Node is on the stack: on to the next.
      const isNode = this.#found.frames.every(({ url }) => url.startsWith("node:"));
      this.#send(isNode && this.#stepsLeft-- > 0 ? "Debugger.stepInto" : "Runtime.getHeapUsage");
    } else if (message.method === undefined && message.result?.usedSize !== undefined) {
      this.#found.heapBytes = message.result.usedSize;
      this.#letGo();
    } else if (message.method === undefined && message.id === this.#farewell) {
      this.#end();
    }
  }

  /** A thread that stays paused can never be ended: the session lasts until it has read this. */
  #letGo(): void {
    this.#send("Debugger.resume");
    this.#farewell = this.#send("Debugger.disable");
  }

  #endIfLost(): void {
    const now = processorMs();
    this.#stillLooks = now - this.#cpuMs < lookEveryMs / 10 ? this.#stillLooks + 1 : 0;
    this.#cpuMs = now;
    // The thread and this process wait for each other: what was asked is lost.
    if (this.#stillLooks === looksUntilLost) this.#letGo();
    // A thread inside one long call of C++ never answers.
    const isSilent = !this.#paused && now - this.#answeredAt > answersWithinMs;
    const isLost = this.#stillLooks > 2 * looksUntilLost;
    if (this.#thread.threadId === -1 || isSilent || isLost) this.#end();
  }

  #end(): void {
    clearInterval(this.#patience);
    this.#session.disconnect();
    this.#onEnd(this.#found);
  }

  /** @returns The number of the message, which its answer carries as well. */
  #send(method: string): number {
    const message = JSON.stringify({ id: ++this.#messages, method });
    if (this.#channel !== undefined) {
      this.#session.post("NodeWorker.sendMessageToWorker", { sessionId: this.#channel, message });
    }
    return this.#messages;
  }
}

type InspectorMessage =
  | { method: "Debugger.scriptParsed"; params: { scriptId: string; url: string } }
  | {
      method: "Debugger.paused";
      params: {
        callFrames: {
          location: { scriptId: string; lineNumber: number; columnNumber?: number };
        }[];
      };
    }
  | { method?: undefined; id: number; result?: { usedSize?: number } };
