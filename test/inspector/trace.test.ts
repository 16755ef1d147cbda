import { expect, test } from "vitest";
import type { RecordedExchange } from "../../shared/inspector/recording.ts";
import { traceOf } from "../../shared/inspector/trace.ts";

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
