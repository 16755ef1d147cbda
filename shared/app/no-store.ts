import type { RequestHandler } from "express";

/** Keeps every answer behind it, refusals too, out of the caches of browsers and proxies. */
export const noStore: RequestHandler = (_req, res, next) => {
  res.set("Cache-Control", "no-store");
  next();
};
