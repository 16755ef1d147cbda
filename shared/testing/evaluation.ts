/** What vitest keeps of a module that its thread has evaluated. */
interface EvaluatedModule {
  promise?: unknown;
  exports?: unknown;
  evaluated: boolean;
  importers: Set<string>;
}

declare global {
  var __vitest_worker__: { evaluatedModules: { idToModuleMap: Map<string, EvaluatedModule> } };
}

const query = "?process";
let before: Promise<unknown> = Promise.resolve();

/**
 * Evaluates a module once more, as another process would, but not what it imports. `vi.resetModules`
 * forgets all modules; here only this one is forgotten. Under a new address each time, it would be
 * transformed anew as well, which takes three times as long.
 *
 * @param file Its path.
 * @param onTurn Called before it is evaluated: one after the other.
 */
export function evaluateAnew<Module>(file: string, onTurn: () => void): Promise<Module> {
  const next = before.then(() => {
    onTurn();
    forget();
    return import(/* @vite-ignore */ `${file}${query}`) as Promise<Module>;
  });
  before = next.catch(() => {});
  return next;
}

/** Whose text is still known is not fetched again. */
function forget(): void {
  for (const [id, module] of globalThis.__vitest_worker__.evaluatedModules.idToModuleMap) {
    if (!id.endsWith(query)) continue;
    module.promise = undefined;
    module.exports = undefined;
    module.evaluated = false;
    module.importers.clear();
  }
}
