import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { atMost, hurried, pause } from "../../shared/testing/time.ts";
import { median } from "../median.ts";

const hour = 60 * 60 * 1000;

test("hurried timers end sooner, with their arguments", async () => {
  const heard: string[] = [];
  await hurried(hour, async () => {
    await new Promise<void>((resolve) => {
      setTimeout(
        (what: string) => {
          heard.push(what);
          resolve();
        },
        hour,
        "rang",
      );
    });
    await promisify(setTimeout)(1);
    await new Promise<void>((resolve) => {
      const timer = setInterval(() => {
        clearInterval(timer);
        resolve();
      }, hour);
    });
  });
  expect(heard).toEqual(["rang"]);
});

test("afterwards, timers take their time again, whatever happened", async () => {
  const before = [globalThis.setTimeout, globalThis.setInterval];
  await expect(
    hurried(10, async () => {
      throw new Error("in the middle");
    }),
  ).rejects.toThrow("in the middle");
  expect([globalThis.setTimeout, globalThis.setInterval]).toEqual(before);
});

test("a pause leaves room for an answer that is on its way, even when the thread was put off", async () => {
  const server = createServer((_req, res) => res.end("here")).listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  const { port } = server.address() as AddressInfo;
  let answered = false;
  const asking = fetch(`http://127.0.0.1:${port}`).then(() => (answered = true));
  const paused = pause(25);
  // Longer than the pause: a timer of 25 ms would ring before the network is looked at.
  for (const end = performance.now() + 60; performance.now() < end;);
  await paused;
  expect(answered).toBe(true);
  await asking;
  server.close();
});

test.for([
  { values: [3], middle: 3 },
  { values: [5, 1, 3], middle: 3 },
  { values: [1, 2, 3, 100], middle: 3 },
])("the median of $values", ({ values, middle }) => {
  expect(median(values)).toBe(middle);
});

test("what ends, well or not, is waited for, and what does not end is not", async () => {
  let ended = false;
  const soon = pause(2).then(() => void (ended = true));
  await atMost(hour, soon);
  expect(ended).toBe(true);
  await expect(atMost(hour, Promise.reject(new Error("away")))).resolves.toBeUndefined();
  await expect(atMost(2, new Promise(() => {}))).resolves.toBeUndefined();
});
