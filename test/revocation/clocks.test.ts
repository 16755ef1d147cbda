// Whose clock is wrong takes nobody's session out of the index.
import { randomUUID } from "node:crypto";
import request from "supertest";
import { inject, onTestFinished, test, vi } from "vitest";
import { createDatabase, seededUsers } from "../../shared/app/database.ts";
import { openKeySpace } from "../../shared/redis/key-space.ts";
import { connectRedis, createApp } from "../../solutions/07-revocation/app.ts";

const { id, email, password } = seededUsers.ada;
const minuteMs = 60_000;

test("a session that is about to end can be ended after a login at a clock that is hours ahead", async () => {
  const url = new URL(inject("redisUrl"));
  const corner = openKeySpace(url.href);
  url.searchParams.set("keyPrefix", corner.prefix);
  const redis = connectRedis(url.href);
  onTestFinished(async () => {
    vi.useRealTimers();
    redis.disconnect();
    await corner.clear();
  });
  const app = createApp({
    redis,
    db: await createDatabase({ bcryptCost: 4 }),
    config: { env: "development", sessionSecret: randomUUID(), previousSessionSecrets: [] },
  });
  const logIn = async () => {
    const device = request.agent(app);
    await device.post("/auth/login").send({ email, password }).expect(200);
    return device;
  };
  const laptop = await logIn();
  const index = `sessions:${id}`;
  const [key = ""] = await redis.zrange(index, "0", "-1");
  await redis.pexpire(key, 5 * minuteMs);
  await redis.zadd(index, String(Date.now() + 5 * minuteMs), key);

  vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + 3 * 60 * minuteMs });
  const phone = await logIn();
  vi.useRealTimers();

  await phone.post("/auth/logout-all").expect(204);
  await laptop.get("/me").expect(401);
});
