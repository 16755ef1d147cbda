// What `import session from "express-session"` finds while goals are judged: the package itself, with a
// look at its options, because it says nothing of those that it does not know.
import { createRequire } from "node:module";
import type expressSession from "express-session";
import { placeOfCaller } from "./crashes.ts";
import { noteRequest, noteSessionOptions } from "./options.ts";

// By its own name: an import would find this file.
const real = createRequire(import.meta.url)("express-session") as typeof expressSession;

function session(options?: expressSession.SessionOptions): ReturnType<typeof real> {
  noteSessionOptions(options, placeOfCaller());
  const middleware = real(options);
  const watched: typeof middleware = (req, res, next) => {
    noteRequest(req);
    return middleware(req, res, next);
  };
  return Object.defineProperty(watched, "name", { value: middleware.name });
}

export const { Cookie, MemoryStore, Session, Store } = real;
export default Object.assign(session, real);
