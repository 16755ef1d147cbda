import { Session } from "node:inspector";
import type { Worker } from "node:worker_threads";

/** Where a thread was when it was interrupted: positions are zero-based, in the evaluated code. */
export interface Frame {
  url: string;
  line: number;
  column: number;
}

export interface LoopWatch {
  stop(): void;
}

const lookEveryMs = 250;
// A thread that loads modules is busy too, but it stops for breath.
const firstBusyMs = 2_500;
const nextBusyMs = 750;

/**
 * Watches a thread whose JavaScript may never return. When its event loop stands still, the
 * running code is interrupted, so that the loop can go on with the next event.
 *
 * @param onInterrupt receives the call stack, innermost frame first.
 */
export function watchForEndlessLoops(
  thread: Worker,
  onInterrupt: (frames: Frame[]) => void,
): LoopWatch {
  let last = thread.performance.eventLoopUtilization();
  let busyMs = 0;
  let limitMs = firstBusyMs;
  let interrupting = false;

  const timer = setInterval(() => {
    const now = thread.performance.eventLoopUtilization();
    const idle = now.idle - last.idle;
    const active = now.active - last.active;
    last = now;
    busyMs = idle === 0 && active > 0 ? busyMs + active : 0;
    if (busyMs < limitMs || interrupting) return;
    interrupting = true;
    busyMs = 0;
    limitMs = nextBusyMs;
    void interrupt().then((frames) => {
      interrupting = false;
      if (frames.length > 0) onInterrupt(frames);
    });
  }, lookEveryMs);

  return { stop: () => clearInterval(timer) };
}

/**
 * Stops the JavaScript of the busy worker thread through the inspector protocol of this process:
 * pause, read the call stack, terminate. The thread itself stays alive.
 *
 * https://chromedevtools.github.io/devtools-protocol/v8/Runtime/#method-terminateExecution
 */
function interrupt(): Promise<Frame[]> {
  return new Promise((resolve) => {
    const session = new Session();
    const urls = new Map<string, string>();
    const finish = (frames: Frame[]) => {
      clearTimeout(patience);
      session.disconnect();
      resolve(frames);
    };
    const patience = setTimeout(() => finish([]), 1_000);

    session.connect();
    session.on("NodeWorker.attachedToWorker", ({ params: { sessionId } }) => {
      let id = 0;
      const send = (method: string) => {
        const message = JSON.stringify({ id: ++id, method });
        session.post("NodeWorker.sendMessageToWorker", { sessionId, message });
      };
      session.on("NodeWorker.receivedMessageFromWorker", ({ params }) => {
        const message: InspectorMessage = JSON.parse(params.message);
        if (message.method === "Debugger.scriptParsed") {
          urls.set(message.params.scriptId, message.params.url);
        }
        if (message.method !== "Debugger.paused") return;
        const frames = message.params.callFrames.map(({ location }) => ({
          url: urls.get(location.scriptId) ?? "",
          line: location.lineNumber,
          column: location.columnNumber ?? 0,
        }));
        send("Runtime.terminateExecution");
        send("Debugger.resume");
        send("Debugger.disable");
        // The thread has to read these before the connection ends.
        setTimeout(() => finish(frames), 50);
      });
      send("Debugger.enable");
      send("Debugger.pause");
    });
    session.post("NodeWorker.enable", { waitForDebuggerOnStart: false });
  });
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
  | { method?: undefined };
