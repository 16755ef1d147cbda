import { placeOfCaller, type Cause } from "./crashes.ts";

/** What tells an app the same, so that two of them can live in one process. */
const toldOtherwise: Readonly<Record<string, string>> = {
  NODE_ENV: "`config.env`",
  SESSION_SECRET: "`config.sessionSecret`",
  SESSION_SECRETS_PREVIOUS: "`config.previousSessionSecrets`",
  REDIS_URL: "the address or connection that it receives",
};

/** What is another one with each release, or on each machine. */
const ofTheProcess =
  /version|release|commit|revision|build|deploy|instance|hostname|pod|dyno|(^|_)sha/i;

const reads = new Map<string, string>();

// This module is evaluated anew for every run, and the environment lives on.
const original = Symbol.for("workshop.environment");

/**
 * Notes from now on what the app reads of the environment.
 *
 * @param numberOfProcess Of the process that the app takes itself to run in.
 */
export function watchEnvironment(numberOfProcess = () => 1): void {
  const environment: NodeJS.ProcessEnv = Reflect.get(process.env, original) ?? process.env;
  process.env = new Proxy(environment, {
    get(variables, name) {
      if (name === original) return environment;
      if (typeof name === "string" && name in toldOtherwise) {
        // Packages read NODE_ENV as well: what counts is who asks.
        const place = placeOfCaller();
        if (place) reads.set(name, place);
      }
      const value: unknown = Reflect.get(variables, name);
      if (typeof name === "string" && ofTheProcess.test(name) && placeOfCaller()) {
        return `${String(value ?? 1)}-${numberOfProcess()}`;
      }
      return value;
    },
    // Without the proxy as its receiver, which the environment of a process does not take.
    set: (variables, name, value) => Reflect.set(variables, name, value),
  });
}

/** Another app begins: it has read nothing yet. */
export function forgetEnvironment(): void {
  reads.clear();
}

let production = false;

/** Another goal begins, and nobody is told to be in production; or somebody is. */
export function tellProduction(told: boolean): void {
  production = told;
}

/** Why an app does not do as it is told: it asks somebody else. Undefined when it never did. */
export function misreadEnvironment(): Cause | undefined {
  for (const [name, place] of reads) {
    // Otherwise it makes no difference.
    if (name === "NODE_ENV" && !production) continue;
    return {
      claim: `${place} reads process.env.${name}; the app is told by ${toldOtherwise[name]}.`,
      reason:
        "Several apps live in one process here, each with a configuration of its own. The main program reads the environment, once, for all of them.",
    };
  }
  return undefined;
}
