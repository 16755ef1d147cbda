// `npm run screenshots`: the pictures of the README, light and dark, in docs/.
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import type { Page } from "playwright-core";
import { openInspector } from "../../shared/inspector/open.ts";
import { findStep } from "../../shared/runner/manifest.ts";
import { root, stepPaths } from "../../shared/runner/paths.ts";
import { findChromium, launchChromium } from "./system-chromium.ts";

const folder = join(root, "docs");

interface Picture {
  name: string;
  step: number;
  app: "solution" | "starter";
  /** Buttons of the two browsers, in turn. */
  presses: (readonly [person: "ada" | "mallory", button: string])[];
  attack?: string;
}

const pictures: Picture[] = [
  {
    name: "step-1",
    step: 1,
    app: "solution",
    presses: [
      ["ada", "Visit"],
      ["ada", "Visit"],
      ["mallory", "Visit"],
    ],
  },
  {
    name: "step-3",
    step: 3,
    app: "solution",
    presses: [
      ["ada", "Visit"],
      ["ada", "Log in as Ada"],
    ],
  },
  {
    name: "step-6-before",
    step: 6,
    app: "solution",
    presses: [
      ["ada", "Log in as Ada"],
      ["ada", "Who am I?"],
    ],
  },
  {
    name: "step-6-attack",
    step: 6,
    app: "solution",
    presses: [["ada", "Log in as Ada"]],
    attack: "use a copied cookie after the logout",
  },
];

const chromium = findChromium();
if (!chromium) {
  console.error("There is no Chromium here. Install one, or name it: CHROME_PATH=/path/to/chrome");
  process.exit(1);
}
mkdirSync(folder, { recursive: true });
const browser = await launchChromium(chromium);
try {
  for (const picture of pictures) await take(picture);
} finally {
  await browser.close();
}

async function take({ name, step: number, app, presses, attack }: Picture): Promise<void> {
  const step = findStep(String(number));
  if (!step) throw new Error(`There is no step ${number}.`);
  const { inspector, close } = await openInspector({ step, file: stepPaths(step)[app] });
  try {
    await inspector.settled();
    const page = await browser.newPage({ viewport: { width: 1280, height: 860 } });
    await page.goto(inspector.pageUrl);
    for (const [person, button] of presses) {
      const before = inspector.recording.entries.length;
      await page
        .locator(`.browser[data-who="${person}"]`)
        .getByRole("button", { name: button })
        .first()
        .click();
      await answered(page, () => inspector.recording.entries.length > before);
    }
    if (attack) {
      await page.getByLabel("Mallory tries to").selectOption(attack);
      await page.getByRole("button", { name: "Play the attack" }).click();
      await page.locator(".note.good, .note.bad").nth(1).waitFor();
    }
    // The jar and the keys follow the answer.
    await page.waitForTimeout(1_000);
    for (const scheme of ["light", "dark"] as const) {
      await page.emulateMedia({ colorScheme: scheme });
      await page.screenshot({ path: join(folder, `${name}-${scheme}.png`) });
      console.log(`docs/${name}-${scheme}.png`);
    }
    await page.close();
  } finally {
    await close();
  }
}

/** Waits for an exchange and for what it leaves in the window. */
async function answered(page: Page, begun: () => boolean): Promise<void> {
  while (!begun()) await page.waitForTimeout(20);
  await page.waitForTimeout(500);
}
