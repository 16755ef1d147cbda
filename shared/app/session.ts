import type { Request } from "express";

// express-session calls back; these three make it a promise, so that a handler can await it
// and an error of the store reaches the error handler.

/** Replaces the session by an empty one with a new id. The old one is gone from the store. */
export function regenerateSession(req: Request): Promise<void> {
  return settled((done) => req.session.regenerate(done));
}

/** Writes the session to the store, and rejects when the store refuses. */
export function saveSession(req: Request): Promise<void> {
  return settled((done) => req.session.save(done));
}

/** Removes the session from the store. Afterwards `req.session` is undefined. */
export function destroySession(req: Request): Promise<void> {
  return settled((done) => req.session.destroy(done));
}

function settled(call: (done: (error?: unknown) => void) => void): Promise<void> {
  return new Promise((resolve, reject) => {
    call((error) => (error ? reject(error) : resolve()));
  });
}
