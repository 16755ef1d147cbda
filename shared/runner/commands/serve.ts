import { once } from "node:events";
import { watch } from "node:fs";
import { dirname } from "node:path";
import { openInspector } from "../../inspector/open.ts";
import { traceTo } from "../../inspector/trace.ts";
import type { Invocation } from "../main.ts";
import { stepPaths } from "../paths.ts";
import { isFree } from "../ports.ts";
import { renderNote } from "../render.ts";
import { UserError } from "../user-error.ts";

/** `npm run dev [N]`: the learner's app. */
export function dev(invocation: Invocation): Promise<number> {
  return serve(invocation, stepPaths(invocation.step).app);
}

/** `npm run demo [N]`: the reference solution. */
export function demo(invocation: Invocation): Promise<number> {
  return serve(invocation, stepPaths(invocation.step).solution);
}

const firstPort = 3000;
const ports = 20;

/**
 * Runs an app until Ctrl-C, and starts it again at every save. Redis lives on meanwhile, and the
 * inspector's page shows what happens.
 */
async function serve(
  { step, paper, production, trace, write }: Invocation,
  file: string,
): Promise<number> {
  const port = await freePort();
  const opened = await openInspector({ step, file, port, production, output: "inherit" });
  const { inspector } = opened;
  const { url, name } = inspector;
  const tell = (text: string) => write(renderNote(text, paper));

  tell(
    [
      `Step ${step.number} · ${step.title}`,
      "",
      `Open ${url} and see what travels, or try in another terminal:`,
      ...step.tryIt.map((line) => `  ${line.replaceAll("{url}", url)}`),
      "",
      ...(port > firstPort && !process.env.PORT
        ? [`Port ${firstPort} is in use, so the app is at ${port}.`]
        : []),
      `Redis: ${opened.redis}`,
      "A save restarts the app; Redis lives on. Ctrl-C ends both.",
    ].join("\n"),
  );
  if (trace) traceTo(write, inspector.recording, paper);
  const announce = (state: typeof inspector.state) => {
    if (state.status === "running") tell(`${name} listens on ${url}`);
    if (state.status === "down") {
      tell(`${name} ended (exit code ${state.exitCode}). It starts again when you save it.`);
    }
  };
  announce(inspector.state);
  inspector.onState(announce);

  let settling: NodeJS.Timeout | undefined;
  const watcher = watch(dirname(file), (_event, changed) => {
    if (changed && !changed.endsWith(".ts")) return;
    clearTimeout(settling);
    settling = setTimeout(() => void inspector.restart(), 50);
  });

  const signal = await Promise.race([
    once(process, "SIGINT").then(() => 130),
    once(process, "SIGTERM").then(() => 143),
    parentGone().then(() => 143),
  ]);
  clearTimeout(settling);
  watcher.close();
  await opened.close();
  return signal === 130 ? 0 : signal;
}

/** Resolves when npm was ended and did not tell: nobody else would free the port. */
function parentGone(): Promise<void> {
  const parent = process.ppid;
  return new Promise((resolve) => {
    const look = setInterval(() => {
      if (process.ppid === parent) return;
      clearInterval(look);
      resolve();
    }, 500);
    look.unref();
  });
}

/** PORT when it is set, otherwise 3000 or the next port that nobody uses. */
async function freePort(): Promise<number> {
  const wanted = process.env.PORT;
  if (wanted) {
    if (!/^\d{1,5}$/.test(wanted) || Number(wanted) > 65_535) {
      throw new UserError(
        `PORT is ${JSON.stringify(wanted)}, which is no port. Unset it, or set it to a number such as 3000.`,
      );
    }
    if (await isFree(Number(wanted))) return Number(wanted);
    throw new UserError(
      `Port ${wanted} is in use. Stop what uses it, or unset PORT: the next free one is then taken.`,
    );
  }
  for (let port = firstPort; port < firstPort + ports; port++) {
    if (await isFree(port)) return port;
  }
  throw new UserError(
    `The ports ${firstPort} to ${firstPort + ports - 1} are all in use. Name a free one: PORT=4000 in .env`,
  );
}
