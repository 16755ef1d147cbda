// The experiment jwt. Without its packages there is nothing to test: `npm run experiment jwt` installs them.
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { Redis } from "ioredis";
import { afterAll, beforeAll, beforeEach, describe, expect, inject, test } from "vitest";
import { Cleanup } from "../../../shared/experiments/cleanup.ts";
import { withClock } from "../../../shared/experiments/clock.ts";
import type { RefreshTokens } from "../../../shared/experiments/jwt/refresh-tokens.ts";
import type { TokenKeys } from "../../../shared/experiments/jwt/token-keys.ts";
import { areInstalled, packagesFolder } from "../../../shared/experiments/packages.ts";
import { openKeySpace } from "../../../shared/redis/key-space.ts";
import { root } from "../../../shared/runner/paths.ts";
import { steps } from "../../../shared/runner/manifest.ts";

const secret = "a secret of the first year, to be sure";
const later = "another one, for the year after that";

describe.skipIf(!areInstalled())("with the packages of the experiments", () => {
  // The compiler takes seconds, and minutes on a machine that has other work.
  const patienceMs = 15 * 60_000;
  test("the experiments pass the compiler", { timeout: patienceMs }, () => {
    const tsc = join(root, "node_modules/typescript/bin/tsc");
    const { stdout, status } = spawnSync(process.execPath, [tsc, "-p", packagesFolder], {
      encoding: "utf8",
    });
    expect(stdout).toBe("");
    expect(status).toBe(0);
  });

  describe("token keys", () => {
    let create: (secrets: readonly [string, ...string[]]) => TokenKeys;

    beforeAll(async () => {
      const { TokenKeys } = await import("../../../shared/experiments/jwt/token-keys.ts");
      create = (secrets) => new TokenKeys(secrets);
    });

    test("what was signed before a rotation is read after it, and no longer than its secret is kept", async () => {
      const token = await create([secret]).sign({ sub: "ada" }, "access", 60);
      expect(await create([later, secret]).read(token, "access")).toMatchObject({ sub: "ada" });
      expect(await create([later]).read(token, "access")).toBeUndefined();
      const now = await create([later, secret]).sign({ sub: "ada" }, "access", 60);
      expect(await create([later]).read(now, "access")).toMatchObject({ sub: "ada" });
    });

    test("a token opens nothing for another purpose, after its time, or without a signature", async () => {
      const keys = create([secret]);
      const token = await keys.sign({ sub: "ada" }, "access", 60);
      expect(await keys.read(token, "visits")).toBeUndefined();
      const [header = "", payload, signature = ""] = token.split(".");
      const none = { ...JSON.parse(Buffer.from(header, "base64url").toString()), alg: "none" };
      const bare = Buffer.from(JSON.stringify(none)).toString("base64url");
      for (const forged of [
        `${bare}.${payload}.`,
        `${bare}.${payload}.${signature}`,
        `${header}.${payload}.${signature.replace(/^./, (c) => (c === "A" ? "B" : "A"))}`,
        `${header}.${payload}`,
        "",
        "no token",
      ]) {
        expect(await keys.read(forged, "access"), forged).toBeUndefined();
      }
      await withClock(async (pass) => {
        pass(61);
        expect(await keys.read(token, "access")).toBeUndefined();
      });
    });
  });

  describe("refresh tokens", () => {
    let redis: Redis;
    let tokens: RefreshTokens;
    const keySpace = openKeySpace(inject("redisUrl"));

    beforeAll(() => {
      redis = new Redis(inject("redisUrl"), { keyPrefix: keySpace.prefix });
    });

    beforeEach(async () => {
      const { RefreshTokens } = await import("../../../shared/experiments/jwt/refresh-tokens.ts");
      tokens = new RefreshTokens(redis);
    });

    afterAll(async () => {
      await keySpace.clear();
      redis.disconnect();
    });

    const begin = async () => {
      const { refreshToken = "", ...login } = await tokens.begin("ada");
      return { refreshToken, login };
    };

    test("each use gives a new one", async () => {
      const { refreshToken, login } = await begin();
      const next = await tokens.renew(refreshToken);
      expect(next).toMatchObject(login);
      expect(next?.refreshToken).not.toBe(refreshToken);
      expect(await tokens.renew(next?.refreshToken ?? "")).toMatchObject(login);
    });

    test("two tabs may come with the same token, and neither is logged out", async () => {
      const { refreshToken, login } = await begin();
      const both = await Promise.all([tokens.renew(refreshToken), tokens.renew(refreshToken)]);
      expect(both.map((each) => each?.id)).toEqual([login.id, login.id]);
      const [next] = both.flatMap((each) => each?.refreshToken ?? []);
      expect(await tokens.renew(next ?? "")).toMatchObject(login);
    });

    test("a token that comes back later was copied: its login ends", async () => {
      const { refreshToken } = await begin();
      const next = await tokens.renew(refreshToken);
      await withClock(async (pass) => {
        pass(11);
        expect(await tokens.renew(refreshToken)).toBeUndefined();
        expect(await tokens.renew(next?.refreshToken ?? "")).toBeUndefined();
      });
    });

    test("no token renews a login that was ended, one of them or all", async () => {
      const [one, another, third] = [await begin(), await begin(), await begin()];
      await tokens.end(one.login);
      expect(await tokens.renew(one.refreshToken)).toBeUndefined();
      expect(await tokens.renew(another.refreshToken)).toBeDefined();
      await tokens.endAllOf("ada");
      expect(await tokens.renew(another.refreshToken)).toBeUndefined();
      expect(await tokens.renew(third.refreshToken)).toBeUndefined();
    });

    test("what is no token renews nothing", async () => {
      const { login } = await begin();
      for (const text of ["", "rt", "rt..", `rt.${login.id}`, `rt.${login.id}.guessed`, "rt.x.y"]) {
        expect(await tokens.renew(text), text).toBeUndefined();
      }
    });
  });

  // The clock is held: the figures are those of the design, on any machine.
  test.for([
    { file: "sessions", stays: 0, lasts: undefined, trips: [2, 2], away: 500 },
    { file: "stateless", stays: 15 * 60, lasts: 15 * 60, trips: [0, 0], away: 200 },
    { file: "refresh", stays: 5 * 60, lasts: undefined, trips: [0, 2], away: 200 },
    { file: "deny-list", stays: 0, lasts: undefined, trips: [1, 2], away: 500 },
  ])("$file: whoever is thrown out stays in for $stays s", async (expected) => {
    const { measureLogin } = await import("../../../shared/experiments/jwt/measure.ts");
    const { variants } = await import("../../../shared/experiments/jwt/variants.ts");
    const file = expected.file === "sessions" ? "solutions/07" : `jwt/${expected.file}.ts`;
    const variant = variants.find((each) => each.file.includes(file));
    const cleanup = new Cleanup();
    const login = await measureLogin(cleanup, variant!, inject("redisUrl"));
    await cleanup.all();
    const { "the end of the account": afterTheEnd, ...others } = login.staysInSeconds;
    expect(afterTheEnd).toBe(0);
    // A token's time begins with a whole second.
    for (const seconds of Object.values(others)) {
      expect(Math.abs(seconds - expected.stays)).toBeLessThanOrEqual(30);
    }
    expect(login.lastsSeconds).toBe(expected.lasts);
    expect([login.roundTrips, login.roundTripsAfterPause]).toEqual(expected.trips);
    expect(login.statusWithoutRedis).toBe(expected.away);
  });

  test("a goal that does not apply is one of the steps that are judged", async () => {
    const { variants } = await import("../../../shared/experiments/jwt/variants.ts");
    const { judgedSteps } = await import("../../../shared/experiments/jwt/goals.ts");
    const names = judgedSteps.flatMap(({ goals }) => goals.map(({ name }) => name));
    expect(steps).toEqual(expect.arrayContaining(judgedSteps));
    for (const { notApplicable } of variants) {
      for (const name of Object.keys(notApplicable)) expect(names).toContain(name);
    }
  });
});
