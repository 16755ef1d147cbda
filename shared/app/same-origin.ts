import type { Request, RequestHandler } from "express";

const safeMethods = new Set(["GET", "HEAD", "OPTIONS"]);

/**
 * Refuses a request that changes something, with 403 `{ error: { code: "forbidden" } }`, when the
 * browser says that a page of another origin sends it: another site, and another subdomain as well.
 * Programs that are no browsers send neither header, and pass: nobody can plant a request in them.
 *
 * {@link https://developer.mozilla.org/en-US/docs/Web/HTTP/Reference/Headers/Sec-Fetch-Site Sec-Fetch-Site},
 * {@link https://cheatsheetseries.owasp.org/cheatsheets/Cross-Site_Request_Forgery_Prevention_Cheat_Sheet.html OWASP on CSRF}
 */
export const refuseOtherSites: RequestHandler = (req, res, next) => {
  if (safeMethods.has(req.method) || isOwn(req)) {
    next();
    return;
  }
  res.status(403).json({ error: { code: "forbidden" } });
};

function isOwn(req: Request): boolean {
  const site = req.get("Sec-Fetch-Site");
  // "none": typed, or from a bookmark.
  if (site !== undefined) return site === "same-origin" || site === "none";
  const origin = req.get("Origin");
  // Browsers from before 2023, and pages over plain http, name the origin alone.
  return origin === undefined || origin === `${req.protocol}://${req.host}`;
}
