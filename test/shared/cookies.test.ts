import { sign, unsign } from "cookie-signature";
import { expect, test } from "vitest";
import {
  describeDuration,
  describeSetCookie,
  forge,
  parseSetCookie,
  sessionIdIn,
  shortened,
} from "../../shared/testing/cookies.ts";

test("a Set-Cookie is taken apart, flag by flag", () => {
  const header =
    "__Host-sid=s%3Aid.sig; Path=/; Domain=example.com; Max-Age=60; HttpOnly; Secure; SameSite=Lax; Partitioned";
  expect(parseSetCookie(header)).toEqual({
    name: "__Host-sid",
    value: "s%3Aid.sig",
    header,
    path: "/",
    domain: "example.com",
    httpOnly: true,
    secure: true,
    sameSite: "lax",
    partitioned: true,
    livesMs: 60_000,
  });
});

test("a bare cookie has no flags and ends with the browser", () => {
  expect(parseSetCookie("sid=1")).toEqual({
    name: "sid",
    value: "1",
    header: "sid=1",
    httpOnly: false,
    secure: false,
    partitioned: false,
  });
});

test("attributes are read in any case and with any blanks", () => {
  expect(parseSetCookie("sid=1;PATH=/a ;  httponly;secure ; samesite=STRICT")).toMatchObject({
    path: "/a",
    httpOnly: true,
    secure: true,
    sameSite: "strict",
  });
});

test.for([
  { header: "sid=a=b==; Path=/", name: "sid", value: "a=b==" },
  { header: "sid=", name: "sid", value: "" },
  { header: 'sid="quoted"', name: "sid", value: '"quoted"' },
  { header: "", name: "", value: "" },
])("name and value part at the first equals sign: $header", ({ header, name, value }) => {
  expect(parseSetCookie(header)).toMatchObject({ name, value });
});

test("a flag in the value is no flag", () => {
  expect(parseSetCookie("sid=Secure=HttpOnly")).toMatchObject({ secure: false, httpOnly: false });
});

test("Expires is counted from now", () => {
  const { livesMs = 0 } = parseSetCookie(`sid=1; Expires=${inDays(30)}`);
  expect(Math.round(livesMs / dayMs)).toBe(30);
  expect(parseSetCookie(`sid=1; Expires=${inDays(-30)}`).livesMs).toBeLessThan(0);
});

test("Max-Age wins over Expires, whatever their order", () => {
  const [day, hour] = [`Expires=${inDays(1)}`, "Max-Age=3600"];
  expect(parseSetCookie(`sid=1; ${day}; ${hour}`).livesMs).toBe(3_600_000);
  expect(parseSetCookie(`sid=1; ${hour}; ${day}`).livesMs).toBe(3_600_000);
});

test.for(["0", "-1"])("Max-Age=%s ends the cookie", (seconds) => {
  const { livesMs } = parseSetCookie(`sid=1; Max-Age=${seconds}; Expires=${inDays(1)}`);
  expect(livesMs).toBeLessThanOrEqual(0);
});

// RFC 6265bis, sections 5.6.1 and 5.6.2: a browser ignores what it cannot read.
test.for(["Expires=tomorrow", "Expires=", "Max-Age=soon", "Max-Age="])(
  "%s says nothing: the cookie ends with the browser",
  (attribute) => expect(parseSetCookie(`sid=1; ${attribute}`).livesMs).toBeUndefined(),
);

test("a signed value contains the session id, encoded or not", () => {
  for (const value of ["s:the-id.sig", "s%3Athe-id.sig", "s%3Athe-id.si%2Fg"]) {
    expect(sessionIdIn(value), value).toBe("the-id");
  }
  expect(sessionIdIn("s:an.id.with.dots.sig")).toBe("an.id.with.dots");
});

test.for(["", "s", "the-id.sig", "j:the-id.sig", "S:the-id.sig", "%73x", "%E0%A4%A", "%"])(
  "%j is no signed value",
  (value) => expect(sessionIdIn(value)).toBeUndefined(),
);

test("a value without a signature is no signed value", () => {
  expect(sessionIdIn("s%3Athe-id")).toBeUndefined();
});

test("a forged value keeps the id and fails its signature", () => {
  for (let i = 0; i < 500; i++) {
    const value = `s:${sign(`id-${i}`, "secret")}`;
    const forged = decodeURIComponent(forge(encodeURIComponent(value)));
    expect(forged).toHaveLength(value.length);
    expect(sessionIdIn(forged)).toBe(`id-${i}`);
    expect(unsign(value.slice(2), "secret")).toBe(`id-${i}`);
    expect(unsign(forged.slice(2), "secret")).toBe(false);
    // The last character of a signature has bits that do not count.
    expect(Buffer.from(signatureIn(forged), "base64")).not.toEqual(
      Buffer.from(signatureIn(value), "base64"),
    );
  }
});

test.for(["s:id.AAAA", "s:id.BBBA", "s:id.xxAB", "s:id.xxBA", "s:id.xxCA"])(
  "%s is not its own forgery",
  (value) => expect(decodeURIComponent(forge(value))).not.toBe(value),
);

test("a Set-Cookie is described on one line", () => {
  const flags = "Path=/; HttpOnly; Secure; SameSite=Lax; Max-Age=3600; Domain=a.test";
  const lines = {
    [`sid=s%3A0123456789; ${flags}`]:
      "sid=s:0123456789 · HttpOnly · Secure · SameSite=lax · Path=/ · Domain=a.test · lives 60 min",
    "sid=1":
      "sid=1 · no HttpOnly · no Secure · no SameSite · Path=(none) · until the browser closes",
    "sid=; Path=/; Expires=Thu, 01 Jan 1970 00:00:00 GMT":
      "sid= · no HttpOnly · no Secure · no SameSite · Path=/ · expired: this clears it",
    "__Host-sid=; Path=/; Max-Age=0":
      "__Host-sid= · no HttpOnly · no Secure · no SameSite · Path=/ · a browser ignores it",
    "__Host-sid=; Path=/; Max-Age=0; Secure":
      "__Host-sid= · no HttpOnly · Secure · no SameSite · Path=/ · expired: this clears it",
    "sid=; Max-Age=0":
      "sid= · no HttpOnly · no Secure · no SameSite · Path=(none) · expired: this clears it",
  };
  for (const [header, line] of Object.entries(lines)) {
    expect(describeSetCookie(parseSetCookie(header))).toBe(line);
  }
});

test("long values are shortened, short ones are not", () => {
  expect(shortened("123456789012")).toBe("123456789012");
  expect(shortened("1234567890123")).toBe("1234567890…");
  expect(shortened("s%3A12345678901")).toBe("s:12345678…");
  expect(shortened("%E0%A4%A")).toBe("%E0%A4%A");
});

test.for([
  [0, "0 s"],
  [40, "0 s"],
  [3_600, "3.6 s"],
  [60_000, "60 s"],
  [119_900, "119.9 s"],
  [120_000, "2 min"],
  [3_600_000, "60 min"],
  [7_200_000, "2 h"],
  [86_399_400, "24 h"],
  [172_800_000, "2 days"],
  [2_592_000_000, "30 days"],
] as const)("%i ms are %s", ([ms, text]) => {
  expect(describeDuration(ms)).toBe(text);
});

const dayMs = 24 * 60 * 60 * 1000;

function inDays(days: number): string {
  return new Date(Date.now() + days * dayMs).toUTCString();
}

function signatureIn(value: string): string {
  return value.slice(value.lastIndexOf(".") + 1);
}
