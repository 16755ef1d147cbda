// The experiment stores. Without its packages there is nothing to test: `npm run experiment stores` installs them.
import { writeFileSync, mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { SessionStore } from "../../../shared/app/session-store.ts";
import { Cleanup } from "../../../shared/experiments/cleanup.ts";
import { areInstalled } from "../../../shared/experiments/packages.ts";
import { root } from "../../../shared/runner/paths.ts";
import { UserError } from "../../../shared/runner/user-error.ts";
import { steps } from "../../../shared/runner/manifest.ts";

const folder = join(root, ".workshop", "stores-test");

describe.skipIf(!areInstalled())("with the packages of the experiments", () => {
  let cleanup: Cleanup;

  beforeEach(() => {
    cleanup = new Cleanup();
  });

  afterEach(async () => {
    await cleanup.all();
    delete process.env.DATABASE_URL;
  });

  test("an address of PostgreSQL or MongoDB that cannot be used is a sentence without its password", async () => {
    const { provideMongo, providePostgres } =
      await import("../../../shared/experiments/stores/databases.ts");
    const refusals = [
      providePostgres(cleanup, "postgres://ada:secret@127.0.0.1:1/sessions"),
      provideMongo(cleanup, "mongodb://ada:secret@127.0.0.1:1/"),
      providePostgres(cleanup, "ada:secret@127.0.0.1"),
      providePostgres(cleanup, "mysql://ada:secret@127.0.0.1"),
      provideMongo(cleanup, "secret"),
    ].map((refusal) => refusal.catch((error: unknown) => error));
    for (const refusal of await Promise.all(refusals)) {
      expect(refusal).toBeInstanceOf(UserError);
      const { message } = refusal as UserError;
      expect(message).toMatch(
        /^(DATABASE|MONGODB)_URL (names .+, which cannot be used: .+\. Start it, .+|is no address .+)\.$/,
      );
      expect(message).not.toContain("secret");
    }
  });

  test("PostgreSQL behaves as the table says", async () => {
    const { providePostgres } = await import("../../../shared/experiments/stores/databases.ts");
    const { PostgresStore } = await import("../../../shared/experiments/stores/postgres.ts");
    expect(await behaviourOf("PostgreSQL", PostgresStore, () => providePostgres(cleanup))).toEqual({
      ...common,
      isLeftBehind: true,
      comesBackAfterLogout: true,
    });
  });

  test("Redis behaves as the table says", async () => {
    const { provideRedisSessions } =
      await import("../../../shared/experiments/stores/databases.ts");
    const provide = () => provideRedisSessions(cleanup);
    expect(await behaviourOf("Redis", SessionStore, provide)).toEqual({
      ...common,
      isLeftBehind: false,
      comesBackAfterLogout: false,
    });
  });

  test("the diff is a few lines, and the app is the solution otherwise", async () => {
    const { diffTo, variants } = await import("../../../shared/experiments/stores/variants.ts");
    for (const variant of variants) {
      const lines = diffTo(variant).split("\n").filter(Boolean);
      const counts = ["+", "-"].map((sign) => lines.filter((line) => line.startsWith(sign)).length);
      expect(counts).toEqual(variant.name === "Redis" ? [0, 0] : [2, 6]);
    }
  });

  test("goals that look into Redis are left out, and no others", async () => {
    const { goalsOfAnyStore } = await import("../../../shared/experiments/stores/goals.ts");
    const names = steps.filter(({ number }) => number > 1 && number < 7).flatMap(goalsOfAnyStore);
    for (const kept of [
      "a wrong password answers 401",
      "a forged cookie answers 401",
      "other devices stay logged in",
      "after a rotation, cookies signed with the previous secret still work",
    ]) {
      expect(names).toContain(kept);
    }
    for (const left of [
      "a lost connection is logged in a line of your own",
      "a login that cannot be stored is an error",
      "a store that fails answers 500",
      "the cookie from before logout is refused",
      "the session still lasts a day",
    ]) {
      expect(names).not.toContain(left);
    }
  });

  const common = {
    isShared: true,
    callsOfReading: "get, touch",
    isProlonged: true,
    isRefusedAfterItsTime: true,
    parallelVisits: 1,
    outages: {
      refuses: { status: 500, ms: expect.any(Number), comesBack: true },
      "falls silent": { status: 500, ms: expect.any(Number), comesBack: true },
    },
  };

  async function behaviourOf(
    name: string,
    store: typeof SessionStore | object,
    provide: () => Promise<
      import("../../../shared/experiments/stores/databases.ts").SessionDatabase
    >,
  ) {
    const { variants } = await import("../../../shared/experiments/stores/variants.ts");
    const { StoreCalls } = await import("../../../shared/experiments/stores/calls.ts");
    const { measureBehaviour } = await import("../../../shared/experiments/stores/measure.ts");
    const { source } = variants.find((each) => each.name === name)!;
    const file = join(folder, `${name}.ts`);
    mkdirSync(folder, { recursive: true });
    cleanup.add(() => rmSync(folder, { recursive: true }));
    writeFileSync(file, source);
    const database = await provide();
    const module = await import(/* @vite-ignore */ pathToFileURL(file).href);
    const calls = new StoreCalls(store as typeof SessionStore);
    const { inject } = await import("vitest");
    return measureBehaviour(cleanup, module, database, calls, inject("redisUrl"));
  }
});
