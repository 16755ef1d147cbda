import express, { type Request, type Response } from "express";
import session from "express-session";
import { Redis } from "ioredis";
import request from "supertest";
import { afterAll, afterEach, beforeEach, describe, expect, inject, test, vi } from "vitest";
import {
  type SessionIndex,
  SessionStore,
  type SessionStoreOptions,
} from "../../shared/app/session-store.ts";
import { KeySpace } from "../../shared/redis/key-space.ts";
import { CommandTap } from "../../shared/testing/commands.ts";

const client = new Redis(inject("redisUrl"), {
  keyPrefix: `${inject("keyPrefix")}session-store:`,
});
const keySpace = new KeySpace(
  new Redis(inject("redisUrl")),
  `${inject("keyPrefix")}session-store:`,
);

const log = vi.spyOn(console, "error");

beforeEach(() => {
  log.mockImplementation(() => {});
});

afterEach(async () => {
  log.mockReset();
  await keySpace.clear();
});

afterAll(() => {
  client.disconnect();
});

const onlyThere: SessionStoreOptions["rewrite"] = (key, value, ttlSeconds) =>
  client.set(key, value, "EX", ttlSeconds, "XX");

test("every key begins with the prefix", async () => {
  const visit = visitor(
    new SessionStore({ client, prefix: "session:", rewrite: onlyThere }),
    count,
  );
  expect([(await visit()).text, (await visit()).text]).toEqual(["1", "2"]);
  expect(await keySpace.keys()).toEqual([expect.stringMatching(/^session:.{32}$/)]);
});

describe("rewrite", () => {
  test("writes what was read, and not what is new", async () => {
    const rewrite = vi.fn(onlyThere);
    const visit = visitor(new SessionStore({ client, rewrite }), count);
    expect((await visit()).text).toBe("1");
    expect(rewrite).not.toHaveBeenCalled();
    expect((await visit()).text).toBe("2");
    expect((await visit()).text).toBe("3");
    expect(rewrite).toHaveBeenCalledTimes(2);
    const [key] = await keySpace.keys();
    expect(rewrite.mock.calls[0]).toEqual([key, expect.stringContaining('"visits":2'), 3600]);
  });

  test("writes what this request has stored before", async () => {
    const rewrite = vi.fn(onlyThere);
    const visit = visitor(new SessionStore({ client, rewrite }), async (req, res) => {
      req.session.visits = 1;
      await new Promise((resolve) => req.session.save(resolve));
      // Somebody ends it meanwhile.
      await client.del(`sess:${req.sessionID}`);
      req.session.visits = 2;
      res.end();
    });
    await visit();
    expect(rewrite).toHaveBeenCalledTimes(1);
    expect(await keySpace.keys()).toEqual([]);
  });

  test("is a plain SET when it is left out", async () => {
    const visit = visitor(new SessionStore({ client }), count);
    await visit();
    expect((await visit()).text).toBe("2");
  });

  test("that fails is an error of the store", async () => {
    const rewrite = () => Promise.reject(new Error("refused"));
    const store = new SessionStore({ client, rewrite });
    const visit = visitor(store, async (req, res) => {
      req.session.visits = (req.session.visits ?? 0) + 1;
      const error = await new Promise((resolve) => req.session.save(resolve));
      res.end(String(error));
    });
    await visit();
    expect((await visit()).text).toBe("Error: refused");
  });
});

describe("index", () => {
  const list = "of:ada";
  const index: SessionIndex = {
    add: (transaction, { userId, key, ttlSeconds }) =>
      void transaction.zadd(`of:${userId}`, ttlSeconds, key).expire(`of:${userId}`, ttlSeconds),
    prolong: (transaction, { userId, key, ttlSeconds }) =>
      void transaction.zadd(`of:${userId}`, "XX", ttlSeconds, key),
    remove: (commands, { userId, key }) => void commands.zrem(`of:${userId}`, key),
  };
  const store = () => new SessionStore({ client, rewrite: onlyThere, index });
  const listed = async () => JSON.parse((await keySpace.read(list)) ?? "[]");
  const logIn = (req: Request) => (req.session.userId = "ada");

  test("hears of the sessions of users, with their key, and not of visitors", async () => {
    const visit = visitor(store(), count);
    await visit();
    await visit();
    expect(await keySpace.read(list)).toBeUndefined();
    await visitor(store(), (req, res) => res.end(logIn(req)))();
    const [key = ""] = await listed();
    expect(await keySpace.read(key)).toContain('"userId":"ada"');
    expect(await keySpace.ttlSeconds(list)).toBe(24 * 60 * 60);
  });

  test("hears of a user whom a session gets later, or instead of another", async () => {
    const users = [undefined, "grace", "ada"];
    const visit = visitor(store(), (req, res) => {
      req.session.visits = (req.session.visits ?? 0) + 1;
      const userId = users.shift();
      if (userId) req.session.userId = userId;
      res.end();
    });
    for (let request = 0; request < 3; request++) await visit();
    const [key = ""] = await listed();
    expect(await keySpace.read(key)).toContain('"userId":"ada"');
  });

  test("is told in the transaction that stores or prolongs a session, and behind what removes it", async () => {
    const redis = client.duplicate();
    const tap = new CommandTap(redis);
    const names = () => tap.sent.splice(0).map(({ name }) => name);
    const steps = [logIn, () => {}, (req: Request) => (req.session.visits = 1)];
    const visit = visitor(
      new SessionStore({ client: redis, rewrite: onlyThere, index }),
      async (req, res) => {
        const step = steps.shift();
        if (step) step(req);
        else await new Promise((done) => req.session.destroy(done));
        res.end();
      },
    );
    await visit();
    expect(names()).toEqual(["multi", "set", "zadd", "expire", "exec"]);
    await visit();
    expect(names()).toEqual(["get", "multi", "expire", "zadd", "exec"]);
    await visit();
    // The session itself goes through `rewrite`, which has another client here.
    expect(names()).toEqual(["get", "multi", "zadd", "exec"]);
    await visit();
    // A Redis that is full refuses to queue a transaction, and does not refuse DEL.
    expect(names()).toEqual(["get", "get", "del", "zrem"]);
    redis.disconnect();
  });

  test("keeps nothing of a session that has ended", async () => {
    const visit = visitor(store(), async (req, res) => {
      if (req.session.userId) await new Promise((done) => req.session.destroy(done));
      else logIn(req);
      res.end();
    });
    await visit();
    expect(await listed()).toHaveLength(1);
    await visit();
    expect(await keySpace.keys()).toEqual([]);
  });

  test("of a session that ended meanwhile, neither key nor entry comes back", async () => {
    const visit = visitor(store(), async (req, res) => {
      if (req.session.userId) {
        req.session.visits = 1;
        await keySpace.clear();
      } else logIn(req);
      res.end();
    });
    await visit();
    await visit();
    expect(await keySpace.keys()).toEqual([]);
  });

  test("that cannot prolong an entry keeps its session from being prolonged", async () => {
    const visit = visitor(store(), (req, res) => {
      if (req.session.userId) req.session.visits = 1;
      else logIn(req);
      res.end();
    });
    await visit();
    const [key = ""] = await listed();
    await client.set(list, "no sorted set");
    await client.expire(key, 600);
    await visit();
    expect(await keySpace.read(key)).not.toContain("visits");
    expect(await keySpace.ttlSeconds(key)).toBeLessThanOrEqual(600);
  });

  test("that fails is an error of the store, although Redis runs the rest of a transaction", async () => {
    await client.set(list, "no sorted set");
    const errors: unknown[] = [];
    const visit = visitor(store(), async (req, res) => {
      logIn(req);
      errors.push(await new Promise((resolve) => req.session.save(resolve)));
      res.end();
    });
    await visit();
    expect(String(errors[0])).toContain("WRONGTYPE");
  });
});

test.for([
  { who: "a visitor", userId: undefined, ttl: 60 * 60 },
  { who: "somebody who is logged in", userId: "ada", ttl: 24 * 60 * 60 },
])("the session of $who lives $ttl s, also when it is written again", async ({ userId, ttl }) => {
  const visit = visitor(new SessionStore({ client, rewrite: onlyThere }), (req, res) => {
    if (userId) req.session.userId = userId;
    count(req, res);
  });
  for (const _ of [1, 2]) {
    await visit();
    const [key = ""] = await keySpace.keys();
    expect(await keySpace.ttlSeconds(key)).toBe(ttl);
  }
});

test.for([
  { who: "a visitor", userId: undefined, days: 1 / 24 / 60, ttl: 60 },
  { who: "a visitor", userId: undefined, days: 7, ttl: 60 * 60 },
  { who: "somebody who is logged in", userId: "ada", days: 7, ttl: 7 * 24 * 60 * 60 },
])(
  "where the cookie of $who lives $days days, Redis keeps the session for $ttl s",
  async (each) => {
    const visit = visitor(
      new SessionStore({ client }),
      (req, res) => {
        if (each.userId) req.session.userId = each.userId;
        count(req, res);
      },
      each.days * 24 * 60 * 60 * 1000,
    );
    await visit();
    const [key = ""] = await keySpace.keys();
    expect(await keySpace.ttlSeconds(key)).toBe(each.ttl);
  },
);

const cookie = { originalMaxAge: 60_000, expires: "2100-01-01T00:00:00.000Z" };

test.for([
  "",
  "{",
  "null",
  "1",
  '"text"',
  "[]",
  "{}",
  JSON.stringify({ cookie: null }),
  JSON.stringify({ cookie: "c" }),
  JSON.stringify({ cookie: { originalMaxAge: "soon" } }),
  JSON.stringify({ cookie: { ...cookie, expires: "tomorrow" } }),
  JSON.stringify({ cookie, userId: { $ne: null } }),
  JSON.stringify({ cookie, userId: 7 }),
  JSON.stringify({ cookie, visits: "many" }),
  `{"__proto__":{"userId":"ada"}}`,
])("%j under a key is no session", async (text) => {
  const visit = visitor(new SessionStore({ client }), count);
  await visit();
  const [key = ""] = await keySpace.keys();
  await client.set(key, text);
  expect((await visit()).text).toBe("1");
  // An empty value is a key that connect-redis takes for absent.
  expect(log).toHaveBeenCalledTimes(text === "" ? 0 : 1);
  expect(JSON.stringify(log.mock.calls)).not.toContain(key);
});

test("something else under a key is no session, and is said once", async () => {
  const visit = visitor(new SessionStore({ client }), count);
  await visit();
  const [key = ""] = await keySpace.keys();
  await client.del(key);
  await client.rpush(key, "a list");
  const first = await visit.with(visit.cookie());
  expect(first.text).toBe("1");
  expect(log).toHaveBeenCalledTimes(1);
});

test("a Redis that fails is no unreadable session", async () => {
  const failing = { get: () => Promise.reject(new Error("down")), scan() {} } as unknown as Redis;
  const visit = visitor(new SessionStore({ client: failing }), count);
  expect((await visit.with("sid=s:forged.x")).status).toBe(200);
  const store = new SessionStore({ client: failing });
  const error = await new Promise((resolve) => void store.get("id", resolve));
  expect(error).toEqual(new Error("down"));
  expect(log).not.toHaveBeenCalled();
});

function count(req: Request, res: Response): void {
  req.session.visits = (req.session.visits ?? 0) + 1;
  res.end(String(req.session.visits));
}

/** One visitor of an app with this store: each call is a request with the cookie of the last. */
function visitor(
  store: session.Store,
  handler: (req: Request, res: Response) => unknown,
  maxAge = 24 * 60 * 60 * 1000,
) {
  const options = { secret: "s", resave: false, saveUninitialized: false, cookie: { maxAge } };
  const app = express().use(session({ ...options, name: "sid", store }));
  app.get("/", async (req, res) => {
    await handler(req, res);
  });
  let jar = "";
  const send = async (cookies: string) => {
    const answer = await request(app).get("/").set("Cookie", cookies);
    jar = answer.headers["set-cookie"]?.[0]?.split(";")[0] ?? jar;
    return answer;
  };
  return Object.assign(() => send(jar), { with: send, cookie: () => jar });
}
