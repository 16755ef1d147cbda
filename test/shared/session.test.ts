import express, { type Request } from "express";
import session, { MemoryStore } from "express-session";
import request from "supertest";
import { expect, test, vi } from "vitest";
import { destroySession, regenerateSession, saveSession } from "../../shared/app/session.ts";
import { signedValue } from "../../shared/testing/cookies.ts";

const promises = { regenerateSession, saveSession, destroySession };
const all = Object.entries(promises).map(([name, call]) => ({ name, call }));

test("regenerateSession leaves an empty session under a new id, and nothing under the old one", async () => {
  const store = new SlowStore();
  await during(store, async (req) => {
    req.session.visits = 3;
    await saveSession(req);
    const { sessionID } = req;
    await regenerateSession(req);
    expect(req.sessionID).not.toBe(sessionID);
    expect(req.session.visits).toBeUndefined();
    expect(store.ids()).not.toContain(sessionID);
  });
});

test("saveSession resolves once the session is stored", async () => {
  const store = new SlowStore();
  await during(store, async (req) => {
    req.session.visits = 3;
    const saved = saveSession(req);
    expect(store.ids()).toEqual([]);
    await saved;
    expect(store.ids()).toEqual([req.sessionID]);
  });
});

test("each saveSession stores what the session holds then, also what it has held before", async () => {
  const store = new MemoryStore();
  const set = vi.spyOn(store, "set");
  await during(store, async (req) => {
    for (const visits of [1, 2, 1]) {
      req.session.visits = visits;
      await saveSession(req);
    }
  });
  expect(set.mock.calls.length).toBe(3);
});

test("a regenerated session that was saved is not written again at the end, unless it changed", async () => {
  for (const [change, writes] of [
    [() => {}, 1],
    [(req: Request) => (req.session.visits = 4), 2],
  ] as const) {
    const store = new MemoryStore();
    const set = vi.spyOn(store, "set");
    const app = express()
      .use(session({ secret: "s", resave: false, saveUninitialized: false, store }))
      .get("/", async (req, res) => {
        await regenerateSession(req);
        req.session.visits = 3;
        await saveSession(req);
        change(req);
        res.end();
      });
    const answer = await request(app).get("/");
    expect(answer.headers["set-cookie"]).toHaveLength(1);
    expect(set).toHaveBeenCalledTimes(writes);
  }
});

test("saveSession prolongs what was read: that may have been written days ago", async () => {
  const written = new Date(Date.now() - 60_000);
  let ends: Date | undefined;
  class Read extends MemoryStore {
    override get(_id: string, done: Parameters<MemoryStore["get"]>[1]): void {
      const cookie = { originalMaxAge: 1_000, expires: written };
      done(null, { cookie, visits: 3 } as unknown as session.SessionData);
    }
    override set(...[, { cookie }, done]: Parameters<MemoryStore["set"]>): void {
      // The cookie itself goes on changing.
      ends = new Date(Number(cookie.expires));
      done?.();
    }
  }
  const app = express()
    .use(session({ secret: "s", resave: false, saveUninitialized: false, store: new Read() }))
    .get("/", async (req, res) => {
      await saveSession(req);
      res.end();
    });
  await request(app)
    .get("/")
    .set("Cookie", `connect.sid=${signedValue("a", "s")}`);
  expect(Number(ends)).toBeGreaterThan(Date.now() - 30_000);
});

test("destroySession resolves once the session is gone", async () => {
  const store = new SlowStore();
  await during(store, async (req) => {
    req.session.visits = 3;
    await saveSession(req);
    const { sessionID } = req;
    const destroyed = destroySession(req);
    expect(store.ids()).toEqual([sessionID]);
    await destroyed;
    expect(store.ids()).toEqual([]);
    expect(req.session).toBeUndefined();
  });
});

test.for(all)("$name rejects with the error of a store that refuses", async ({ call }) => {
  const refusal = new Error("the store is full");
  await during(new RefusingStore(refusal), (req) => expect(call(req)).rejects.toBe(refusal));
});

test.for(all)("$name rejects when the store throws", async ({ call }) => {
  const mistake = new TypeError("a mistake in the store");
  await during(new ThrowingStore(mistake), (req) => expect(call(req)).rejects.toBe(mistake));
});

test.for(all)("$name rejects when the session is already destroyed", async ({ call }) => {
  await during(new MemoryStore(), async (req) => {
    await destroySession(req);
    await expect(call(req)).rejects.toThrow(TypeError);
  });
});

/** Answers later than it was asked, as Redis does. */
class SlowStore extends MemoryStore {
  ids(): string[] {
    // The one look into express-session's store that needs no waiting.
    return Object.keys((this as unknown as { sessions: Record<string, string> }).sessions);
  }

  override set(...args: Parameters<MemoryStore["set"]>): void {
    setImmediate(() => super.set(...args));
  }

  override destroy(...args: Parameters<MemoryStore["destroy"]>): void {
    setImmediate(() => super.destroy(...args));
  }
}

class RefusingStore extends MemoryStore {
  constructor(error: Error) {
    super();
    this.set = (_id, _session, done) => setImmediate(() => done?.(error));
    this.destroy = (_id, done) => setImmediate(() => done?.(error));
  }
}

class ThrowingStore extends MemoryStore {
  constructor(error: Error) {
    super();
    const fail = () => {
      throw error;
    };
    this.set = fail;
    this.destroy = fail;
  }
}

/** Runs `action` within a request that has a new session, and rejects when it does. */
async function during(store: session.Store, action: (req: Request) => Promise<void>) {
  const app = express();
  app.use(session({ secret: "s", resave: false, saveUninitialized: false, store }));
  let outcome: Promise<void> | undefined;
  app.get("/", async (req, res) => {
    outcome = action(req);
    await outcome.catch(() => {});
    // Nothing more for express-session to store when the request ends.
    Object.assign(req, { session: undefined });
    res.end();
  });
  await request(app).get("/");
  await outcome;
}
