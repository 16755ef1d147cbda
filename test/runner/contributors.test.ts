// The commands for contributors: whatever they cannot work with is said in a sentence, before any work.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { expect, test } from "vitest";
import { steps } from "../../shared/runner/manifest.ts";
import { root } from "../../shared/runner/paths.ts";

test.for([
  { args: ["grade", "9"], says: `There is no step "9": there are 1 to ${steps.length}.` },
  { args: ["grade", "9", "package.json"], says: 'There is no step "9"' },
  { args: ["grade", "3", "nothing.ts"], says: "There is no file nothing.ts." },
  { args: ["grade", "3", "steps"], says: "steps cannot be read (EISDIR)." },
  { args: ["grade", "3", "package.json", "and", "more"], says: "and not and more too." },
  { args: ["grade", "--wat"], says: "Unknown option '--wat'. Try: npm run grade" },
  { args: ["grade", "3"], redis: "redis://127.0.0.1:1", says: "nothing listens there" },
  {
    args: ["soak", "--repeats", "abc"],
    says: '--repeats takes a whole number from 1 on, and not "',
  },
  { args: ["soak", "--repeats", "0"], says: "--repeats takes a whole number from 1 on" },
  { args: ["soak", "--load", "many"], says: "--load takes a whole number from 0 on" },
  { args: ["soak", "--load"], says: "Option '--load <value>' argument missing. Try:" },
  { args: ["soak", "50"], says: 'It takes options alone, and not "50".' },
  { args: ["soak"], redis: "redis://127.0.0.1:1", says: "nothing listens there" },
  { args: ["bench", "--saves", "abc"], says: "--saves takes a whole number from 1 on" },
  { args: ["bench", "--wat"], says: "Unknown option '--wat'. Try: npm run bench" },
])("$args is answered in a sentence", async ({ args: [name, ...args], redis, says }) => {
  const scripts: Record<string, string> = {
    grade: "test/grading/cli.ts",
    soak: "test/soak.ts",
    bench: "test/bench.ts",
  };
  const child = spawn(
    process.execPath,
    ["--import", "tsx", scripts[name as keyof typeof scripts] ?? "", ...args],
    { cwd: root, env: { ...process.env, NODE_ENV: "", REDIS_URL: redis ?? "" } },
  );
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (text: string) => (output += text));
  }
  const [exitCode] = await once(child, "close");
  expect(output).toContain(says);
  expect(output.trim().split("\n")).toHaveLength(1);
  expect(exitCode).toBe(1);
});
