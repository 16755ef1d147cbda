import type { Express } from "express";

const begun = new WeakSet<object>();

/** Notes from now on which requests come to the end of their route: to its handler, behind each guard. */
export function watchHandlers(app: Express): void {
  for (const { route } of app.router.stack) {
    const last = route?.stack.at(-1);
    if (!last || last.handle.length > 3) continue;
    const { handle } = last;
    last.handle = function (this: unknown, ...args) {
      begun.add(args[0]);
      return Reflect.apply(handle, this, args);
    };
  }
}

/** Whether the handler of a request's route has begun. */
export function hasBegun(req: object): boolean {
  return begun.has(req);
}
