import express from "express";
import request from "supertest";
import { afterEach, expect, test, vi } from "vitest";
import { z } from "zod";
import { errorHandler } from "../../shared/app/error-handler.ts";
import { validate } from "../../shared/app/validate.ts";

const Profile = z.object({ displayName: z.string().trim().min(1).max(5) });

const handler = vi.fn<(validBody: unknown, body: unknown) => void>();

afterEach(() => {
  handler.mockReset();
});

test("the handler gets the body as the schema parsed it, beside the body as it was sent", async () => {
  const answer = await post(Profile, { displayName: " Ada " });
  expect(answer.status).toBe(200);
  expect(handler.mock.calls).toEqual([[{ displayName: "Ada" }, { displayName: " Ada " }]]);
});

test.for([
  undefined,
  [],
  [{ displayName: "Ada" }],
  {},
  { displayName: null },
  { displayName: ["Ada"] },
  { displayName: { toString: "Ada" } },
  { displayName: "   " },
  { displayName: "Countess" },
  { DisplayName: "Ada" },
])("a body that does not fit answers 400, and the handler never runs: %j", async (body) => {
  const answer = await post(Profile, body);
  expect(answer.status).toBe(400);
  expect(answer.body).toEqual({ error: { code: "invalid_body" } });
  expect(handler).not.toHaveBeenCalled();
});

test("a form is no JSON: it answers 400", async () => {
  const answer = await post(Profile, "displayName=Ada", "application/x-www-form-urlencoded");
  expect(answer.status).toBe(400);
});

test("fields that the schema does not name do not arrive", async () => {
  await post(Profile, '{"displayName":"Ada","role":"admin","__proto__":{"role":"admin"}}');
  const [validBody] = handler.mock.calls[0] ?? [];
  expect(validBody).toEqual({ displayName: "Ada" });
  expect(validBody).not.toHaveProperty("role");
});

test("a schema that asks for nothing takes no body", async () => {
  expect((await post(Profile.optional(), undefined)).status).toBe(200);
  expect(handler.mock.calls).toEqual([[undefined, undefined]]);
});

test.for([
  {
    schema: "throws",
    body: Profile.transform(() => {
      throw new Error("a mistake in the schema");
    }),
  },
  { schema: "can only be parsed asynchronously", body: Profile.refine(async () => true) },
])("a schema that $schema is an error, and the handler never runs", async ({ body }) => {
  vi.spyOn(console, "error").mockImplementationOnce(() => {});
  expect((await post(body, { displayName: "Ada" })).status).toBe(500);
  expect(handler).not.toHaveBeenCalled();
});

function post(schema: z.ZodType, body: string | object | undefined, type = "application/json") {
  const app = express();
  app.use(express.json());
  app.post("/", validate({ body: schema }), (req, res) => {
    handler(req.validBody, req.body);
    res.end();
  });
  app.use(errorHandler);
  const pending = request(app).post("/");
  return body === undefined ? pending : pending.type(type).send(body);
}
