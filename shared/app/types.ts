/// <reference types="express-session" />
// What the steps add to the types of Express and express-session.
import type { ParamsDictionary } from "express-serve-static-core";
import type { ParsedQs } from "qs";
import type { User } from "./database.ts";

declare module "express-session" {
  interface SessionData {
    visits: number;
    userId: string;
  }
}

declare module "express-serve-static-core" {
  // oxlint-disable-next-line no-unused-vars -- a merged interface must repeat all type parameters
  interface Request<
    P = ParamsDictionary,
    ResBody = any,
    ReqBody = any,
    ReqQuery = ParsedQs,
    LocalsObj extends Record<string, any> = Record<string, any>,
  > {
    /** The body as `validate({ body })` parsed it. */
    validBody: ReqBody;
    /** Who is asking. Behind `requireAuth` only. */
    user: User;
  }
}
