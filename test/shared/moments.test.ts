import express from "express";
import { afterEach, expect, inject, test } from "vitest";
import { createDatabase, seededUsers } from "../../shared/app/database.ts";
import type { Services } from "../../shared/app/services.ts";
import { KeySpace } from "../../shared/redis/key-space.ts";
import { Watch } from "../../shared/testing/happened.ts";
import {
  atEveryMoment,
  failingAtEveryMoment,
  refusingOne,
  underWay,
  type Encounter,
} from "../../shared/testing/moments.ts";
import { Site } from "../../shared/testing/site.ts";

const prefix = `${inject("keyPrefix")}moments:`;
const sites: Site[] = [];

afterEach(async () => {
  for (const site of sites.splice(0)) {
    await new KeySpace(site.redis.duplicate({ keyPrefix: "" }), prefix).clear();
    await site.close();
  }
});

test("a request meets another one at each thing that it asks for, and once undisturbed", async () => {
  const site = await siteOf();
  const seen: unknown[] = [];
  await atEveryMoment(site, () =>
    meeting(site, async (slow, quick) => {
      expect([slow.status, quick.status]).toEqual([200, 200]);
      seen.push(slow.body);
    }),
  );
  // It reads, asks the database, writes: the quick one comes before, between and after.
  expect(seen).toEqual([{ read: "2" }, { read: null }, { read: null }, { read: null }]);
});

test("what it asks for fails, one thing after the other, and then nothing", async () => {
  const site = await siteOf();
  const statuses: number[] = [];
  await failingAtEveryMoment(site, async () => ({
    request: () => site.browser().begin("GET", "/slow"),
    afterwards: async ({ status }) => void statuses.push(status),
  }));
  expect(statuses).toEqual([500, 500, 500, 200]);
});

test("the first command of a kind is refused, and no other", async () => {
  const site = await siteOf();
  const slow = () => site.browser().begin("GET", "/slow");
  expect((await refusingOne(site, "store", slow)).status).toBe(500);
  expect((await refusingOne(site, "delete", slow)).status).toBe(200);
  expect((await slow().answer).status).toBe(200);
});

test("a request waits at its first command of a kind while something else is done", async () => {
  const site = await siteOf();
  await site.redis.del("a");
  const waiting = await underWay(site, "store", () => site.browser().begin("GET", "/slow"));
  expect(await waiting.meanwhile(() => site.redis.get("a"))).toBeNull();
  expect(await site.redis.get("a")).not.toBeNull();
});

test("nothing is held any more once an encounter is over", async () => {
  const site = await siteOf();
  await atEveryMoment(site, () => meeting(site, async () => {}));
  expect((await site.browser().get("/slow")).status).toBe(200);
  expect(await site.db.users.findById(seededUsers.ada.id)).toBeDefined();
});

async function meeting(site: Site, afterwards: Encounter["afterwards"]): Promise<Encounter> {
  await site.redis.del("a");
  return {
    first: () => site.browser().begin("GET", "/slow"),
    second: () => site.browser().begin("GET", "/quick"),
    afterwards,
  };
}

async function siteOf(): Promise<Site> {
  const site = await Site.open(
    {
      module: { createApp: app },
      evaluateAnew: () => Promise.reject(new Error("There is one process only.")),
      redisUrl: inject("redisUrl"),
      prefix,
      errors: [],
      watch: new Watch(),
    },
    { db: await createDatabase({ bcryptCost: 4 }) },
  );
  sites.push(site);
  return site;
}

function app({ redis, db }: Services) {
  const app = express();
  app.get("/slow", async (_req, res) => {
    const read = await redis.get("a");
    await db.users.findById(seededUsers.ada.id);
    await redis.set("a", "1", "EX", 60);
    res.json({ read });
  });
  app.get("/quick", async (_req, res) => {
    await redis.set("a", "2", "EX", 60);
    res.json({});
  });
  app.use(((_error, _req, res, _next) => {
    res.status(500).json({});
  }) as express.ErrorRequestHandler);
  return app;
}
