import { RedisStore } from "connect-redis";
import { noteCause } from "./causes.ts";
import { placeOfCaller } from "./crashes.ts";
import { ofStrangers } from "./guards.ts";

const watchedStores = new WeakSet<object>();

/** Notes what of a store returns a Promise, and never calls back as express-session waits for it. */
export function watchStore(store: unknown): void {
  const note = (name: string) =>
    noteCause({
      symptom: /never answered/,
      claim: `\`${name}\` of the session store is done, and does not call back.`,
      reason:
        "express-session waits for the function that it hands over, and not for a Promise: `set(id, session, callback)` calls `callback()` in the end, or `callback(error)`.",
    });
  if (typeof store !== "object" || store === null || watchedStores.has(store)) return;
  watchedStores.add(store);
  watchRegenerate(store);
  for (const name of ["get", "set", "destroy", "touch"]) {
    const method: unknown = Reflect.get(store, name);
    // The package calls back, and is asked with each request: nothing to look for there.
    if (typeof method !== "function" || method === Reflect.get(RedisStore.prototype, name))
      continue;
    const watched = function (this: unknown, ...args: unknown[]): unknown {
      const done = args.at(-1);
      if (typeof done !== "function") return Reflect.apply(method, this, args);
      let isDone = false;
      const callBack = (...results: unknown[]): unknown => {
        isDone = true;
        return Reflect.apply(done, undefined, results);
      };
      const result: unknown = Reflect.apply(method, this, [...args.slice(0, -1), callBack]);
      // express-session looks at no Promise: one that rejects escapes by this way, too. What the app has
      // called by itself may be caught there.
      if (result instanceof Promise && placeOfCaller() === undefined) {
        void result.then(() => setImmediate(() => isDone || note(name)));
      }
      return result;
    };
    Reflect.defineProperty(store, name, { value: watched, configurable: true, writable: true });
  }
}

/** Notes what a session is given right before an empty one takes its place. */
function watchRegenerate(store: object): void {
  const regenerate: unknown = Reflect.get(store, "regenerate");
  if (typeof regenerate !== "function") return;
  const watched = function (this: unknown, ...args: unknown[]): unknown {
    const { headers, session } = args[0] as { headers: { cookie?: string }; session?: object };
    const field = Object.keys(session ?? {}).find((name) => !ofStrangers.has(name));
    // What stood there before this request came is no mistake of its own.
    if (field !== undefined && headers.cookie === undefined) {
      noteCause({
        symptom: /does not hold the user's id/,
        claim: `\`req.session.${field}\` is set before \`regenerate\`, which begins an empty session.`,
        reason:
          "First the new session, then what belongs into it: `regenerateSession`, the user's id, `saveSession`.",
      });
    }
    return Reflect.apply(regenerate, this, args);
  };
  Reflect.defineProperty(store, "regenerate", {
    value: watched,
    configurable: true,
    writable: true,
  });
}
