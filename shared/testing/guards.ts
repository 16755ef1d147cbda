import type { Express } from "express";
import { noteCause } from "./causes.ts";
import type { Cause } from "./crashes.ts";

/** A request, with what Express, express-session and a guard put there. */
export interface GuardedRequest {
  session?: object | null;
  user?: unknown;
  route?: {
    path: unknown;
    stack: readonly { name: string; handle: (...args: never[]) => unknown }[];
  };
}

/** What a guard has done for a request whose handler runs without a user. */
type GuardSeen =
  | "there is none"
  | "takes errors"
  | "stands behind"
  | "lets strangers pass"
  | "sets no user";

const meanings: Readonly<Record<GuardSeen, (route: string) => Cause>> = {
  "there is none": (route) => ({
    claim: `${route} has no guard: its handler runs for everybody, and there is no \`req.user\`.`,
    reason:
      "A guard protects the routes that name it, before their handler: `app.get(path, requireAuth, (req, res) => …)`.",
  }),
  "takes errors": (route) => ({
    claim: `Express skips the guard of ${route}: with four parameters, it is an error handler.`,
    reason:
      "Express tells them apart by the number of their parameters. A guard takes `(req, res, next)`.",
  }),
  "stands behind": (route) => ({
    claim: `The handler of ${route} runs before its guard: there is no \`req.user\` yet.`,
    reason:
      "What a route names runs from left to right: `app.get(path, requireAuth, (req, res) => …)`.",
  }),
  "lets strangers pass": (route) => ({
    claim: `The guard of ${route} calls \`next()\` for somebody who never logged in: the handler runs, and there is no \`req.user\`.`,
    reason:
      "Whoever has no `userId` in the session is answered 401 by the guard, and a `return` ends it there.",
  }),
  "sets no user": (route) => ({
    claim: `The guard of ${route} has set no user when the handler runs: \`req.user\` is undefined.`,
    reason:
      "The handler begins inside `next()`: `req.user = user` stands before that line, with the user that was awaited. Whom the database does not know, or no longer, is answered 401 by the guard.",
  }),
};

/** People come to these without a login. */
const open = new Set<unknown>(["/auth/login", "/auth/logout"]);
/** What is mounted and cares for no user, by its name. */
const asksNobody = new Set([
  "noStore",
  "jsonParser",
  "session",
  "requireHttps",
  "refuseOtherSites",
  "validateBody",
  "errorHandler",
]);
/** What stands in the session of somebody who never logged in. */
export const ofStrangers: ReadonlySet<string> = new Set(["cookie", "visits"]);
/** The requests that have come to the end of their route: to its handler, behind each guard. */
const arrived = new WeakSet<object>();

/** Sees from now on which requests come to the end of their route. */
export function watchHandlers(app: Express): void {
  for (const { route } of app.router.stack) {
    const last = route?.stack.at(-1);
    if (!last || last.handle.length > 3) continue;
    const { handle } = last;
    last.handle = function (this: unknown, ...args) {
      arrived.add(args[0]);
      return Reflect.apply(handle, this, args);
    };
  }
}

/** Whether a request has stopped before the handler of its route: at a guard, say. */
export function isHeldUp(req: GuardedRequest | undefined): boolean {
  return req?.route !== undefined && req.route.stack.length > 1 && !arrived.has(req);
}

/** Notes of a request that has crashed what its guard has done, as the cause of a missing user. */
export function noteGuard(app: Express, req: GuardedRequest, route: string): void {
  const seen = guardOf(app, req);
  if (!seen) return;
  noteCause({
    symptom: new RegExp(
      `${route.replace(/\?.*/, "")}\\S* crash.*there is no user where one is used`,
    ),
    ...meanings[seen](route),
  });
}

/** Undefined when there is a user, or when it cannot be told. */
function guardOf(app: Express, req: GuardedRequest): GuardSeen | undefined {
  const { user, route, session } = req;
  if (user || !route || open.has(route.path)) return undefined;
  const mounted = app.router.stack.filter((layer) => !layer.route);
  const before = [...mounted, ...route.stack.slice(0, -1)];
  if (before.every(({ name }) => asksNobody.has(name))) return "there is none";
  if (route.stack.some(({ handle }) => handle.length > 3)) return "takes errors";
  if (!arrived.has(req)) {
    const own = route.stack.map(({ name }) => name).filter((name) => !asksNobody.has(name));
    return own[0] === "<anonymous>" && own.at(-1) !== own[0] ? "stands behind" : undefined;
  }
  const isStranger = Object.keys(session ?? {}).every((field) => ofStrangers.has(field));
  return isStranger ? "lets strangers pass" : "sets no user";
}
