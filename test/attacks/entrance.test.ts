// Ways in: known passwords, fixed, forged, stale and unreadable sessions, plain http, odd spellings.
import { sign } from "cookie-signature";
import { seededUsers } from "../../shared/app/database.ts";
import { ada } from "./people.ts";
import { attack, tries } from "./production.ts";

const secret = "a secret for attacks, which signs the cookies";
const newSecret = "another secret, with a comma, and of the same length";

attack(
  "the seeded people cannot log in, and production is the default",
  async ({ server, expect }) => {
    for (const { email, password } of Object.values(seededUsers)) {
      const answer = await server.send("POST", "/auth/login", { body: { email, password } });
      expect(answer.status).toBe(401);
    }
    const login = await server.send("POST", "/auth/login", {
      body: { email: ada.email, password: ada.password },
    });
    expect(login.headers.getSetCookie()).toEqual([
      expect.stringMatching(/^__Host-sid=.+; Path=\/; Expires=.+; HttpOnly; Secure; SameSite=Lax$/),
    ]);
  },
);

attack("plain http gets no session, whatever a client claims", async ({ server, keys, expect }) => {
  const cookie = await server.logIn();
  await keys.clear();
  for (const claim of ["http", "http, https", ""]) {
    const headers = { "X-Forwarded-Proto": claim };
    for (const [method, path] of [
      ["GET", "/visits"],
      ["GET", "/me"],
      ["POST", "/auth/login"],
      ["POST", "/auth/logout"],
    ] as const) {
      const answer = await server.send(method, path, { cookie, headers });
      expect(answer.status).toBe(403);
      expect(answer.body).toEqual({ error: { code: "https_required" } });
      expect(answer.headers.getSetCookie()).toEqual([]);
    }
    expect((await server.send("GET", "/health", { headers })).status).toBe(200);
  }
  expect(await keys.keys()).toEqual([]);
});

attack(
  "an id from before the login is nobody, and so are forged and altered cookies",
  async ({ server, keys, expect }) => {
    for (let round = 0; round < tries; round++) {
      const { cookie: planted = "" } = await server.get("/visits");
      const cookie = await server.logIn(planted);
      expect(cookie).not.toBe(planted);
      expect((await server.get("/me", planted)).status).toBe(401);
      const id = /s%3A([^.]+)/.exec(cookie)?.[1] ?? "";
      for (const forged of [
        `__Host-sid=${id}`,
        `__Host-sid=s%3A${id}`,
        `__Host-sid=s%3A${id}.`,
        `__Host-sid=${encodeURIComponent(`s:${sign(id, "a guess")}`)}`,
        cookie.slice(0, -1),
        cookie.replace("__Host-sid", "sid"),
        cookie.replace("__Host-sid", "connect.sid"),
        `__Host-sid=j%3A{"id":"${id}"}`,
        "__Host-sid=s%3A__proto__.x",
      ]) {
        expect((await server.get("/me", forged)).status, forged).toBe(401);
      }
      expect((await server.get("/me", cookie)).status).toBe(200);
      await keys.clear();
    }
  },
);

attack("an unknown email and a wrong password answer alike", async ({ server, expect }) => {
  for (const password of ["guessed", "", "x".repeat(72), "x".repeat(73), "\0", "__proto__"]) {
    const [known, unknown] = await Promise.all(
      [ada.email, "nobody@attacked.example"].map((email) =>
        server.send("POST", "/auth/login", { body: { email, password } }),
      ),
    );
    expect([known?.status, known?.body]).toEqual([unknown?.status, unknown?.body]);
    expect(known?.headers.getSetCookie()).toEqual([]);
  }
});

attack("bodies of odd shapes are refused, and change nothing", async ({ server, keys, expect }) => {
  const right = JSON.stringify({ email: ada.email, password: ada.password });
  for (const body of [
    "{",
    "null",
    "[]",
    `[${right}]`,
    '{"__proto__":{"email":"a@b.example","password":"x"}}',
    '{"email":{"$ne":null},"password":{"$ne":null}}',
    `{"email":["${ada.email}"],"password":["x"]}`,
    `{"constructor":{"prototype":{"userId":"ada"}}}`,
  ]) {
    const answer = await server.send("POST", "/auth/login", { body });
    expect(answer.status, body).toBe(400);
    expect(answer.body).toEqual({ error: { code: "invalid_body" } });
  }
  expect(await keys.keys()).toEqual([]);
});

attack.for([
  "{",
  "null",
  "7",
  "[]",
  '{"userId":"ada"}',
  '{"cookie":{},"userId":"ada"}',
  '{"__proto__":{"userId":"ada"},"cookie":null}',
])(
  "%s under a key is no session, on any route",
  async (text, { server, keys, observer, expect }) => {
    const cookie = await server.logIn();
    const [key = ""] = await keys.keys();
    const statuses: number[] = [];
    for (const [method, path, body] of [
      ["GET", "/visits", undefined],
      ["GET", "/me", undefined],
      ["POST", "/auth/logout", undefined],
      ["POST", "/auth/login", { email: ada.email, password: ada.password }],
    ] as const) {
      await observer.set(keys.prefix + key, text);
      statuses.push((await server.send(method, path, { cookie, body })).status);
    }
    await observer.del(keys.prefix + key);
    await observer.rpush(keys.prefix + key, "a list");
    statuses.push((await server.get("/me", cookie)).status);
    expect(statuses).toEqual([200, 401, 204, 200, 401]);
    // Once per process, not once per request.
    expect(server.log.match(/cannot be read/g)).toHaveLength(1);
    expect(server.log).not.toContain(key);
  },
);

attack(
  "after a rotation an old cookie is signed anew on the next answer",
  async ({ server, start, redisUrl, expect }) => {
    const old = await server.logIn();
    const rotated = await start(redisUrl, {
      SESSION_SECRET: newSecret,
      SESSION_SECRETS_PREVIOUS: JSON.stringify([secret]),
    });
    const { status, cookie: renewed } = await rotated.get("/me", old);
    expect(status).toBe(200);
    const later = await start(redisUrl, { SESSION_SECRET: newSecret });
    expect((await later.get("/me", renewed)).status).toBe(200);
    expect((await later.get("/me", old)).status).toBe(401);
  },
);

attack.for<{ env: Record<string, string>; says: string }>([
  { env: { SESSION_SECRET: "" }, says: "SESSION_SECRET" },
  { env: { SESSION_SECRET: "short" }, says: "SESSION_SECRET" },
  { env: { SESSION_SECRETS_PREVIOUS: '["short"]' }, says: "SESSION_SECRETS_PREVIOUS" },
  { env: { SESSION_SECRETS_PREVIOUS: "a,b" }, says: "SESSION_SECRETS_PREVIOUS" },
])(
  "a server with $says that can be guessed does not start",
  async ({ says, env }, { start, redisUrl, expect }) => {
    await expect(start(redisUrl, env)).rejects.toThrow(says);
  },
);

attack(
  "an é is the same however it is typed, and nothing further is",
  async ({ server, expect }) => {
    const logIn = (password: string) =>
      server.send("POST", "/auth/login", { body: { email: ada.email, password } });
    expect((await logIn(ada.password.normalize("NFD"))).status).toBe(200);
    // NFKC would make the ﬁ of another password an fi, or this wide space a plain one.
    expect((await logIn(ada.password.replace(" ", "\u3000"))).status).toBe(401);
  },
);

attack("a name holds nothing that a terminal obeys or nobody sees", async ({ server, expect }) => {
  const cookie = await server.logIn();
  for (const displayName of ["A\0", "\u001b[2J", "A\u202Eda", "\u200B\u200B", "A\nda"]) {
    const answer = await server.send("PATCH", "/me", { cookie, body: { displayName } });
    expect(answer.status, JSON.stringify(displayName)).toBe(400);
  }
  const body = { displayName: "Ada 👩‍💻 é" };
  expect((await server.send("PATCH", "/me", { cookie, body })).status).toBe(200);
});

attack(
  "no cache keeps an answer, and the cookie of a deleted user is cleared",
  async ({ server, expect }) => {
    const cookie = await server.logIn();
    for (const [method, path, body] of [
      ["GET", "/visits", undefined],
      ["GET", "/me", undefined],
      ["GET", "/me/nothing-here", undefined],
      ["PATCH", "/me", {}],
      ["POST", "/auth/login", "{"],
      ["GET", "/auth/nothing-here", undefined],
      ["POST", "/auth/logout", undefined],
    ] as const) {
      for (const sent of [undefined, cookie]) {
        const answer = await server.send(method, path, { cookie: sent, body });
        expect(answer.headers.get("Cache-Control"), `${method} ${path}`).toBe("no-store");
      }
    }
    const mine = await server.logIn();
    await server.send("POST", "/arranged/leave");
    const answer = await server.get("/me", mine);
    await server.send("POST", "/arranged/enter");
    expect(answer.status).toBe(401);
    expect(answer.headers.getSetCookie()).toEqual([
      "__Host-sid=; Path=/; Expires=Thu, 01 Jan 1970 00:00:00 GMT; HttpOnly; Secure; SameSite=Lax",
    ]);
  },
);
