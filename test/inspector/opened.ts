import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import { openInspector, type Opened } from "../../shared/inspector/open.ts";
import type { RecordedExchange } from "../../shared/inspector/recording.ts";
import { findStep, type StepEntry } from "../../shared/runner/manifest.ts";
import { root } from "../../shared/runner/paths.ts";

export const oddApp = join(root, "test/inspector/odd-app.ts");

export function stepNumber(number: number): StepEntry {
  const step = findStep(String(number));
  if (!step) throw new Error(`There is no step ${number}.`);
  return step;
}

/** An inspector whose app runs, until the test ends. */
export async function opened(options: Parameters<typeof openInspector>[0]): Promise<Opened> {
  const result = await openInspector(options);
  onTestFinished(() => result.close());
  await result.inspector.settled();
  return result;
}

/** A file with that source, two folders below the root as those of the steps, until the test ends. */
export function appFile(source: string): string {
  mkdirSync(join(root, ".workshop"), { recursive: true });
  const folder = mkdtempSync(join(root, ".workshop/app-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const file = join(folder, "app.ts");
  writeFileSync(file, source);
  return file;
}

/** Resolves once the recording fits, with what the look returned. */
export async function recorded<Found>(
  { inspector: { recording } }: Opened,
  look: (exchanges: RecordedExchange[]) => Found | undefined | false,
): Promise<Found> {
  const found = () => look(recording.entries.filter((entry) => entry.kind === "exchange"));
  return new Promise((resolve) => {
    const check = () => {
      const result = found();
      if (!result) return;
      recording.off("entry", check);
      resolve(result);
    };
    recording.on("entry", check);
    check();
  });
}
