import type { RequestHandler } from "express";

/**
 * Refuses what came over plain http, with 403 `{ error: { code: "https_required" } }`. No redirect: the
 * cookie has already travelled in the clear, and a client that is told so gets mended.
 *
 * Behind a proxy, `trust proxy` decides what counts as https: the proxy has to overwrite
 * `X-Forwarded-Proto` with what it saw, and not to append, since Express believes the first value.
 */
export const requireHttps: RequestHandler = (req, res, next) => {
  if (req.secure) {
    next();
    return;
  }
  res.status(403).json({ error: { code: "https_required" } });
};
