// What `import { validate } from "../../shared/app/validate.ts"` finds while goals are judged: the same,
// with an ear for what a schema objects to, because the client is not told.
import type { z } from "zod";
import { validate as real } from "../app/validate.ts";

type Listener = (objection: string) => void;

const listeners = new Set<Listener>();

export const validate: typeof real = (schemas) => {
  const check = real(schemas);
  const validateBody: typeof check = (req, res, next) => {
    const passed = check(req, res, next);
    if (res.headersSent && res.statusCode === 400) tell(schemas.body, req.body);
    return passed;
  };
  return validateBody;
};

function tell(schema: z.ZodType, body: unknown): void {
  const [issue] = schema.safeParse(body).error?.issues ?? [];
  if (!issue) return;
  const objection = `${issue.path.join(".") || "the body"} (${issue.message})`;
  for (const hear of listeners) hear(objection);
}

/**
 * Hears what the schemas of `validate` object to from now on.
 *
 * @returns What to call at the end, for the first objection, as `password (Too small: …)`.
 */
export function hearObjections(): () => string | undefined {
  const heard: string[] = [];
  const listener: Listener = (objection) => heard.push(objection);
  listeners.add(listener);
  return () => {
    listeners.delete(listener);
    return heard[0];
  };
}
