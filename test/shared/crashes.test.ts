import { IncomingMessage, ServerResponse } from "node:http";
import { Socket } from "node:net";
import bcrypt from "bcrypt";
import { RedisStore } from "connect-redis";
import express from "express";
import session from "express-session";
import { expect, test } from "vitest";
import { z } from "zod";
import { meaningOf } from "../../shared/runner/engine/explanations.ts";
import { describeCause, describeError, placeInApp } from "../../shared/testing/crashes.ts";

test("an error is described in one line", () => {
  expect(describeError(errorAt(""))).toBe("TypeError: user is undefined");
  expect(describeError(withStack(new Error("first\nsecond"), ""))).toBe("Error: first");
});

test.for([
  {
    frame: "at createApp (/home/ada/workshop/steps/03-login/app.ts:41:7)",
    place: "steps/03-login/app.ts:41",
  },
  {
    frame: "at file:///home/ada/workshop/solutions/06-cookie-flags/app.ts:1:1",
    place: "solutions/06-cookie-flags/app.ts:1",
  },
  { frame: "at C:/Users/ada/workshop/steps/03-login/app.ts:9:1", place: "steps/03-login/app.ts:9" },
  { frame: "at createApp (/somewhere/else/app.ts:5:1)", place: "app.ts:5" },
])("$frame is in $place", ({ frame, place }) => {
  expect(placeInApp(errorAt(`at Layer.handle (/node_modules/router/layer.js:1:1)\n${frame}`))).toBe(
    place,
  );
});

test("the innermost frame of the app counts", () => {
  const stack = "at a (/w/steps/03-login/app.ts:7:1)\nat b (/w/steps/03-login/app.ts:99:1)";
  expect(placeInApp(errorAt(stack))).toBe("steps/03-login/app.ts:7");
});

test.for(["test", "steps", "contest"])(
  "a workshop in a folder named %s changes no place",
  (folder) => {
    const frame = `at createApp (/home/ada/${folder}/workshop/steps/03-login/app.ts:41:7)`;
    expect(placeInApp(errorAt(frame))).toBe("steps/03-login/app.ts:41");
  },
);

test("an error from elsewhere has no place in the app", () => {
  for (const frame of [
    "at /workshop/shared/app/database.ts:3:1",
    "at /workshop/steps/03-login/login.test.ts:3:1",
    "at node:internal/process:1:1",
    "",
  ]) {
    expect(placeInApp(errorAt(frame)), frame).toBeUndefined();
  }
  expect(placeInApp(withStack(new Error("no stack"), undefined))).toBeUndefined();
});

// What Node.js and the packages really say, not what we remember of it.
test.for<[what: string, crash: () => unknown, means: string]>([
  ["a name that is nowhere", () => new Function("return destroySession")(), "declared or imported"],
  ["a const before its line", () => new Function("guard; const guard = 1")(), "move it above"],
  ["a body that is not there", () => destructured("validBody"), "validate({ body: … })"],
  ["a session that is not there", () => destructured("session"), "`req.session` is undefined"],
  ["a field of nobody", () => new Function("user", "return user.passwordHash")(), "no user"],
  ["a result for a function", () => express().get("/me", undefined as never), "itself"],
  ["a store without a client", () => new RedisStore({} as never), "client: redis"],
  ["a hash of nobody", () => bcrypt.compareSync("x", undefined as never), "stand in for it"],
  ["a schema that throws", () => z.object({ name: z.string() }).parse({}), "`safeParse` returns"],
  ["a lifetime in quotes", () => cookieWith({ maxAge: "1000" }), "without quotation marks"],
  ["an odd flag", () => cookieWith({ sameSite: "sometimes" }), "one of its three words"],
  ["a second answer", answeredTwice, "a request is answered twice"],
  ["a method without its object", () => (0, new Controller().me)(), "Is it `this`?"],
  ["bcrypt in braces", () => new Function("bcrypt", "bcrypt.hashSync('x', 4)")(), "without braces"],
])("%s is explained", ([, crash, means]) => {
  expect(Object.values(meaningOf(caught(crash)) ?? {}).join(" ")).toContain(means);
});

test.for([
  { says: "(0 , __vite_ssr_import_3__.describe) is not a function", shown: "describe is not a" },
  { says: "(0 , __vite_ssr_import_3__) is not a function", shown: "`import * as …` is not a" },
  { says: "__vite_ssr_import_0__ is not a constructor", shown: "`import * as …` is not a" },
])("$says names what stands in the source", ({ says, shown }) => {
  expect(describeError(new TypeError(says))).toContain(`TypeError: ${shown}`);
});

test("of a schema's objections the first is told", () => {
  const thrown = caught(() => z.object({ email: z.email() }).parse({ email: 1 }));
  expect(describeError(thrown)).toMatch(/^ZodError: email: Invalid input/);
});

test("a session without a secret is explained", () => {
  let thrown: Error | undefined;
  session({ resave: false, saveUninitialized: false } as never)(
    { session: undefined, url: "/", headers: {} } as never,
    {} as never,
    (error?: unknown) => (thrown = error as Error),
  );
  expect(meaningOf(thrown)?.cause).toContain("`secret`");
});

test("a cause stands with its place, and what is unknown speaks for itself", () => {
  const frames = "at app.ts:3:1";
  const known = withStack(
    new TypeError("Cannot read properties of undefined (reading 'visits')"),
    frames,
  );
  expect(describeCause(known)).toBe(
    "`req.session` is undefined, or what stands in its place (app.ts:3)",
  );
  expect(describeCause(errorAt(frames))).toBe("TypeError: user is undefined (app.ts:3)");
});

test("an error of the app's own has no meaning of ours", () => {
  expect(meaningOf(new Error("the database is away"))).toBeUndefined();
  expect(meaningOf(undefined)).toBeUndefined();
});

class Controller {
  users = new Map<string, string>();

  me(): unknown {
    return this.users.get("ada");
  }
}

function destructured(field: string): unknown {
  return new Function("req", `const { userId } = req.${field};`)({});
}

function cookieWith(options: object): string {
  // Its types leave out how it is made.
  const Cookie = session.Cookie as unknown as new (options: object) => {
    serialize(name: string, value: string): string;
  };
  return new Cookie(options).serialize("sid", "1");
}

function answeredTwice(): void {
  const response = new ServerResponse(new IncomingMessage(new Socket()));
  response.writeHead(204);
  response.setHeader("Location", "/");
}

function caught(crash: () => unknown): Error {
  try {
    crash();
  } catch (error) {
    return error as Error;
  }
  throw new Error("It did not crash.");
}

function errorAt(frames: string): Error {
  const error = new TypeError("user is undefined");
  return withStack(error, `TypeError: user is undefined\n${frames}`);
}

function withStack(error: Error, stack: string | undefined): Error {
  return Object.assign(error, { stack });
}
