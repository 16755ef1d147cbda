import express, { type RequestHandler } from "express";
import session from "express-session";
import request from "supertest";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { errorHandler } from "../../shared/app/error-handler.ts";

const log = vi.spyOn(console, "error");

beforeEach(() => {
  log.mockImplementation(() => {});
});

afterEach(() => {
  log.mockReset();
});

test("an error becomes a 500 that keeps its cause to itself", async () => {
  const answer = await ask(throwing(new Error("the database is at 10.0.0.7")));
  expect(answer.status).toBe(500);
  expect(answer.body).toEqual({ error: { code: "internal_error" } });
  expect(JSON.stringify([answer.text, answer.headers])).not.toContain("10.0.0.7");
});

test.for([
  { status: 400, code: "invalid_body" },
  { status: 401, code: "not_authenticated" },
  { status: 403, code: "forbidden" },
  { status: 404, code: "not_found" },
  { status: 409, code: "bad_request" },
  { status: 413, code: "invalid_body" },
  { status: 415, code: "invalid_body" },
  { status: 499, code: "bad_request" },
  { status: 503, code: "internal_error" },
])("an HTTP error keeps its $status and is $code", async ({ status, code }) => {
  const answer = await ask(throwing(httpError(status)));
  expect(answer.status).toBe(status);
  expect(answer.body).toEqual({ error: { code } });
});

test("an HTTP error may name its status `statusCode`", async () => {
  const error = Object.assign(new Error("refused"), { statusCode: 401 });
  const answer = await ask(throwing(error));
  expect(answer.status).toBe(401);
  expect(answer.body).toEqual({ error: { code: "not_authenticated" } });
});

test("of two statuses, the one of an error counts", async () => {
  const error = Object.assign(new Error("refused"), { status: 200, statusCode: 401 });
  expect((await ask(throwing(error))).status).toBe(401);
});

test.for([
  0,
  99,
  200,
  302,
  399,
  600,
  -404,
  Number.NaN,
  404.5,
  "404",
  "teapot",
  null,
  undefined,
  [],
  {},
])("an error with the status %j is a 500", async (status) => {
  const answer = await ask(throwing(httpError(status)));
  expect(answer.status).toBe(500);
  expect(answer.body).toEqual({ error: { code: "internal_error" } });
});

test.for<unknown>([{ status: 404 }, "boom", 404, true, { toString: null }])(
  "something thrown that is no Error is a 500: %j",
  async (thrown) => {
    const answer = await ask(throwing(thrown));
    expect(answer.status).toBe(500);
    expect(answer.body).toEqual({ error: { code: "internal_error" } });
  },
);

test.for([new Error("refused"), undefined])("a rejected handler is a 500: %s", async (reason) => {
  const answer = await ask(() => Promise.reject(reason));
  expect(answer.status).toBe(500);
  expect(answer.body).toEqual({ error: { code: "internal_error" } });
});

test("what caused a 5xx is logged once, with the place where it was thrown", async () => {
  await ask(throwing(httpError(503)));
  expect(log.mock.calls).toEqual([[expect.stringMatching(/^Error of HTTP\n {4}at httpError/)]]);
});

test.for([
  { unset: "keep", thrown: new Error("halfway"), status: 500 },
  { unset: "destroy", thrown: new Error("halfway"), status: 500 },
  { unset: "keep", thrown: httpError(429), status: 429 },
] as const)(
  "a request that failed with $status leaves its session as it was: nothing is stored, no cookie is set",
  async ({ unset, thrown, status }) => {
    const store = new session.MemoryStore();
    const writes = [vi.spyOn(store, "set"), vi.spyOn(store, "destroy")];
    const app = express()
      .use(
        session({
          secret: "s",
          resave: false,
          saveUninitialized: false,
          rolling: true,
          unset,
          store,
        }),
      )
      .get("/", (req) => {
        req.session.userId = "ada";
        throw thrown;
      })
      .use(errorHandler);
    const answer = await request(app).get("/");
    expect(answer.status).toBe(status);
    expect(answer.headers).not.toHaveProperty("set-cookie");
    for (const write of writes) expect(write).not.toHaveBeenCalled();
  },
);

test("a session that was ended before the refusal is ended", async () => {
  const store = new session.MemoryStore();
  const destroyed = vi.spyOn(store, "destroy");
  const app = express()
    .use(session({ secret: "s", resave: false, saveUninitialized: false, unset: "destroy", store }))
    .get("/", (req) => {
      Reflect.set(req, "session", null);
      throw httpError(401);
    })
    .use(errorHandler);
  await request(app).get("/").expect(401);
  expect(destroyed).toHaveBeenCalledOnce();
});

test("a 4xx is nobody's fault here: it is not logged", async () => {
  await ask(throwing(httpError(404)));
  expect(log).not.toHaveBeenCalled();
});

test.for([
  { what: "half a JSON", type: "application/json", body: "{", status: 400 },
  { what: "too much of it", type: "application/json", body: `"${"x".repeat(200)}"`, status: 413 },
  { what: "an unknown charset", type: "application/json; charset=x", body: "{}", status: 415 },
])("a body that cannot be read is an invalid_body: $what", async ({ type, body, status }) => {
  const app = express().use(express.json({ limit: 100 }), errorHandler);
  const answer = await request(app).post("/").set("Content-Type", type).send(body);
  expect(answer.status).toBe(status);
  expect(answer.body).toEqual({ error: { code: "invalid_body" } });
});

test("whatever type the handler announced, the error is JSON", async () => {
  const answer = await ask((_req, res) => {
    res.type("html");
    throw new Error("too late for a page");
  });
  expect(answer.headers["content-type"]).toMatch(/^application\/json/);
});

test("an error after the headers were sent closes the connection", async () => {
  const answer = ask((_req, res) => {
    res.write("the first half");
    throw new Error("no second half");
  });
  await expect(answer).rejects.toThrow(/aborted|hang up/);
});

function ask(handler: RequestHandler) {
  return request(express().get("/", handler).use(errorHandler)).get("/");
}

function throwing(thrown: unknown): RequestHandler {
  return () => {
    throw thrown;
  };
}

function httpError(status: unknown): Error {
  return Object.assign(new Error("of HTTP"), { status });
}
