import type { Request } from "express";
import type { Session } from "express-session";

// express-session calls back; the first three make it a promise, so that a handler can await it and an
// error of the store reaches the error handler.

/** Replaces the session by an empty one with a new id. The old one is gone from the store. */
export function regenerateSession(req: Request): Promise<void> {
  return settled((done) => req.session.regenerate(done));
}

/** The `save` that sessions came with, before they were saved here. */
const saveOf = new WeakMap<Session, Session["save"]>();

/** Writes the session to the store, and rejects when the store refuses. */
export async function saveSession({ session }: Request): Promise<void> {
  const save = saveOf.get(session) ?? session.save;
  saveOf.set(session, save);
  // What was read knows when it would have ended on the day when it was last written.
  session.touch();
  await settled((done) => save.call(session, done));
  // At the end of the request express-session saves a regenerated session once more, unchanged.
  const saved = contentOf(session);
  const saveChanges: typeof save = function (this: typeof session, done) {
    if (contentOf(this) !== saved) return save.call(this, done);
    done?.(undefined);
    return this;
  };
  Object.defineProperty(session, "save", {
    configurable: true,
    value: saveChanges,
    writable: true,
  });
}

/** Removes the session from the store. Afterwards `req.session` is undefined. */
export function destroySession(req: Request): Promise<void> {
  return settled((done) => req.session.destroy(done));
}

/** Neither stores the session at the end of the request nor sets its cookie. What Redis has stays. */
export function forgetSession(req: Request): void {
  // A session set to null would be destroyed under `unset: "destroy"`; without an id, nothing happens.
  Reflect.deleteProperty(req, "sessionID");
}

/** What a session holds. Its cookie does not count: every request prolongs that. */
function contentOf({ cookie: _, ...content }: Request["session"]): string {
  return JSON.stringify(content);
}

function settled(call: (done: (error?: unknown) => void) => void): Promise<void> {
  return new Promise((resolve, reject) => {
    call((error) => (error ? reject(error) : resolve()));
  });
}
