import type { Config } from "../app/config.ts";
import type { Database } from "../app/database.ts";
import { placeOfCaller, type Cause } from "./crashes.ts";

const noted = new Map<string, Cause>();

/**
 * A configuration as an app receives it: whatever it looks for in vain, or overwrites, is noted.
 *
 * @param db Where else it may have to look.
 */
export function watchedConfig(config: Config, db?: Database): Config {
  const names = Object.keys(config).map((name) => `\`config.${name}\``);
  return new Proxy(
    { ...config },
    {
      get(fields, name) {
        if (typeof name === "string" && !(name in fields)) {
          note(
            placeOfCaller(),
            `\`config\` has no ${name}`,
            db && name in db
              ? `\`db\` has it: \`db.${name}\`.`
              : `It has ${names.slice(0, -1).join(", ")} and ${names.at(-1)}.`,
          );
        }
        return Reflect.get(fields, name);
      },
      set(fields, name, value) {
        note(
          placeOfCaller(),
          `\`config.${String(name)}\` is overwritten`,
          "The main program decides what the app is told, and the app reads it. `===` compares, `=` writes.",
        );
        return Reflect.set(fields, name, value);
      },
    },
  );
}

/** Others ask as well, such as JSON.stringify: what counts is whether the app does. */
function note(place: string | undefined, what: string, reason: string): void {
  if (place) noted.set(what, { claim: `${what} (${place}).`, reason });
}

/** Another goal begins: its app has asked nothing yet. */
export function forgetConfiguration(): void {
  noted.clear();
}

/** Why an app does not do as it is told: it looks in the wrong place. Undefined when it never did. */
export function misreadConfiguration(): Cause | undefined {
  const [cause] = noted.values();
  return cause;
}
