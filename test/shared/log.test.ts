import { Redis } from "ioredis";
import { afterEach, expect, inject, test, vi } from "vitest";
import { describeError, loggedErrors, logError } from "../../shared/app/log.ts";
import { KeySpace } from "../../shared/redis/key-space.ts";

afterEach(() => {
  vi.restoreAllMocks();
});

test("an error of Redis is named by its code and its command, without arguments", async () => {
  const redis = new Redis(inject("redisUrl"));
  const keys = new KeySpace(redis, `${inject("keyPrefix")}log:`);
  const key = `${keys.prefix}sess:0123456789abcdef`;
  await redis.rpush(key, "secret content");
  const error = await redis.get(key).catch((thrown: unknown) => thrown);
  expect(JSON.stringify(error)).toContain("sess:0123456789abcdef");
  expect(describeError(error)).toBe("ReplyError WRONGTYPE (get)");
  await keys.clear();
  redis.disconnect();
});

test("what Redis repeats of a command is left out", () => {
  const error = Object.assign(
    new Error("ERR unknown command 'AUHT', with args beginning with: 'default' 'hunter2'"),
    { name: "ReplyError", command: { name: "auht", args: ["default", "hunter2"] } },
  );
  expect(describeError(error)).toBe("ReplyError ERR (auht)");
});

test("of the stack, the places are logged, and no line of the message that looks like one", () => {
  const log = vi.spyOn(console, "error").mockImplementation(() => {});
  logError(new Error("x\n    at \u001b[2J hunter2"));
  const [[text = ""] = []] = log.mock.calls as string[][];
  expect(text).toMatch(/^Error x at \[2J hunter2\n {4}at .*log\.test\.ts/);
  expect(text).not.toContain("\u001b");
});

test("what JSON.parse quotes is left out", () => {
  for (const text of ['{"userId":', "hunter2", '{"password":"hunter2"', "[1,hunter2]"]) {
    const error = thrownBy(() => JSON.parse(text));
    expect(describeError(error)).toBe("SyntaxError");
  }
});

test.for([
  [new TypeError("user is undefined"), "TypeError user is undefined"],
  [new Error("Command timed out"), "Error Command timed out"],
  [
    Object.assign(new Error("connect ECONNREFUSED 127.0.0.1:6379"), { code: "ECONNREFUSED" }),
    "Error connect ECONNREFUSED 127.0.0.1:6379",
  ],
  [
    Object.assign(new AggregateError([], ""), { code: "ECONNREFUSED" }),
    "AggregateError ECONNREFUSED",
  ],
  [new Error("two\nlines"), "Error two lines"],
  ["boom", "something was thrown that is no Error"],
  [null, "something was thrown that is no Error"],
  [{ password: "hunter2" }, "something was thrown that is no Error"],
] as const)("%s is described as %s", ([error, says]) => {
  expect(describeError(error)).toBe(says);
});

test("the log gets the description and the places, and a monitor the whole error", () => {
  const lines = vi.spyOn(console, "error").mockImplementation(() => {});
  const seen: unknown[] = [];
  const listen = (message: unknown) => seen.push(message);
  loggedErrors.subscribe(listen);
  const error = Object.assign(new Error("first\nsecond"), { command: { args: ["hunter2"] } });
  logError(error);
  loggedErrors.unsubscribe(listen);
  expect(seen).toEqual([{ error }]);
  expect(lines).toHaveBeenCalledTimes(1);
  const [line] = lines.mock.calls[0] as [string];
  expect(line).toMatch(/^Error first second\n {4}at .*log\.test\.ts/);
  expect(line).not.toContain("hunter2");
});

function thrownBy(action: () => unknown): unknown {
  try {
    action();
  } catch (error) {
    return error;
  }
  throw new Error("Nothing was thrown.");
}
