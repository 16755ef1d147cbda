import express from "express";
import { Redis } from "ioredis";
import { afterEach, expect, test } from "vitest";
import { notedCause } from "../../shared/testing/causes.ts";
import {
  forgetOptions,
  noteExpressSettings,
  noteMissingSession,
  noteRedisOptions,
  noteRequest,
  noteSessionOptions,
  sessionOption,
  whyTrue,
} from "../../shared/testing/options.ts";

afterEach(forgetOptions);

const right = {
  name: "sid",
  secret: "a secret",
  resave: false,
  saveUninitialized: false,
  cookie: { maxAge: 1_000, sameSite: "lax" },
};

test.for([
  [{ ...right, saveUninitialized: undefined }, undefined],
  [{ ...right, trustProxy: true, myOwn: 1 }, undefined],
  [{ ...right, cookie: () => ({ samesite: "lax" }) }, undefined],
  [{ secret: "", saveUninitialised: false }, "`saveUninitialised` is no option of `session()`"],
  [{ secret: "", Resave: false }, "`Resave` is no option of `session()`"],
  [{ secret: "", cookie: { samesite: "lax" } }, "`samesite` is no option of `cookie`"],
  [{ secret: "", cookie: { "max-age": 1 } }, "`max-age` is no option of `cookie`"],
  // Given twice, the one that is heard holds.
  [{ ...right, saveuninitialized: true }, undefined],
] as const)("a misspelt option is told: %j", ([options, says]) => {
  noteSessionOptions(options, "app.ts:1");
  expect(notedCause("Something is wrong.")?.claim).toBe(says && `${says} (app.ts:1).`);
});

test("an option at the wrong place is told when it is what is spoken of", () => {
  noteSessionOptions({ secret: "", httpOnly: true, cookie: { resave: false } }, undefined);
  expect(notedCause("The cookie ends with the browser.")).toBeUndefined();
  expect(notedCause("The cookie has no HttpOnly.")).toMatchObject({
    claim: "`httpOnly` stands beside `cookie`, where express-session does not look.",
    reason: expect.stringMatching(/^It is an option of the cookie: `cookie: \{ httpOnly: … \}`\./),
  });
  expect(notedCause("`resave` is true.")?.claim).toMatch(/^`resave` stands inside `cookie`/);
});

test("a session for some addresses alone is told where `req.session` is missing", () => {
  noteSessionOptions({ ...right, cookie: { path: "/" } }, undefined);
  expect(notedCause("`req.session` is undefined")).toBeUndefined();
  noteSessionOptions({ ...right, cookie: { path: "/app" } }, "app.ts:1");
  expect(notedCause("The second visit counts 1.")).toBeUndefined();
  expect(notedCause("GET /visits crashed: `req.session` is undefined")?.claim).toBe(
    'The session is for addresses below /app alone: `cookie: { path: "/app" }` (app.ts:1).',
  );
});

test("a handler without a session is told whether `session()` had its turn", () => {
  const crash = "GET /visits crashed: `req.session` is undefined";
  const request = {};
  noteMissingSession(request, "GET /visits");
  expect(notedCause("The second visit counts 1.")).toBeUndefined();
  expect(notedCause(crash)?.claim).toMatch(/^Nobody has called `session\(\)`/);

  forgetOptions();
  noteSessionOptions(right, undefined);
  noteMissingSession(request, "GET /visits");
  expect(notedCause(crash)?.claim).toBe(
    "GET /visits is answered, and what `session()` returns has not run: there is no `req.session`.",
  );

  forgetOptions();
  noteSessionOptions(right, undefined);
  noteRequest(request);
  noteMissingSession(request, "GET /visits");
  expect(notedCause(crash)).toBeUndefined();
});

test("why an option is true that is so by default", () => {
  noteSessionOptions(right, undefined);
  expect(whyTrue("resave")).toBeUndefined();
  noteSessionOptions({ secret: "", resave: true }, undefined);
  expect(whyTrue("resave")).toBe("`resave` is true");
  expect(whyTrue("saveUninitialized")).toBe("`saveUninitialized` is left out, which means true");
});

test("a setting of Express is told by its own spelling", () => {
  const settings = express().disable("x-powered-by").settings;
  noteExpressSettings({ ...settings, "my own": 1 });
  expect(notedCause("")).toBeUndefined();
  noteExpressSettings({ ...settings, "trust-proxy": 1 });
  expect(notedCause("")).toMatchObject({
    claim: "`trust-proxy` is no option of `app.set()`.",
    reason: expect.stringMatching(/^It is spelled `trust proxy`\./),
  });
});

test("of a connection, what ioredis has by itself is known", () => {
  const redis = new Redis({ lazyConnect: true, commandTimeout: 1, socketTimeout: 1, tls: {} });
  noteRedisOptions(redis.options);
  expect(notedCause("")).toBeUndefined();
  const misspelt = new Redis(Object.assign({ lazyConnect: true }, { maxRetryPerRequest: 1 }));
  noteRedisOptions(misspelt.options);
  expect(notedCause("")).toMatchObject({
    claim: "`maxRetryPerRequest` is no option of `new Redis()`.",
    reason: expect.stringMatching(/^It is spelled `maxRetriesPerRequest`\./),
  });
});

test("an option is the one that session() was given last", () => {
  expect(sessionOption("name")).toBeUndefined();
  noteSessionOptions({ ...right, name: "first" }, undefined);
  noteSessionOptions(right, undefined);
  expect(sessionOption("name")).toBe("sid");
  expect(sessionOption("genid")).toBeUndefined();
});
