import { afterEach, beforeEach, expect, test, TestRunner, vi } from "vitest";
import { Answer } from "../../shared/testing/answer.ts";
import { parseSetCookie } from "../../shared/testing/cookies.ts";

const skip = vi.fn<(note: string) => void>();

beforeEach(() => {
  // Without it, a goal that is not judged would skip the test that looks at it.
  vi.spyOn(TestRunner, "getCurrentTest").mockReturnValue({
    file: { filepath: "" },
    context: { skip },
  } as never);
});

afterEach(() => {
  vi.restoreAllMocks();
  skip.mockReset();
});

test("the body is the parsed JSON, or undefined", () => {
  expect(answer({ text: '{"data":{"visits":2}}' }).body).toEqual({ data: { visits: 2 } });
  for (const text of ["", "{", "<!doctype html>", "undefined"]) {
    expect(answer({ text }).body, text).toBeUndefined();
  }
});

test("data can be looked into, whatever was answered", () => {
  expect(answer({ text: '{"data":{"visits":2}}' }).data.visits).toBe(2);
  for (const text of ["", "null", "[1]", '"data"', "1", '{"data":null}', '{"data":[1]}', "{}"]) {
    expect(answer({ text }).data, text).toEqual({});
  }
});

test.for([
  { status: 199, succeeded: false, refused: false },
  { status: 200, succeeded: true, refused: false },
  { status: 204, succeeded: true, refused: false },
  { status: 299, succeeded: true, refused: false },
  { status: 300, succeeded: false, refused: false },
  { status: 400, succeeded: false, refused: true },
  { status: 401, succeeded: false, refused: true },
  { status: 404, succeeded: false, refused: false },
  { status: 499, succeeded: false, refused: true },
  { status: 500, succeeded: false, refused: false },
])("$status: succeeded $succeeded, refused $refused", ({ status, succeeded, refused }) => {
  expect(answer({ status })).toMatchObject({ succeeded, refused });
});

test("mustBe accepts the status, or one of a list", () => {
  answer({ status: 204 }).mustBe(204, "never said", "");
  answer({ status: 401 }).mustBe([400, 401], "never said", "");
  answer({ status: 404 }).mustBe(404, "never said", "");
  answer({ status: 501 }).mustBe([501], "never said", "");
});

test.for([
  { status: 501, says: "GET /me still answers 501: it is the stub." },
  { status: 404, says: "GET /me answers 404: nothing handles it." },
  { status: 500, says: "GET /me crashed: it answered 500." },
  { status: 302, says: "It is refused." },
  { status: 400, says: "It is refused." },
])("mustBe names the cause of a $status", ({ status, says }) => {
  const wrong = answer({ status });
  expect(() => wrong.mustBe(200, "It is refused.", "Why.")).toThrow(
    expect.objectContaining({ name: "GoalUnmet", claim: says }),
  );
  expect(() => wrong.mustBe([], "It is refused.", "Why.")).toThrow(wrong.toString().split("\n")[0]);
});

test("a 404 with a body of its own is an answer like any other", () => {
  const unknown = answer({ status: 404, text: '{"error":{"code":"not_found"}}' });
  expect(() => unknown.mustBe(200, "It is refused.", "Why.")).toThrow("It is refused.");
});

test("a crash says for whom it came, and nothing else does", () => {
  for (const [status, says] of [
    [500, "GET /me crashes for a deleted user: it answered 500."],
    [501, "it is the stub"],
    [404, "nothing handles it"],
    [400, "It is refused."],
  ] as const) {
    const wrong = answer({ status });
    expect(() => wrong.mustBe(200, "It is refused.", "Why.", "for a deleted user")).toThrow(says);
  }
});

test("mustBe says what the app threw, and where", () => {
  const thrown = errorAt("at createApp (/home/ada/workshop/steps/03-login/app.ts:41:7)");
  const crashed = answer({ status: 500, thrown });
  expect(() => crashed.mustBe(200, "It is refused.", "Why.")).toThrow(
    "GET /me crashed: TypeError: user is undefined (steps/03-login/app.ts:41).",
  );
});

test("orNotJudged gives the answer back when it is as expected", () => {
  const fine = answer({ status: 200 });
  expect(fine.orNotJudged(200, "never said")).toBe(fine);
  expect(fine.orNotJudged([201, 200], "never said")).toBe(fine);
  expect(skip).not.toHaveBeenCalled();
});

test.for([
  { status: 404, thrown: undefined, note: "nobody can log in (GET /me answered 404)" },
  { status: 501, thrown: undefined, note: "nobody can log in (GET /me answered 501, the stub)" },
  {
    status: 500,
    thrown: errorAt("at app.ts:3:1"),
    note: "nobody can log in (GET /me answered 500, TypeError: user is undefined (app.ts:3))",
  },
])("orNotJudged skips a goal on a $status, and says why", ({ status, thrown, note }) => {
  expect(() => answer({ status, thrown }).orNotJudged(200, "nobody can log in")).toThrow();
  expect(skip.mock.calls).toEqual([[note]]);
});

test("an exchange shows what was sent and what came back", () => {
  const shown = answer({
    request: {
      method: "POST",
      path: "/auth/login",
      body: '{"email":"ada@example.com"}',
      cookie: "sid=s%3A0123456789abcdef.sig; theme=dark",
    },
    status: 200,
    text: '{"data":{}}',
    setCookies: [parseSetCookie("sid=new; Path=/; HttpOnly"), parseSetCookie("sid=; Max-Age=0")],
  });
  expect(shown.toString().split("\n")).toEqual([
    'POST /auth/login {"email":"ada@example.com"}',
    "  Cookie: sid=s:01234567…; theme=dark",
    '→ 200 {"data":{}}',
    "  Set-Cookie: sid=new · HttpOnly · no Secure · no SameSite · Path=/ · until the browser closes",
    "  Set-Cookie: sid= · no HttpOnly · no Secure · no SameSite · Path=(none) · expired: this clears it",
  ]);
});

test("an exchange without bodies and cookies is two lines", () => {
  expect(answer({ status: 204, text: "" }).toString()).toBe("GET /me\n→ 204");
});

test("an exchange that threw shows the error instead of the body", () => {
  const shown = answer({ status: 500, text: '{"error":{}}', thrown: errorAt("at app.ts:3:1") });
  expect(shown.toString()).toBe("GET /me\n→ 500\n  TypeError: user is undefined (app.ts:3)");
});

test("a long body is cut, and its length stated", () => {
  expect(answer({ text: "x".repeat(160) }).toString()).toContain("x".repeat(160));
  const shown = answer({ text: "x".repeat(161) }).toString();
  expect(shown).toContain(`${"x".repeat(150)}… (161 characters)`);
  expect(shown).not.toContain("x".repeat(151));
});

test("a Cookie header without an equals sign is shown as it was sent", () => {
  const request = { method: "GET", path: "/me", body: undefined, cookie: "garbage" };
  expect(answer({ request }).toString()).toContain("  Cookie: garbage\n");
});

test("a request that no route takes says where the route is", () => {
  const misrouted = "the route is at /me/me";
  expect(() => answer({ status: 404, misrouted }).mustBe(200, "", "")).toThrow(
    `GET /me answers 404: ${misrouted}.`,
  );
});

test("a refused body names what a schema objects to", () => {
  const objection = "password (Too small: expected string to have >=12 characters)";
  expect(answer({ status: 400, objection }).toString()).toContain(
    `\n  zod objects to ${objection}`,
  );
  expect(answer({ status: 401, objection }).toString()).not.toContain("zod");
});

type Parts = ConstructorParameters<typeof Answer>[0];

function answer(parts: Partial<Parts> = {}): Answer {
  return new Answer({
    request: { method: "GET", path: "/me", body: undefined, cookie: "" },
    status: 200,
    headers: {},
    text: "",
    setCookies: [],
    thrown: undefined,
    objection: undefined,
    misrouted: undefined,
    ...parts,
  });
}

function errorAt(frames: string): Error {
  const error = new TypeError("user is undefined");
  return withStack(error, `TypeError: user is undefined\n${frames}`);
}

function withStack(error: Error, stack: string | undefined): Error {
  return Object.assign(error, { stack });
}
