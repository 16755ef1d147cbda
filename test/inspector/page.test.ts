// The page in a real Chromium: two browsers with a jar each, and what only a browser can prove.
import { readFileSync, writeFileSync } from "node:fs";
import type { Browser, BrowserContext, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, onTestFinished, test as base } from "vitest";
import type { Opened } from "../../shared/inspector/open.ts";
import { stepPaths } from "../../shared/runner/paths.ts";
import { appFile, opened, stepNumber } from "./opened.ts";
import { findChromium, launchChromium } from "./system-chromium.ts";

const chromium = findChromium();
if (!chromium) {
  if (process.env.REQUIRE_CHROMIUM) throw new Error("REQUIRE_CHROMIUM is set, and there is none.");
  console.log("No Chromium on this system: the page is not tested. CHROME_PATH may name one.");
}
const test = base.skipIf(!chromium);

let browser: Browser;

beforeAll(async () => {
  if (chromium) browser = await launchChromium(chromium);
}, 60_000);

afterAll(() => browser?.close());

/** The page, and what a person does with it. */
class Desk {
  readonly page: Page;
  readonly complaints: string[] = [];

  private constructor(page: Page) {
    this.page = page;
    page.setDefaultTimeout(30_000);
    page.on("pageerror", (error) => this.complaints.push(String(error)));
    page.on("console", (message) => {
      // Chromium tells of every 4xx; the rest would be ours.
      if (message.type() === "error" && !/status of [45]\d\d|ERR_/.test(message.text())) {
        this.complaints.push(message.text());
      }
    });
  }

  static async at(
    site: Opened,
    prepare?: (context: BrowserContext) => Promise<unknown>,
  ): Promise<Desk> {
    const context = await browser.newContext();
    await prepare?.(context);
    onTestFinished(() => context.close());
    const desk = new Desk(await context.newPage());
    await desk.page.goto(site.inspector.url);
    await desk.page.getByRole("status").getByText("runs").waitFor();
    return desk;
  }

  of(person: "ada" | "mallory") {
    const card = this.page.locator(`.browser[data-who="${person}"]`);
    const window = card.frameLocator("iframe");
    return {
      jar: card.locator(".jar"),
      window,
      /** Presses a button, and waits for the answer in the browser's window. */
      press: async (button: string, shows: string | RegExp) => {
        await card.getByRole("button", { name: button, exact: true }).click();
        await window.getByText(shows).first().waitFor();
      },
      click: (button: string) => card.getByRole("button", { name: button, exact: true }).click(),
    };
  }

  get exchanges() {
    return this.page.locator("#entries > .exchange");
  }

  get keys() {
    return this.page.locator("#keys .key:not(.deleted)");
  }
}

const solution = (number: number) => {
  const step = stepNumber(number);
  return opened({ step, file: stepPaths(step).solution });
};

describe("the page", () => {
  test("/ leads to it, and two browsers have two jars", async () => {
    const site = await solution(1);
    const desk = await Desk.at(site);
    expect(desk.page.url()).toBe(`http://workshop.localhost:${site.inspector.port}/__inspector/`);
    const [ada, mallory] = [desk.of("ada"), desk.of("mallory")];
    await ada.press("Visit", '"visits":1');
    await ada.press("Visit", '"visits":2');
    await mallory.press("Visit", '"visits":1');
    await ada.jar.getByText("connect.sid").waitFor();
    await desk.page.getByText("in the memory of the process").waitFor();
    expect(desk.complaints).toEqual([]);
  });

  test("a login is shown as it travels: cookie, commands, answer, keys", async () => {
    const desk = await Desk.at(await solution(3));
    const ada = desk.of("ada");
    await ada.press("Visit", '"visits":1');
    await ada.press("Log in as Ada", "ada@example.com");
    const login = desk.exchanges.nth(1);
    await login.getByText("200 OK").waitFor();
    await expect
      .poll(() => login.locator(".command .line").allTextContents())
      .toEqual([
        expect.stringMatching(/^GET sess:\S{4}…$/),
        expect.stringMatching(/^DEL sess:\S{4}…$/),
        expect.stringMatching(/^SET sess:\S{4}… .*userId.* EX 86400$/),
      ]);
    await login.getByText(/^Cookie: connect\.sid=s%3A\S{4}…$/).waitFor();
    await login.getByText(/^Set-Cookie: connect\.sid=s%3A\S{4}…; Path=\/; .*HttpOnly/).waitFor();
    await expect.poll(() => desk.keys.count()).toBe(1);
    await desk.keys.getByText("userId: ").waitFor();
    await desk.page.locator(".key.deleted").getByText("deleted").waitFor();
    // A click opens it whole, and no id is to be seen before it is asked for.
    await login.getByRole("button").click();
    const dialog = desk.page.getByRole("dialog");
    await dialog.getByText('"password":"…"').waitFor();
    const secret = /sess:[\w-]{20,}/;
    expect(await dialog.textContent()).not.toMatch(secret);
    await dialog.getByRole("button", { name: "Close" }).click();
    await desk.page.keyboard.press("i");
    await desk.page.locator("#keys").getByText(secret).first().waitFor();
    expect(desk.complaints).toEqual([]);
  });

  test("the TTL runs down", async () => {
    const desk = await Desk.at(await solution(3));
    await desk.of("ada").press("Log in as Ada", "ada@example.com");
    const time = desk.keys.locator("time");
    await time.waitFor();
    const before = await time.textContent();
    await expect.poll(() => time.textContent()).not.toBe(before);
    expect(await time.textContent()).toMatch(/^23:59:\d\d$/);
  });

  test("HttpOnly hides: document.cookie is what a script really reads", async () => {
    const hidden = await Desk.at(await solution(6));
    const ada = hidden.of("ada");
    await ada.press("Visit", '"visits":1');
    await expect.poll(() => ada.jar.locator("tr.there th").allTextContents()).toContain("HttpOnly");
    await ada.jar.getByText("a script reads nothing").waitFor();

    const source = readFileSync(stepPaths(stepNumber(6)).solution, "utf8");
    const open = source.replace("httpOnly: true", "httpOnly: false");
    const desk = await Desk.at(await opened({ step: stepNumber(6), file: appFile(open) }));
    const shown = desk.of("ada");
    await shown.press("Visit", '"visits":1');
    await shown.jar
      .locator(".readable")
      .getByText(/sid=s%3A/)
      .waitFor();
    await expect
      .poll(() => shown.jar.locator("tr.missing th").allTextContents())
      .toContain("HttpOnly");
  });

  test("in production Secure and __Host- bind, behind the proxy, and the login works", async () => {
    const site = await solution(6);
    const desk = await Desk.at(site);
    await desk.page.getByRole("button", { name: "Production" }).click();
    await desk.page.getByRole("status").getByText("production, behind a TLS proxy").waitFor();
    await desk.page.getByRole("status").getByText("runs").waitFor();
    const ada = desk.of("ada");
    await ada.press("Log in as Ada", "ada@example.com");
    await ada.press("Who am I?", '"displayName":"Ada"');
    await ada.jar.getByText("__Host-sid").waitFor();
    await expect
      .poll(() => ada.jar.locator("tr.there th").allTextContents())
      .toEqual(["HttpOnly", "Secure", "SameSite", "__Host-"]);
    await desk.exchanges.first().getByText("https at the proxy").waitFor();
    // Past the proxy, on plain http, the app refuses.
    expect((await fetch(`${site.inspector.url}/visits`)).status).toBe(403);
  });

  test("SameSite withholds: a page of another site posts without the cookie", async () => {
    const sent = async (source: string) => {
      const site = await opened({ step: stepNumber(6), file: appFile(source) });
      const desk = await Desk.at(site);
      await desk.of("ada").press("Log in as Ada", "ada@example.com");
      const popup = desk.page.context().waitForEvent("page");
      await desk.of("ada").click("Open a page of another site");
      const other = await popup;
      await other.waitForURL(/auth\/logout/);
      const form = desk.exchanges.nth(1);
      await form.getByText("403 Forbidden").waitFor();
      return form.locator(".request .small").textContent();
    };
    const source = readFileSync(stepPaths(stepNumber(6)).solution, "utf8");
    expect(await sent(source)).toBe("no cookie");
    // Chromium sends a fresh cookie without the flag along; other browsers do so always.
    expect(await sent(source.replace(', sameSite: "lax"', ""))).toMatch(/^Cookie: sid=/);
  });

  test("a copied cookie works in the other browser until the logout", async () => {
    const desk = await Desk.at(await solution(5));
    const [ada, mallory] = [desk.of("ada"), desk.of("mallory")];
    await ada.press("Log in as Ada", "ada@example.com");
    await mallory.press("Who am I?", "not_authenticated");
    await ada.jar.getByText("connect.sid").waitFor();
    await mallory.press("Take Ada's cookie", "204");
    await mallory.press("Who am I?", '"displayName":"Ada"');
    await ada.press("Log out", "204 No Content");
    await mallory.press("Who am I?", "not_authenticated");
    await ada.jar.getByText("The jar is empty.").waitFor();
    await mallory.press("Clear cookies", "204");
    await mallory.jar.getByText("The jar is empty.").waitFor();
  });

  test("an attack plays in the diagram, act by act, and ends with a sentence", async () => {
    const desk = await Desk.at(await solution(5));
    await desk.page
      .getByLabel("Mallory tries to")
      .selectOption("use a copied cookie after the logout");
    await desk.page.getByRole("button", { name: "Play the attack" }).click();
    const verdict = desk.page.locator(".note.good");
    await verdict.getByText(/The attack was stopped\. .* By: destroy/).waitFor();
    const acts = await desk.page.locator("#entries > .note").allTextContents();
    expect(acts.slice(0, 2)).toEqual([
      "Attack: use a copied cookie after the logout",
      "Ada logs in.",
    ]);
    await expect
      .poll(() => desk.exchanges.locator(".who").allTextContents())
      .toEqual(["Ada", "Mallory", "Ada", "Mallory"]);
  });

  test("a restart keeps the page, and the session in Redis", async () => {
    const desk = await Desk.at(await solution(2));
    const ada = desk.of("ada");
    await ada.press("Visit", '"visits":1');
    await desk.page.getByRole("button", { name: "Restart the server" }).click();
    await ada.press("Visit", '"visits":2');
    await desk.page.locator(".note").getByText("Restart").waitFor();
    await desk.page.getByRole("status").getByText("runs").waitFor();
  });

  test("a browser's window that was cut off while it loaded comes with the restarted server", async () => {
    const desk = await Desk.at(await solution(1), (context) =>
      context.route("http://ada.*/**/browser.js", (route) => route.abort(), { times: 1 }),
    );
    await desk.page.getByRole("button", { name: "Restart the server" }).click();
    await desk.of("ada").press("Visit", '"visits":1');
  });

  test("an app that dies is shown with file and line, and recovers when it is saved", async () => {
    const step = stepNumber(1);
    const source = readFileSync(stepPaths(step).solution, "utf8");
    const file = appFile(source);
    const site = await opened({ step, file });
    const desk = await Desk.at(site);
    writeFileSync(file, source.replace("const secret = ", "const secret = = "));
    await site.inspector.restart();
    const alert = desk.page.getByRole("alert");
    await alert.getByText(/app\.ts:\d+/).waitFor();
    writeFileSync(file, source);
    await site.inspector.restart();
    await alert.waitFor({ state: "hidden" });
    await desk.of("ada").press("Visit", '"visits":1');
  });

  test("what an app answers is text, and no script of its runs in the page", async () => {
    const step = stepNumber(1);
    const source = readFileSync(stepPaths(step).solution, "utf8").replace(
      "res.json({ data: { visits: req.session.visits } });",
      `res.send("<img src=x onerror='parent.hacked = 1'><script>parent.hacked = 1</script>");`,
    );
    const desk = await Desk.at(await opened({ step, file: appFile(source) }));
    await desk.of("ada").press("Visit", "<script>parent.hacked = 1</script>");
    await desk.exchanges.first().getByRole("button").click();
    await desk.page
      .getByRole("dialog")
      .getByText("<img src=x onerror='parent.hacked = 1'>")
      .waitFor();
    expect(await desk.page.evaluate("globalThis.hacked")).toBeUndefined();
    expect(await desk.page.locator("main img, dialog img").count()).toBe(0);
  });

  test("after a thousand exchanges it shows the newest, and the saved file has them all", async () => {
    const site = await solution(1);
    const desk = await Desk.at(site);
    for (let i = 0; i < 20; i++) {
      await Promise.all(Array.from({ length: 50 }, () => fetch(`${site.inspector.url}/health`)));
    }
    await expect.poll(() => site.inspector.recording.entries.length).toBeGreaterThanOrEqual(1_000);
    await desk.of("ada").press("Visit", '"visits":1');
    await desk.exchanges.last().getByText("GET /visits").waitFor();
    expect(await desk.page.locator("#entries > li").count()).toBeLessThanOrEqual(300);
    const download = desk.page.waitForEvent("download");
    await desk.page.getByRole("button", { name: "Save recording" }).click();
    const html = readFileSync(await (await download).path(), "utf8");
    expect(html.split('class="exchange"').length - 1).toBeGreaterThanOrEqual(1_001);
    expect(html).not.toMatch(/<script|s%3A[\w-]{20,}/);
  });

  test("it can be used by keyboard alone", async () => {
    const desk = await Desk.at(await solution(1));
    await desk.page.getByRole("button", { name: "Restart the server" }).focus();
    const reached: string[] = [];
    for (let i = 0; i < 30; i++) {
      reached.push(
        await desk.page.evaluate("document.activeElement?.textContent?.trim().slice(0, 20) ?? ''"),
      );
      await desk.page.keyboard.press("Tab");
    }
    for (const button of ["Large type", "Visit", "Health", "Play the attack"]) {
      expect(reached, reached.join(" | ")).toContain(button);
    }
    await desk.page.getByRole("button", { name: "Large type" }).focus();
    await desk.page.keyboard.press("l");
    expect(await desk.page.evaluate("document.documentElement.className")).toBe("large");
  });
});
