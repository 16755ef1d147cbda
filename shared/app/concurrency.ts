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
    // "close" would come too early for a client that left, and "finish" not at all.
    const { end } = res;
    res.end = function (this: typeof res, ...answer: unknown[]) {
      res.end = end;
      underWay -= 1;
      return Reflect.apply(end, this, answer);
    } as typeof end;
    next();
  };
}
