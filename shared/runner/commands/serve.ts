import { openInspector } from "../../inspector/open.ts";
import { traceTo } from "../../inspector/trace.ts";
import { readLearnersFile } from "../learners-file.ts";
import type { Invocation } from "../invocation.ts";
import { stepPaths } from "../paths.ts";
import { isFree, wantedPort } from "../ports.ts";
import { readReference } from "../reference.ts";
import { renderNote } from "../render.ts";
import { watchSaves } from "../saves.ts";
import { untilEnded } from "../until-ended.ts";
import { UserError } from "../user-error.ts";

/** `npm run dev [N]`: the learner's app. */
export async function dev(invocation: Invocation): Promise<number> {
  readLearnersFile(invocation.step);
  return serve(invocation, stepPaths(invocation.step).app);
}

/** `npm run demo [N]`: the reference solution. */
export async function demo(invocation: Invocation): Promise<number> {
  readReference(invocation.step, "solution");
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

  // Shown once there is somebody to answer.
  const invitation = [
    "",
    "Open it and see what travels, or try in another terminal:",
    ...step.tryIt.map((line) => `  ${line.replaceAll("{url}", url)}`),
  ];
  tell(
    [
      `Step ${step.number} · ${step.title}`,
      "",
      ...(port > firstPort && !process.env.PORT
        ? [`Port ${firstPort} is in use, so the app is at ${port}.`]
        : []),
      ...(port === firstPort ? [] : [`Where the lesson says ${firstPort}, type ${port}.`]),
      `Redis: ${opened.redis}`,
      "A save restarts the app; Redis lives on. Ctrl-C ends both.",
    ].join("\n"),
  );
  if (trace) traceTo(write, inspector.recording, paper);
  const announce = (state: typeof inspector.state) => {
    if (state.status === "running") {
      tell([`${name} listens on ${url}`, ...invitation.splice(0)].join("\n"));
    }
    if (state.status === "down") {
      tell(`${name} ended (${state.how}). It starts again when you save it.`);
    }
  };
  announce(inspector.state);
  inspector.onState(announce);

  const saves = watchSaves(file, { onSave: () => void inspector.restart(), onNotice: tell });

  const exitCode = await untilEnded();
  saves.close();
  await opened.close();
  // Ctrl-C is how it ends.
  return exitCode === 130 ? 0 : exitCode;
}

/** PORT when it is set, otherwise 3000 or the next port that nobody uses. */
async function freePort(): Promise<number> {
  const wanted = wantedPort();
  // 0 stands for any.
  if (wanted) {
    if (await isFree(wanted)) return wanted;
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
