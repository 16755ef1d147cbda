import type { RequestHandler } from "express";
import type { ParamsDictionary } from "express-serve-static-core";
import type { z } from "zod";

/**
 * Middleware that parses the JSON body with a zod schema and puts the result on `req.validBody`.
 * Anything else is refused with 400 `{ error: { code: "invalid_body" } }`.
 */
export function validate<Schema extends z.ZodType>(schemas: {
  body: Schema;
}): RequestHandler<ParamsDictionary, unknown, z.output<Schema>> {
  return function validateBody(req, res, next) {
    const parsed = schemas.body.safeParse(req.body);
    if (!parsed.success) {
      res.status(400).json({ error: { code: "invalid_body" } });
      return;
    }
    req.validBody = parsed.data;
    next();
  };
}
