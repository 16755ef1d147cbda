import { spawn, type ChildProcess } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { relative } from "node:path";
import { openKeySpace } from "../../redis/key-space.ts";
import { provideRedis } from "../../redis/server.ts";
import { readLearnersFile } from "../learners-file.ts";
import type { Invocation } from "../main.ts";
import { root, stepPaths } from "../paths.ts";
import { isFree, wantedPort } from "../ports.ts";
import { readReference } from "../reference.ts";
import { renderNote } from "../render.ts";
import { watchSaves } from "../saves.ts";
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

/** Runs an app until Ctrl-C, and starts it again at every save. Redis lives on meanwhile. */
async function serve(
  { step, paper, production, write }: Invocation,
  file: string,
): Promise<number> {
  const port = await freePort();
  const redis = await provideRedis();
  const keySpace = openKeySpace(redis.url);
  const redisUrl = new URL(redis.url);
  redisUrl.searchParams.set("keyPrefix", keySpace.prefix);
  const env = {
    ...process.env,
    // Whatever the shell says: in production, a browser on http would get no cookie.
    NODE_ENV: production ? "production" : "development",
    HOST: "localhost",
    PORT: String(port),
    REDIS_URL: redisUrl.href,
    // The same for all restarts, so that they forget nobody.
    SESSION_SECRET: process.env.SESSION_SECRET || randomBytes(32).toString("base64url"),
  };
  const url = `http://localhost:${port}`;
  const name = relative(root, file);
  const tell = (text: string) => write(renderNote(text, paper));

  // Shown once there is somebody to answer.
  const invitation = [
    "",
    "Try, in another terminal:",
    ...step.tryIt.map((line) => `  ${line.replaceAll("{url}", url)}`),
  ];

  let app: ChildProcess | undefined;
  let ending = false;
  const start = () => {
    const child = spawn(
      process.execPath,
      ["--import", "tsx", "shared/runner/dev-server.ts", file],
      {
        cwd: root,
        env,
        stdio: ["ignore", "inherit", "inherit", "ipc"],
      },
    );
    app = child;
    child.once("message", () => {
      tell([`${name} listens on ${url}`, ...invitation.splice(0)].join("\n"));
    });
    child.once("exit", (code) => {
      if (app !== child) return;
      app = undefined;
      if (!ending) tell(`${name} ended (exit code ${code}). It starts again when you save it.`);
    });
  };
  const stop = async () => {
    const child = app;
    app = undefined;
    if (!child || child.exitCode !== null) return;
    child.kill("SIGTERM");
    // A handler that never answers must not hold up the restart.
    const impatience = setTimeout(() => child.kill("SIGKILL"), 1_000);
    await once(child, "exit");
    clearTimeout(impatience);
  };

  tell(
    [
      `Step ${step.number} · ${step.title}`,
      "",
      ...(port > firstPort && !process.env.PORT
        ? [`Port ${firstPort} is in use, so the app is at ${port}.`]
        : []),
      ...(port === firstPort ? [] : [`Where the lesson says ${firstPort}, type ${port}.`]),
      `Redis: ${redis.description}`,
      "A save restarts the app; Redis lives on. Ctrl-C ends both.",
    ].join("\n"),
  );
  start();

  let restarting: Promise<void> | undefined;
  const restart = () => {
    restarting ??= stop().then(() => {
      restarting = undefined;
      if (!ending) start();
    });
  };
  const saves = watchSaves(file, { onSave: restart, onNotice: tell });

  const signal = await Promise.race([
    once(process, "SIGINT").then(() => 130),
    once(process, "SIGTERM").then(() => 143),
    parentGone().then(() => 143),
  ]);
  ending = true;
  saves.close();
  await restarting;
  await stop();
  await keySpace.clear().catch(() => {});
  await redis.close();
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
