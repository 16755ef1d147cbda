import { placeOfCaller } from "./crashes.ts";

export type Collection = Map<unknown, unknown> | Set<unknown>;

/** A Map or a Set of the app, and what became of it in the meantime. */
export interface Filled {
  collection: Collection;
  /** Where it was first added to: `steps/03-login/app.ts:41`. */
  place: string;
  added: number;
  taken: number;
}

const methods = [
  [Map.prototype, ["set", "delete", "clear"]],
  [Set.prototype, ["add", "delete", "clear"]],
] as const;

/** The collections that the app itself adds to while something happens. */
export async function filledDuring(happen: () => Promise<unknown>): Promise<Filled[]> {
  // A WeakMap, for it has methods of its own. Of a collection that is somebody else's: undefined.
  const seen = new WeakMap<Collection, Filled | undefined>();
  const filled: Filled[] = [];
  const note = (collection: Collection) => {
    const place = placeOfCaller(2);
    const own = place === undefined ? undefined : { collection, place, added: 0, taken: 0 };
    seen.set(collection, own);
    if (own) filled.push(own);
  };
  const restore = methods.flatMap(([prototype, names]) =>
    names.map((name) => {
      const method: unknown = Reflect.get(prototype, name);
      const watched = function (this: Collection, ...args: unknown[]): unknown {
        if (!seen.has(this) && (name === "set" || name === "add")) note(this);
        const own = seen.get(this);
        const before = this.size;
        const result: unknown = Reflect.apply(method as () => unknown, this, args);
        if (own && this.size > before) own.added++;
        if (own && this.size < before) own.taken++;
        return result;
      };
      Reflect.set(prototype, name, watched);
      return () => void Reflect.set(prototype, name, method);
    }),
  );
  try {
    await happen();
  } finally {
    for (const undo of restore) undo();
  }
  return filled;
}
