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

/**
 * Watches a thread whose JavaScript may never return.
 *
 * @param busyMs How long its event loop may stand still. A thread that loads modules is busy too,
 * but it stops for breath.
 * @param onLoop is called once, with the call stack, innermost frame first.
 */
export function watchForEndlessLoops(
  thread: Worker,
  busyMs: number,
  onLoop: (frames: Frame[]) => void,
): LoopWatch {
  let last = thread.performance.eventLoopUtilization();
  let busySoFarMs = 0;
  const timer = setInterval(() => {
    const now = thread.performance.eventLoopUtilization();
    const active = now.active - last.active;
    busySoFarMs = now.idle === last.idle && active > 0 ? busySoFarMs + active : 0;
    last = now;
    if (busySoFarMs < busyMs) return;
    clearInterval(timer);
    void whereIs(thread).then(onLoop);
  }, lookEveryMs);
  return { stop: () => clearInterval(timer) };
}

/**
 * Where a busy thread is, innermost frame first, asked through the inspector protocol of this
 * process. Resolves to no frames when it cannot be told.
 *
 * The thread cannot be made to go on from there: terminating its JavaScript in the middle of a
 * request leaves Node's own bookkeeping corrupted, and Node then ends the process.
 *
 * https://chromedevtools.github.io/devtools-protocol/v8/Debugger/#method-pause
 */
function whereIs(thread: Worker): Promise<Frame[]> {
  return new Promise((resolve) => {
    const session = new Session();
    const urls = new Map<string, string>();
    const finish = (frames: Frame[]) => {
      clearTimeout(patience);
      session.disconnect();
      resolve(frames);
    };
    const patience = setTimeout(() => finish([]), 5_000);

    session.connect();
    session.on("NodeWorker.attachedToWorker", ({ params: { sessionId, workerInfo } }) => {
      // Other threads, such as the one of tsx, are reported as well.
      if (!workerInfo.title.startsWith(`[worker ${thread.threadId}]`)) return;
      let id = 0;
      const send = (method: string) => {
        const message = JSON.stringify({ id: ++id, method });
        session.post("NodeWorker.sendMessageToWorker", { sessionId, message });
      };
      session.on("NodeWorker.receivedMessageFromWorker", ({ params }) => {
        if (params.sessionId !== sessionId) return;
        const message: InspectorMessage = JSON.parse(params.message);
        if (message.method === "Debugger.scriptParsed") {
          urls.set(message.params.scriptId, message.params.url);
        } else if (message.method === "Debugger.paused") {
          const frames = message.params.callFrames.map(({ location }) => ({
            url: urls.get(location.scriptId) ?? "",
            line: location.lineNumber,
            column: location.columnNumber ?? 0,
          }));
          // A thread that stays paused can never be ended. It has to read this before the session ends.
          send("Debugger.resume");
          send("Debugger.disable");
          setTimeout(() => finish(frames), 50);
        }
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
