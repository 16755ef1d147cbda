import { expect, test } from "vitest";
import { Recording, type RecordedExchange } from "../../shared/inspector/recording.ts";
import { traceOf, traceTo } from "../../shared/inspector/trace.ts";

const id = "r_IW3kqvXz0aB1cD2eF3gH4iJ5kL6mN7";
const exchange: RecordedExchange = {
  kind: "exchange",
  number: 1,
  at: 1_000,
  who: "Ada",
  method: "POST",
  url: "/auth/login",
  headers: [["Cookie", `sid=s%3A${id}.${"Zy9".repeat(14)}`]],
  throughProxy: undefined,
  commands: [
    {
      at: 1_001,
      name: "GET",
      args: [`sess:${id}`],
      late: false,
      reply: { at: 1_002, text: "(nil)", failed: false },
    },
    { at: 1_005, name: "SET", args: [`sess:${id}`, "\u001b[2Jcleared"], late: true },
  ],
  answer: {
    at: 1_004,
    status: 200,
    reason: "OK",
    headers: [["Set-Cookie", `sid=s%3A${id}.${"Zy9".repeat(14)}; Path=/; HttpOnly; SameSite=Lax`]],
  },
  end: {
    at: 1_004,
    complete: true,
    sent: { bytes: 0, text: "" },
    received: { bytes: 0, text: "" },
  },
};

test("an exchange is a few aligned lines of 60 columns, without ids", () => {
  const lines = traceOf(exchange, { columns: 60, color: false }).split("\n");
  expect(lines).toEqual([
    "      Ada  POST /auth/login",
    "           Cookie: sid=s%3Ar_IW…",
    "    Redis  GET sess:r_IW… → (nil)",
    "   answer  200 OK, 4 ms",
    "           Set-Cookie: sid=s%3Ar_IW…; Path=/; HttpOnly; Sam…",
    "     late  SET sess:r_IW… cleared",
  ]);
  for (const line of lines) expect(line.length).toBeLessThanOrEqual(60);
});

test("colour is for terminals, and a broken connection is said to be one", () => {
  expect(traceOf(exchange, { columns: 80, color: true })).toContain("\u001b[32m200 OK");
  const { answer: _, ...unanswered } = exchange;
  expect(traceOf(unanswered, { columns: 80, color: false })).toContain("the connection broke");
});

test("a command that comes when the answer has left is printed by itself, and says whose it was", () => {
  const written: string[] = [];
  const recording = new Recording();
  traceTo((text) => void written.push(text), recording, { columns: 80, color: false });
  const nothing = { bytes: 0, text: "" };
  const request = { exchange: 1, method: "POST", url: "/auth/logout" };
  recording.take({ ...request, type: "request", at: 1, headers: [], throughProxy: undefined });
  recording.take({
    type: "answer",
    exchange: 1,
    at: 2,
    status: 204,
    reason: "No Content",
    headers: [],
  });
  recording.take({
    type: "end",
    exchange: 1,
    at: 2,
    complete: true,
    sent: nothing,
    received: nothing,
  });
  expect(written.splice(0)).toHaveLength(1);
  const command = { command: 1, exchange: 1, late: true, name: "del", args: ["sess:a"] };
  recording.take({ ...command, type: "command", at: 3 });
  expect(written).toEqual([]);
  recording.take({ type: "reply", command: 1, at: 4, text: "1", failed: false });
  expect(written).toEqual(["     late  DEL sess:a → 1, after POST /auth/logout"]);
});
