// Whoever wants to leave can do so when there is no room for anybody to come in.
import { randomUUID } from "node:crypto";
import { Redis } from "ioredis";
import request from "supertest";
import { expect, onTestFinished, test, vi } from "vitest";
import { createDatabase, seededUsers } from "../../shared/app/database.ts";
import { connectRedis, createApp } from "../../solutions/07-revocation/app.ts";
import { hasRedisServer, startRedisServer } from "../real-redis.ts";

const { email, password } = seededUsers.ada;

// The embedded Redis is never full.
test.skipIf(!hasRedisServer).for(["/auth/logout", "/auth/logout-all"])(
  "at a Redis that is full, POST %s ends the session",
  async (path) => {
    const { url, stop } = await startRedisServer("--maxmemory-policy", "noeviction");
    onTestFinished(stop);
    const redis = connectRedis(url);
    const operator = new Redis(url);
    onTestFinished(() => [redis, operator].forEach((each) => each.disconnect()));
    const app = createApp({
      redis,
      db: await createDatabase({ bcryptCost: 4 }),
      config: { env: "development", sessionSecret: randomUUID(), previousSessionSecrets: [] },
    });
    // The login that is refused is logged.
    const log = vi.spyOn(console, "error").mockImplementation(() => {});
    onTestFinished(() => log.mockRestore());
    const ada = request.agent(app);
    await ada.post("/auth/login").send({ email, password }).expect(200);
    await operator.config("SET", "maxmemory", "1");
    await request(app).post("/auth/login").send({ email, password }).expect(500);
    await ada.post(path).expect(204);
    expect(await operator.keys("*")).toEqual([]);
  },
);
