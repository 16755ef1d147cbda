// A login that fails halfway, and what is left of it.
import { vi } from "vitest";
import { ada } from "./people.ts";
import { attack } from "./production.ts";

const credentials = { email: ada.email, password: ada.password };

attack("a good login writes its session once", async ({ server, relay, expect }) => {
  await server.logIn();
  expect(relay.count("SET")).toBe(1);
});

attack(
  "a login that cannot be stored is nobody, now and later",
  async ({ server, relay, keys, expect }) => {
    const { cookie: visitor } = await server.get("/visits");

    relay.fate = ({ name }) => (name === "SET" ? "hold" : "pass");
    const answer = await server.send("POST", "/auth/login", { cookie: visitor, body: credentials });
    expect(answer.status).toBe(500);
    expect(answer.headers.getSetCookie()).toEqual([]);
    // One for the visit, one for the login: what failed is not tried again behind the answer.
    expect(relay.count("SET")).toBe(2);

    // The SET arrives after all.
    relay.reset();
    await vi.waitUntil(async () => (await keys.keys()).length > 0, { timeout: 30_000 });
    expect((await server.get("/me", visitor)).status).toBe(401);
    expect((await server.get("/me")).status).toBe(401);
  },
);

attack(
  "a Redis that refuses to write answers 500, without a cookie",
  async ({ server, relay, keys, expect }) => {
    relay.fate = ({ name }) => (name === "SET" ? { refuse: "OOM command not allowed" } : "pass");
    const answer = await server.send("POST", "/auth/login", { body: credentials });
    expect(answer.status).toBe(500);
    expect(answer.headers.getSetCookie()).toEqual([]);
    expect(await keys.keys()).toEqual([]);
  },
);
