import { join, resolve } from "node:path";
import type { StepEntry } from "./manifest.ts";

/** The folder of the workshop. */
export const root = resolve(import.meta.dirname, "../..");

/** What stands in for modules while goals are judged: each is the module, watched. */
export const watchedModules = [
  { find: /^express-session$/, replacement: join(root, "shared/testing/express-session.ts") },
  {
    find: /^.*[\\/]shared[\\/]app[\\/]validate\.ts$/,
    replacement: join(root, "shared/testing/validate.ts"),
  },
];

/** Where the files of a step are. */
export function stepPaths({ slug }: StepEntry) {
  const folder = join(root, "steps", slug);
  const reference = join(root, "solutions", slug);
  return {
    folder,
    app: join(folder, "app.ts"),
    test: join(folder, `${slug.slice(3)}.test.ts`),
    lesson: join(folder, "README.md"),
    solution: join(reference, "app.ts"),
    starter: join(reference, "starter.ts"),
    hints: join(reference, "HINTS.md"),
    notes: join(reference, "NOTES.md"),
  };
}
