import type { Express } from "express";

/** A router, with what it says of its routes. */
interface Listing {
  /** Since router 2.3. */
  listRoutes(): { path: string | RegExp; methods?: string[]; router?: Listing }[];
}

/** Why no route takes a request, as far as the others tell; undefined when one does, or none is like it. */
export function whyUnhandled(app: Express, method: string, path: string): string | undefined {
  const routes = routesOf(app.router as unknown as Listing);
  const here = routes.filter((route) => route.path === path);
  if (here.some((route) => route.method === method)) return undefined;
  const end = path.slice(path.lastIndexOf("/"));
  const elsewhere = routes.find((route) => route.method === method && route.path.endsWith(end));
  if (elsewhere) return `the route is at ${elsewhere.path}`;
  const [other] = here;
  return other && `there is ${other.method} ${path}, and not ${method}`;
}

function routesOf(router: Listing, mountedAt = ""): { method: string; path: string }[] {
  return router.listRoutes().flatMap(({ path, methods = [], router: inner }) => {
    const whole = mountedAt + String(path).replace(/\/$/, "");
    if (inner) return routesOf(inner, whole);
    return methods.map((method) => ({ method: method.toUpperCase(), path: whole }));
  });
}
