import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterEach, expect, onTestFinished, test } from "vitest";
import type { Config } from "../../shared/app/config.ts";
import {
  forgetConfiguration,
  misreadConfiguration,
  watchedConfig,
} from "../../shared/testing/configuration.ts";

const config: Config = {
  env: "production",
  sessionSecret: undefined,
  previousSessionSecrets: [],
};

afterEach(forgetConfiguration);

test("what is there is read without a word, also when it is undefined", async () => {
  await appDoes("[config.env, config.sessionSecret, { ...config }, JSON.stringify(config.env)]");
  expect(misreadConfiguration()).toBeUndefined();
});

test("a name that does not exist is told, with its place and the names that do", async () => {
  await appDoes("config.SESSION_SECRET");
  expect(misreadConfiguration()).toEqual({
    claim: "`config` has no SESSION_SECRET (app.ts:1).",
    reason: "It has `config.env`, `config.sessionSecret` and `config.previousSessionSecrets`.",
  });
});

test("what the app writes is told, read back by it, and nobody else's", async () => {
  expect(await appDoes('(config.env = "development", config.env)')).toBe("development");
  expect(misreadConfiguration()?.claim).toBe("`config.env` is overwritten (app.ts:1).");
  expect(config.env).toBe("production");
});

test("what others ask is their own affair", () => {
  expect(Reflect.get(watchedConfig(config), "isProduction")).toBeUndefined();
  expect(misreadConfiguration()).toBeUndefined();
});

/** Evaluates an expression as an app's file would. */
async function appDoes(expression: string): Promise<unknown> {
  const folder = await mkdtemp(join(tmpdir(), "config-"));
  onTestFinished(() => rm(folder, { recursive: true }));
  const file = join(folder, "app.ts");
  await writeFile(file, `export const create = (config) => ${expression};\n`);
  const app = (await import(/* @vite-ignore */ pathToFileURL(file).href)) as {
    create(config: Config): unknown;
  };
  return app.create(watchedConfig(config));
}
