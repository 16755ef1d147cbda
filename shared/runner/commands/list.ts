import type { Invocation } from "../invocation.ts";

/** What can be said to commands after two dashes: `npm run step 3 -- --once`. */
export const options = {
  once: { type: "boolean", about: "judge once and end, with exit code 0 when all is met" },
  production: { type: "boolean", about: "run the app as behind a TLS proxy in production" },
  trace: { type: "boolean", about: "print each exchange, with the Redis commands that it caused" },
  solution: { type: "boolean", about: "attack the solution, not your app" },
  yes: { type: "boolean", short: "y", about: "show it, although the step is not passed yet" },
} as const;

export type Option = keyof typeof options;

export interface Command {
  about: string;
  /** Whether it is about one step: the first that is not passed, when none is named. */
  ofStep: boolean;
  takes: readonly Option[];
  load(): Promise<(invocation: Invocation) => Promise<number>>;
}

/** The commands about a step, each loaded when it is called: nobody waits for the others. */
export const commands = new Map<string, Command>([
  [
    "step",
    {
      about: "Judges what you wrote, at once and again at each save.",
      ofStep: true,
      takes: ["once"],
      load: async () => (await import("./step.ts")).step,
    },
  ],
  [
    "dev",
    {
      about: "Runs your app, with a page that shows its sessions.",
      ofStep: true,
      takes: ["production", "trace"],
      load: async () => (await import("./serve.ts")).dev,
    },
  ],
  [
    "demo",
    {
      about: "Runs the solution in the same way.",
      ofStep: true,
      takes: ["production", "trace"],
      load: async () => (await import("./serve.ts")).demo,
    },
  ],
  [
    "attack",
    {
      about: "Plays the attacks that the step has an answer to, and says what stopped each.",
      ofStep: true,
      takes: ["solution"],
      load: async () => (await import("./attack.ts")).attack,
    },
  ],
  [
    "hint",
    {
      about: "Gives the next hint for what is red; `hint 3.2` gives one for that TODO.",
      ofStep: true,
      takes: [],
      load: async () => (await import("./hint.ts")).hint,
    },
  ],
  [
    "diff",
    {
      about: "Shows your file beside the solution.",
      ofStep: true,
      takes: ["yes"],
      load: async () => (await import("./diff.ts")).diff,
    },
  ],
  [
    "reset",
    {
      about: "Puts the starter back, and keeps what you had.",
      ofStep: true,
      takes: [],
      load: async () => (await import("./reset.ts")).reset,
    },
  ],
  [
    "progress",
    {
      about: "Lists the steps, and how far you are.",
      ofStep: false,
      takes: [],
      load: async () => (await import("./progress.ts")).progress,
    },
  ],
  [
    "doctor",
    {
      about: "Looks for what keeps the workshop from working on this machine.",
      ofStep: false,
      takes: [],
      load: async () => (await import("./doctor.ts")).doctor,
    },
  ],
]);

/** What `npm run <name> -- --help` prints. */
export function helpFor(name: string, { about, ofStep, takes }: Command): string {
  const usage = ["npm run", name, ofStep && "[step]", takes.length > 0 && "[-- options]"];
  return [
    usage.filter(Boolean).join(" "),
    about,
    ofStep ? "Without a step, it is about the first one that is not passed." : "",
    ...takes.map((option) => `  --${option.padEnd(12)}${options[option].about}`),
  ]
    .filter(Boolean)
    .join("\n");
}
