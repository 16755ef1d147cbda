// `npm run experiment`: what it is given wrongly is said in a sentence, before anything is installed.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { experiment } from "../../shared/experiments/experiment.ts";
import { UserError } from "../../shared/runner/user-error.ts";
import { copyWorkshop, runPiped } from "../runner/terminal.ts";

let workshop: ReturnType<typeof copyWorkshop>;

beforeAll(() => {
  workshop = copyWorkshop();
});

afterAll(() => workshop.remove());

test.for([
  { args: [], says: "Which experiment? There are:" },
  { args: ["wat"], says: 'There is no experiment "wat". There are:' },
  { args: ["toString"], says: 'There is no experiment "toString".' },
  { args: ["jwt", "stores"], says: "It takes one experiment, and not stores too." },
  { args: ["jwt", "--seconds", "0"], says: "--seconds takes a whole number from 1 on" },
  {
    args: ["jwt", "--seconds", "soon"],
    says: '--seconds takes a whole number from 1 on, and not "',
  },
  { args: ["jwt", "--wat"], says: "Unknown option '--wat'." },
])("experiment $args is answered in a sentence", async ({ args, says }) => {
  const refusal = await experiment(args, () => {}).catch((error: unknown) => error);
  expect(refusal).toBeInstanceOf(UserError);
  const { message } = refusal as UserError;
  expect(message).toContain(says);
  expect(message).toContain("Try: npm run experiment jwt");
});

test("each experiment is listed with what it is about", async () => {
  const { output, exitCode } = await runPiped(workshop.folder, ["experiment"]);
  for (const name of ["jwt", "stores", "scale"])
    expect(output).toMatch(new RegExp(`^ +${name} +\\w`, "m"));
  expect(output).not.toContain("Installing");
  expect(exitCode).toBe(1);
});

test("without a network, the first use says what is missing and when to try again", async () => {
  const cache = mkdtempSync(join(tmpdir(), "workshop-cache-"));
  const { exitCode, output } = await runPiped(workshop.folder, ["experiment", "jwt"], {
    npm_config_registry: "http://127.0.0.1:1/",
    npm_config_cache: cache,
    npm_config_fetch_retries: "0",
  });
  rmSync(cache, { recursive: true, force: true });
  const [first = "", reason = ""] = output.trim().split(/\n\n+/);
  expect(first).toContain("Installing what the experiments need into shared/experiments");
  expect(reason.replaceAll(/\s+/g, " ").trim()).toMatch(
    /^The packages of the experiments could not be installed \(npm: .*ECONNREFUSED.*\)\..* run the same command again\.$/,
  );
  expect(exitCode).toBe(1);
});
