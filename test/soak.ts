// `npm run soak`: grades everything again and again, on the embedded Redis and on a real one, while
// something else keeps a processor busy, and reports every verdict that changed.
//
//   npm run soak -- --repeats 5    instead of 50
//
// The real Redis is REDIS_URL, or a `redis-server` that is started for it.
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:net";
import { parseArgs } from "node:util";
import { Worker } from "node:worker_threads";
import { Engine } from "../shared/runner/engine/engine.ts";
import { steps } from "../shared/runner/manifest.ts";
import { provideRedis } from "../shared/redis/server.ts";
import { candidatesOf, grade } from "./grading/grade.ts";

const { values } = parseArgs({ options: { repeats: { type: "string", default: "50" } } });
const repeats = Number(values.repeats);

const candidates = (await Promise.all(steps.map(candidatesOf))).flat();
const changed = new Map<string, number>();
const busy = new Worker("for (;;) {}", { eval: true });
const real = await realRedis();

const kinds = [
  { kind: "embedded", redis: await provideRedis("") },
  ...(real ? [{ kind: "real", redis: await provideRedis(real.url) }] : []),
];
for (let repeat = 1; repeat <= repeats; repeat++) {
  for (const { kind, redis } of kinds) {
    const engines = await Promise.all([1, 2].map(() => Engine.start(redis.url)));
    const queue = [...candidates];
    await Promise.all(
      engines.map(async (engine) => {
        for (let candidate = queue.shift(); candidate; candidate = queue.shift()) {
          const { complaint } = await grade(engine, candidate);
          if (!complaint) continue;
          const what = `${kind} Redis, ${candidate.step.slug}, ${candidate.kind} "${candidate.name}": ${complaint}`;
          changed.set(what, (changed.get(what) ?? 0) + 1);
          console.log(`changed: ${what}`);
        }
      }),
    );
    await Promise.all(engines.map((engine) => engine.close()));
    console.log(
      `${kind} Redis, repeat ${repeat} of ${repeats}: ${changed.size} verdicts changed so far`,
    );
  }
}

for (const { redis } of kinds) await redis.close();
await busy.terminate();
real?.stop();
for (const [what, times] of changed) console.log(`${times} × ${what}`);
if (!real) console.log("No real Redis was at hand: set REDIS_URL, or install redis-server.");
console.log(
  `${candidates.length} candidates, ${repeats} repeats, ${changed.size} verdicts changed`,
);
process.exitCode = changed.size === 0 ? 0 : 1;

async function realRedis(): Promise<{ url: string; stop(): void } | undefined> {
  if (process.env.REDIS_URL) return { url: process.env.REDIS_URL, stop() {} };
  if (spawnSync("redis-server", ["--version"]).status !== 0) return undefined;
  const probe = createServer().listen(0, "127.0.0.1");
  await once(probe, "listening");
  const address = probe.address();
  const port = String(typeof address === "object" ? address?.port : 0);
  probe.close();
  const server = spawn("redis-server", ["--port", port, "--bind", "127.0.0.1", "--save", ""], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  process.once("exit", () => server.kill());
  for (const signal of ["SIGINT", "SIGTERM"]) process.once(signal, () => process.exit(130));
  for await (const line of server.stdout) if (String(line).includes("Ready to accept")) break;
  return { url: `redis://127.0.0.1:${port}`, stop: () => void server.kill() };
}
