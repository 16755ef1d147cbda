import type { RequestHandler } from "express";

/**
 * Lets so many requests through at a time; the next one is answered at once, with 503
 * `{ error: { code: "busy" } }` and `Retry-After`. For routes whose work a stranger may ask for.
 *
 * A request counts until its handler has answered, also when its client has left: the work goes on.
 */
export function limitConcurrency(limit: number): RequestHandler {
  let underWay = 0;
  return (req, res, next) => {
    // Its client left before its turn came: nobody would read the answer.
    if (req.socket.destroyed) return;
    if (underWay >= limit) {
      res
        .set("Retry-After", "1")
        .status(503)
        .json({ error: { code: "busy" } });
      return;
    }
    underWay += 1;
    let counts = true;
    // An answer that breaks off is destroyed. "close" would come too early for a client that left, and
    // "finish" not at all.
    for (const name of ["end", "destroy"] as const) {
      const method = res[name] as (...args: unknown[]) => typeof res;
      res[name] = (...args: unknown[]) => {
        if (counts) underWay -= 1;
        counts = false;
        return Reflect.apply(method, res, args);
      };
    }
    next();
  };
}
