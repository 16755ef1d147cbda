import express, { type Express } from "express";
import { afterEach, expect, inject, test } from "vitest";
import { createDatabase } from "../../shared/app/database.ts";
import { Watch } from "../../shared/testing/happened.ts";
import { namesOf, openedBesideTheCookie, plant } from "../../shared/testing/planted.ts";
import { Site } from "../../shared/testing/site.ts";

const sites: Site[] = [];

afterEach(async () => {
  await Promise.all(sites.splice(0).map((site) => site.close()));
});

test("a planted value stands in every query parameter, and what was sent stays", async () => {
  const site = await siteWith((app) => {
    app.get("/", (req, res) => res.json(pick(req.query, ["as", "lang"])));
  });
  const planted = plant(site.app, "grace");
  expect((await site.browser().get("/?lang=fr")).body).toEqual({ as: "grace", lang: "fr" });
  expect(namesOf(planted)).toEqual(["?as"]);
  planted.remove();
  expect((await site.browser().get("/?lang=fr")).body).toEqual({ lang: "fr" });
});

test("it stands in headers that may say who is asking, and in no others", async () => {
  const names = [
    "X-User-Id",
    "Remote-User",
    "Authorization",
    "User-Agent",
    "X-Request-Id",
    "Range",
  ];
  const site = await siteWith((app) => {
    app.get("/", (req, res) => res.json(Object.fromEntries(names.map((n) => [n, req.get(n)]))));
    app.get("/secure", (req, res) => res.json({ forwarded: req.get("X-Forwarded-Proto") ?? null }));
  });
  const planted = plant(site.app, "grace");
  expect((await site.program().get("/")).body).toEqual({
    "X-User-Id": "grace",
    "Remote-User": "grace",
    Authorization: "Bearer grace",
  });
  expect(namesOf(planted)).toEqual(["x-user-id", "remote-user", "authorization"]);
  expect((await site.browser().get("/secure")).body).toEqual({ forwarded: null });
});

test("routers and mounted apps find it as well", async () => {
  const site = await siteWith((app) => {
    const inner = express();
    inner.get("/", (req, res) => res.json({ as: req.query.as, user: req.get("X-User") }));
    app.use("/inner", inner);
  });
  plant(site.app, "grace");
  expect((await site.browser().get("/inner")).body).toEqual({ as: "grace", user: "grace" });
});

test("a request with a body is parsed as ever", async () => {
  const site = await siteWith((app) => {
    app.use(express.json());
    app.post("/", (req, res) => res.json(req.body));
  });
  plant(site.app, "grace");
  expect((await site.browser().post("/", { a: 1 })).body).toEqual({ a: 1 });
});

const openings: Record<string, [route: (app: Express) => void, where: string]> = {
  "a query parameter": [
    (app) => app.get("/me", (req, res) => void res.sendStatus(req.query.as === "ada" ? 200 : 401)),
    "?as",
  ],
  "a header": [
    (app) =>
      app.get("/me", (req, res) => void res.sendStatus(req.get("X-Who") === "ada" ? 200 : 401)),
    "x-who",
  ],
  "a bearer token": [
    (app) =>
      app.get("/me", (req, res) => {
        res.sendStatus(req.get("Authorization") === "Bearer ada" ? 200 : 401);
      }),
    "authorization",
  ],
  "a cookie": [
    (app) =>
      app.get("/me", (req, res) => {
        res.sendStatus(req.headers.cookie?.includes("userId=ada") ? 200 : 401);
      }),
    "a cookie of its own",
  ],
};

for (const [what, [route, where]] of Object.entries(openings)) {
  test(`${what} that lets somebody in is found, with an exchange that shows it`, async () => {
    const site = await siteWith(route);
    const opening = await openedBesideTheCookie(site, { "Ada's id": "ada" }, (a) => a.succeeded);
    expect(opening).toMatchObject({ where, what: "Ada's id", answer: { status: 200 } });
    expect(opening?.evidence.map(String).join("\n")).toContain("ada");
  });
}

test("of several names that an app looks for, the one that opens is named", async () => {
  const site = await siteWith((app) => {
    app.get("/me", (req, res) => {
      const seen = [req.query.lang, req.get("X-Trace"), req.get("User-Agent"), req.get("X-Who")];
      res.sendStatus(seen.at(-1) === "ada" ? 200 : 401);
    });
  });
  const opening = await openedBesideTheCookie(site, { "Ada's id": "ada" }, (a) => a.succeeded);
  expect(opening).toMatchObject({ where: "x-who", evidence: ["x-who: ada", { status: 200 }] });
});

test("an app that asks the session alone has no opening", async () => {
  const site = await siteWith((app) => {
    app.get("/me", (req, res) => void res.sendStatus(req.query.page ? 401 : 403));
  });
  expect(
    await openedBesideTheCookie(site, { "Ada's id": "ada" }, (answer) => answer.succeeded),
  ).toBeUndefined();
});

function pick(from: Record<string, unknown>, names: readonly string[]) {
  return Object.fromEntries(names.map((name) => [name, from[name]]));
}

async function siteWith(routes: (app: Express) => void): Promise<Site> {
  const createApp = () => {
    const app = express();
    routes(app);
    return app;
  };
  const site = await Site.open(
    {
      module: { createApp },
      evaluateAnew: async () => ({ createApp }),
      redisUrl: inject("redisUrl"),
      prefix: `${inject("keyPrefix")}planted:`,
      errors: [],
      watch: new Watch(),
    },
    { db: await createDatabase({ bcryptCost: 4, people: [] }) },
  );
  sites.push(site);
  return site;
}
