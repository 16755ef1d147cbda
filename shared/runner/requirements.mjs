// What has to be there before anything of the workshop can be loaded. It needs Node alone.
import { existsSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";

const root = resolve(import.meta.dirname, "../..");

/**
 * Why nothing can be started here, in a sentence or two; undefined when nothing is in the way.
 *
 * @returns {string | undefined}
 */
export function obstacle() {
  return unusableFolder() ?? missingPackages();
}

/**
 * What failed when packages were loaded, as a sentence; undefined when it was something else.
 *
 * @param {unknown} error
 * @returns {string | undefined}
 */
export function brokenPackages(error) {
  const { message = "" } = error instanceof Error ? error : {};
  // An import that is not found, a binary that is missing or was made for another machine.
  if (
    !/Cannot find (package|module)|could not be (found|resolved)|another platform|native build|ELF|dlopen|NODE_MODULE_VERSION|does not provide an export/i.test(
      message,
    )
  ) {
    return undefined;
  }
  const [reason = ""] = message.split(/[.:;]?(?:\s*\n|$)|\. /);
  return `The packages cannot be loaded: ${reason}. They are installed by halves, or for another machine. Remove node_modules, then run: npm ci`;
}

/** @returns {string | undefined} */
function unusableFolder() {
  // Vite reads paths as addresses, in which these begin something else.
  const [character] = /[#?]/.exec(root) ?? [];
  if (!character) return undefined;
  return `The workshop cannot run in a folder whose name holds "${character}": ${root}. To Vite, which loads the goals, the path would end there. Rename the folder or move the workshop.`;
}

/** @returns {string | undefined} */
function missingPackages() {
  const { dependencies, devDependencies } = JSON.parse(
    readFileSync(join(root, "package.json"), "utf8"),
  );
  const names = Object.keys({ ...dependencies, ...devDependencies });
  const missing = names.filter(
    (name) => !existsSync(join(root, "node_modules", name, "package.json")),
  );
  if (missing.length === 0) return undefined;
  const which = missing.length === names.length ? "none is there" : missing.join(", ");
  return `Packages are missing: ${which}. Install them: npm ci`;
}
