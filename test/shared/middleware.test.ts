import express, { type RequestHandler } from "express";
import request from "supertest";
import { describe, expect, test, vi } from "vitest";
import { limitConcurrency } from "../../shared/app/concurrency.ts";
import { requireHttps } from "../../shared/app/https.ts";
import { noStore } from "../../shared/app/no-store.ts";
import { isReadable } from "../../shared/app/readable.ts";
import { refuseOtherSites } from "../../shared/app/same-origin.ts";

const ok: RequestHandler = (_req, res) => void res.json({ data: { ok: true } });

describe("refuseOtherSites", () => {
  const own = { "Sec-Fetch-Site": "same-origin" };
  test.for<{ headers: Record<string, string>; passes: boolean }>([
    { headers: {}, passes: true },
    { headers: own, passes: true },
    { headers: { "Sec-Fetch-Site": "none" }, passes: true },
    { headers: { Origin: "http://app.test" }, passes: true },
    { headers: { "Sec-Fetch-Site": "same-site" }, passes: false },
    { headers: { "Sec-Fetch-Site": "cross-site" }, passes: false },
    { headers: { "Sec-Fetch-Site": "" }, passes: false },
    { headers: { "Sec-Fetch-Site": "cross-site", Origin: "http://app.test" }, passes: false },
    { headers: { ...own, Origin: "https://mallory.example" }, passes: true },
    { headers: { Origin: "https://app.test" }, passes: false },
    { headers: { Origin: "http://app.test:8080" }, passes: false },
    { headers: { Origin: "http://app.test.mallory.example" }, passes: false },
    { headers: { Origin: "http://blog.app.test" }, passes: false },
    { headers: { Origin: "null" }, passes: false },
    { headers: { Origin: "" }, passes: false },
  ])("POST with $headers passes: $passes", async ({ headers, passes }) => {
    const app = express().use(refuseOtherSites).use(ok);
    for (const method of ["post", "put", "patch", "delete"] as const) {
      const send = request(app);
      const answer = await send[method]("/").set({ Host: "app.test", ...headers });
      expect(answer.status).toBe(passes ? 200 : 403);
      if (!passes) expect(answer.body).toEqual({ error: { code: "forbidden" } });
    }
  });

  test("what only reads passes from anywhere", async () => {
    const app = express().use(refuseOtherSites).use(ok);
    for (const method of ["get", "head", "options"] as const) {
      const answer = await request(app)[method]("/").set("Sec-Fetch-Site", "cross-site");
      expect(answer.status).toBe(200);
    }
  });

  test("behind a proxy the origin is the one that the browser sees", async () => {
    const app = express().set("trust proxy", 1).use(refuseOtherSites).use(ok);
    const post = (origin: string) =>
      request(app)
        .post("/")
        .set({ Host: "app.test", "X-Forwarded-Proto": "https", Origin: origin });
    expect((await post("https://app.test")).status).toBe(200);
    expect((await post("http://app.test")).status).toBe(403);
  });
});

describe("requireHttps", () => {
  test("refuses plain http, whatever a client claims, and lets https pass", async () => {
    const direct = express().use(requireHttps).use(ok);
    const behind = express().set("trust proxy", 1).use(requireHttps).use(ok);
    const claim = { "X-Forwarded-Proto": "https" };
    for (const [app, headers, status] of [
      [direct, {}, 403],
      [direct, claim, 403],
      [behind, {}, 403],
      [behind, { "X-Forwarded-Proto": "http" }, 403],
      [behind, claim, 200],
    ] as const) {
      const answer = await request(app).get("/").set(headers);
      expect(answer.status).toBe(status);
      if (status === 403) expect(answer.body).toEqual({ error: { code: "https_required" } });
    }
  });
});

test("noStore is on every answer behind it", async () => {
  const app = express().use(noStore).get("/", ok);
  for (const path of ["/", "/nothing-here"]) {
    expect((await request(app).get(path)).headers["cache-control"]).toBe("no-store");
  }
});

describe("limitConcurrency", () => {
  test("answers 503 beyond the limit, and lets the next one in when one is done", async () => {
    const { app, waiting, letGo } = slowApp(2);
    const first = [request(app).get("/"), request(app).get("/")].map((each) => each.then((a) => a));
    await waiting(2);
    const third = await request(app).get("/");
    expect(third.status).toBe(503);
    expect(third.headers["retry-after"]).toBe("1");
    expect(third.body).toEqual({ error: { code: "busy" } });
    letGo();
    expect((await Promise.all(first)).map(({ status }) => status)).toEqual([200, 200]);
    const fourth = request(app)
      .get("/")
      .then((a) => a);
    await waiting(3);
    letGo();
    expect((await fourth).status).toBe(200);
  });

  test("counts a request whose client has left until its work is done", async () => {
    const { app, waiting, letGo } = slowApp(1);
    const left = request(app).get("/");
    const gone = left.then(
      () => {},
      () => {},
    );
    await waiting(1);
    left.abort();
    await gone;
    expect((await request(app).get("/")).status).toBe(503);
    letGo();
    const next = request(app)
      .get("/")
      .then((answer) => answer);
    await waiting(2);
    letGo();
    expect((await next).status).toBe(200);
  });

  test("an answer that fails gives its place back", async () => {
    const app = express().use(limitConcurrency(1));
    app.get("/", () => {
      throw new Error("halfway");
    });
    app.use(
      ((_error, _req, res, _next) => void res.status(500).end()) as express.ErrorRequestHandler,
    );
    for (const _ of [1, 2]) expect((await request(app).get("/")).status).toBe(500);
    expect((await request(app).get("/nothing-here")).status).toBe(404);
  });

  test("an answer that breaks off gives its place back", async () => {
    const app = express().use(limitConcurrency(1));
    app.get("/", (_req, res) => {
      res.write("half of it");
      throw new Error("halfway");
    });
    app.use(((_error, _req, res, _next) => void res.destroy()) as express.ErrorRequestHandler);
    await expect(request(app).get("/")).rejects.toThrow();
    expect((await request(app).get("/nothing-here")).status).toBe(404);
  });
});

test.for([
  { text: "Ada", readable: true },
  { text: "Ada Lovelace 👩‍👩‍👧 é عمر می‌خواهم", readable: true },
  { text: "☃", readable: true },
  { text: "", readable: false },
  { text: " ", readable: false },
  { text: "\u200B\u200D", readable: false },
  { text: "\u3164", readable: false },
  { text: "\u2800", readable: false },
  { text: "\u0301", readable: false },
  { text: "A\0da", readable: false },
  { text: "A\u001B[2Jda", readable: false },
  { text: "A\nda", readable: false },
  { text: "A\u2028da", readable: false },
  { text: "A\u202Eda", readable: false },
  { text: "A\u2066da", readable: false },
  { text: "A\uD800da", readable: false },
])("$text is readable: $readable", ({ text, readable }) => {
  expect(isReadable(text)).toBe(readable);
});

/** An app whose handler waits to be let go. */
function slowApp(limit: number) {
  let arrived = 0;
  let go: (() => void)[] = [];
  const app = express().use(limitConcurrency(limit));
  app.get("/", async (_req, res) => {
    arrived += 1;
    await new Promise<void>((resolve) => go.push(resolve));
    res.end();
  });
  return {
    app,
    /** Resolves when so many requests have reached the handler. */
    async waiting(count: number): Promise<void> {
      await vi.waitUntil(() => arrived >= count, { timeout: 30_000, interval: 1 });
    },
    letGo(): void {
      for (const each of go) each();
      go = [];
    },
  };
}
