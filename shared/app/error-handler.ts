import type { ErrorRequestHandler } from "express";
import { logError } from "./log.ts";
import { forgetSession } from "./session.ts";

/**
 * The last middleware: whatever was thrown becomes `{ error: { code } }`. The status of an HTTP
 * error is kept; everything else is a 500. What caused a 5xx is for the log alone. What was left in the
 * session is not stored, and its cookie not sent: a login that failed halfway is nobody's, whatever the
 * status of the error.
 */
export const errorHandler: ErrorRequestHandler = (error, req, res, _next) => {
  // Too late for a second answer: what was begun must not look complete. (Express would close the
  // connection as well, and print the error with all that it carries.)
  if (res.headersSent) {
    logError(error);
    res.destroy();
    return;
  }
  const status = statusOf(error);
  if (status >= 500) logError(error);
  // Unless it was ended on purpose, which express-session may have yet to do (`unset: "destroy"`).
  if (status >= 500 || req.session) forgetSession(req);
  res.type("json");
  res
    .status(status)
    .json({ error: { code: codes[status] ?? (status < 500 ? "bad_request" : "internal_error") } });
};

const codes: Record<number, string> = {
  400: "invalid_body",
  401: "not_authenticated",
  403: "forbidden",
  404: "not_found",
  413: "invalid_body",
  415: "invalid_body",
};

function statusOf(error: unknown): number {
  if (!(error instanceof Error)) return 500;
  // As Express takes it: from one name or from the other.
  const { status, statusCode } = error as { status?: unknown; statusCode?: unknown };
  return [status, statusCode].find(isErrorStatus) ?? 500;
}

function isErrorStatus(status: unknown): status is number {
  return Number.isInteger(status) && Number(status) >= 400 && Number(status) < 600;
}
