import { readFileSync } from "node:fs";
import { findStep, type StepEntry } from "../../runner/manifest.ts";

/** One way to know who is asking. */
export interface Variant {
  name: string;
  /** The app, from the folder of the workshop on. */
  file: string;
  /** What of it is judged in the place of a step's `app.ts`. */
  source: string;
  /** Goals that ask for what this one does not have, and why they say nothing about it. */
  notApplicable: Readonly<Record<string, string>>;
}

export const revocation = findStep("07-revocation") as StepEntry;

const readsNothing = "its access token is believed without a look at Redis";
const keepsNothing = "it keeps nothing in Redis";

export const variants: readonly Variant[] = [
  {
    name: "sessions",
    file: "solutions/07-revocation/app.ts",
    source: readFileSync(
      new URL("../../../solutions/07-revocation/app.ts", import.meta.url),
      "utf8",
    ),
    notApplicable: {},
  },
  tokens("JWT", "stateless", {
    "a store that cannot be read is an error, not a stranger": readsNothing,
    "an unknown or expired session answers 401": keepsNothing,
    "a store that fails answers 500": keepsNothing,
    "an ended session is gone from Redis, and from the index": keepsNothing,
    "the index of somebody who never logs out does not grow": keepsNothing,
  }),
  tokens("JWT + refresh", "refresh", {
    "a store that cannot be read is an error, not a stranger": readsNothing,
    "a store that fails answers 500": "its logout deletes, and has nothing to read that could fail",
  }),
  tokens("JWT + deny list", "deny-list", {}),
];

function tokens(name: string, file: string, notApplicable: Variant["notApplicable"]): Variant {
  const path = `shared/experiments/jwt/${file}.ts`;
  // From where the file of a step stands.
  return { name, file: path, source: `export * from "../../${path}";\n`, notApplicable };
}
