import { promisify } from "node:util";
import { expect, test } from "vitest";
import { watchTimers } from "../../shared/testing/timers.ts";

test("what was put off is run at once, with its arguments, and once", async () => {
  const ran: unknown[] = [];
  const timers = watchTimers();
  setTimeout((...args: unknown[]) => ran.push(...args), 20, "a", "b");
  setTimeout(() => ran.push("an hour later"), 3_600_000);
  timers.runAll();
  timers.runAll();
  timers.release();
  expect(ran).toEqual(["a", "b", "an hour later"]);
  await new Promise((resolve) => setTimeout(resolve, 30));
  expect(ran).toHaveLength(3);
});

test("what was cleared, or has happened, is not run", async () => {
  const ran: string[] = [];
  const timers = watchTimers();
  clearTimeout(setTimeout(() => ran.push("cleared"), 10_000));
  clearInterval(setInterval(() => ran.push("cleared"), 10_000));
  await promisify(setTimeout)(5);
  await new Promise<void>((resolve) => setTimeout(() => (ran.push("in time"), resolve()), 1));
  timers.runAll();
  timers.release();
  expect(ran).toEqual(["in time"]);
});

test("an interval is run each time, until it is cleared", () => {
  let runs = 0;
  const timers = watchTimers();
  const interval = setInterval(() => runs++, 60_000);
  timers.runAll();
  timers.runAll();
  clearInterval(interval);
  timers.runAll();
  timers.release();
  expect(runs).toBe(2);
});

test("a timer that puts off another one does not run for ever", () => {
  let runs = 0;
  const timers = watchTimers();
  const again = () => {
    runs++;
    setTimeout(again, 60_000).unref();
  };
  again();
  timers.runAll();
  timers.release();
  expect(runs).toBe(2);
});

test("a timer that another one has just cancelled does not run", () => {
  let runs = 0;
  const timers = watchTimers();
  setTimeout(() => clearTimeout(later), 60_000);
  const later = setTimeout(() => runs++, 60_000);
  timers.runAll();
  timers.release();
  expect(runs).toBe(0);
});

test("release gives the timers back", () => {
  const { setTimeout: before } = globalThis;
  const timers = watchTimers();
  expect(globalThis.setTimeout).not.toBe(before);
  timers.release();
  expect(globalThis.setTimeout).toBe(before);
});

test("what was put off and is cancelled never happens", async () => {
  const ran: string[] = [];
  const timers = watchTimers();
  setTimeout(() => ran.push("once"), 1);
  setInterval(() => ran.push("each time"), 1);
  timers.cancelAll();
  timers.release();
  await new Promise((resolve) => setTimeout(resolve, 10));
  expect(ran).toEqual([]);
});
