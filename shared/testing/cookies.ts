import { sign } from "cookie-signature";
import type { SigningKey } from "./signing-keys.ts";

/** One Set-Cookie header, taken apart. */
export interface SetCookie {
  name: string;
  value: string;
  /** As sent. */
  header: string;
  path?: string;
  domain?: string;
  httpOnly: boolean;
  secure: boolean;
  sameSite?: string;
  /** Kept apart for each site that embeds this one: another cookie than the same without it (CHIPS). */
  partitioned: boolean;
  /** Milliseconds from now until a browser drops it; undefined: when the browser closes. */
  livesMs?: number;
}

export function parseSetCookie(header: string): SetCookie {
  const [pair = "", ...attributes] = header.split(";").map((part) => part.trim());
  const [name, value] = splitAtFirst(pair, "=");
  const flags = { httpOnly: false, secure: false, partitioned: false };
  const cookie: SetCookie = { name, value, header, ...flags };
  let expiresInMs: number | undefined;
  let maxAgeMs: number | undefined;
  for (const attribute of attributes) {
    const [key, text] = splitAtFirst(attribute, "=");
    switch (key.toLowerCase()) {
      case "path":
        cookie.path = text;
        break;
      case "domain":
        cookie.domain = text;
        break;
      case "httponly":
        cookie.httpOnly = true;
        break;
      case "secure":
        cookie.secure = true;
        break;
      case "partitioned":
        cookie.partitioned = true;
        break;
      case "samesite":
        cookie.sameSite = text.toLowerCase();
        break;
      case "expires":
        expiresInMs = Date.parse(text) - Date.now();
        break;
      case "max-age":
        maxAgeMs = /^-?\d+$/.test(text) ? Number(text) * 1000 : undefined;
        break;
    }
  }
  // Max-Age wins over Expires: RFC 6265bis, section 5.7.
  const livesMs = [maxAgeMs, expiresInMs].find((ms) => ms !== undefined && !Number.isNaN(ms));
  if (livesMs !== undefined) cookie.livesMs = livesMs;
  return cookie;
}

/** Finds the session id in the value of a cookie; undefined for other cookies. */
export type SessionIdFinder = (cookieValue: string) => string | undefined;

let findSessionId: SessionIdFinder = idInSignedValue;

/** From now on session cookies have the app's own form; without one, that of express-session. */
export function recogniseSessions(finder: SessionIdFinder = idInSignedValue): void {
  findSessionId = finder;
}

/** The session id inside the value of a session cookie; undefined for other cookies. */
export function sessionIdIn(cookieValue: string): string | undefined {
  return findSessionId(cookieValue);
}

/** The session ids that a Cookie header brings: other apps on the same host have theirs. */
export function sessionIdsInHeader(header: string): string[] {
  return header.split("; ").flatMap((pair) => sessionIdIn(splitAtFirst(pair, "=")[1]) ?? []);
}

/** The session id that a Cookie header brings. */
export function sessionIdInHeader(header: string): string | undefined {
  return sessionIdsInHeader(header)[0];
}

/** As express-session writes it: `s:<id>.<signature>`. */
function idInSignedValue(cookieValue: string): string | undefined {
  const value = decode(cookieValue);
  return /^s:(.+)\.[^.]*$/.exec(value)?.[1];
}

/** The value of a session cookie as express-session makes it: the id, signed with the secret. */
export function signedValue(id: string, secret: SigningKey): string {
  // cookie-signature hands the key to an HMAC, which takes more than its types say.
  return encodeURIComponent(`s:${sign(id, secret as string)}`);
}

/** The same cookie value with one character of its signature changed. */
export function forge(cookieValue: string): string {
  const value = decode(cookieValue);
  const last = value.at(-1) === "A" ? "B" : "A";
  // The last character of base64 can carry unused bits; the one before it cannot.
  return encodeURIComponent(
    value.slice(0, -2) + (value.at(-2) === last ? "C" : last) + value.at(-1),
  );
}

/** A Set-Cookie header flag by flag, on one line. */
export function describeSetCookie(cookie: SetCookie): string {
  const flags = [
    cookie.httpOnly ? "HttpOnly" : "no HttpOnly",
    cookie.secure ? "Secure" : "no Secure",
    cookie.sameSite ? `SameSite=${cookie.sameSite}` : "no SameSite",
    `Path=${cookie.path ?? "(none)"}`,
    ...(cookie.domain ? [`Domain=${cookie.domain}`] : []),
    ...(cookie.partitioned ? ["Partitioned"] : []),
    // A browser takes such a name, or flag, with Secure alone, and what it does not take clears nothing.
    (/^__(host|secure)-/i.test(cookie.name) || cookie.partitioned) && !cookie.secure
      ? "a browser ignores it"
      : describeLife(cookie.livesMs),
  ];
  return `${cookie.name}=${shortened(cookie.value)} · ${flags.join(" · ")}`;
}

/** Cookie values are long; the start is enough to tell two apart. */
export function shortened(value: string): string {
  const text = decode(value);
  return text.length > 12 ? `${text.slice(0, 10)}…` : text;
}

export function describeDuration(ms: number): string {
  const seconds = ms / 1000;
  if (seconds < 120) return `${Number(seconds.toFixed(1))} s`;
  if (seconds < 7_200) return `${Math.round(seconds / 60)} min`;
  if (seconds < 172_800) return `${Math.round(seconds / 3_600)} h`;
  return `${Math.round(seconds / 86_400)} days`;
}

function describeLife(livesMs: number | undefined): string {
  if (livesMs === undefined) return "until the browser closes";
  return livesMs <= 0 ? "expired: this clears it" : `lives ${describeDuration(livesMs)}`;
}

export function splitAtFirst(text: string, separator: string): [string, string] {
  const at = text.indexOf(separator);
  return at < 0 ? [text, ""] : [text.slice(0, at), text.slice(at + 1)];
}

function decode(value: string): string {
  try {
    return decodeURIComponent(value);
  } catch {
    return value;
  }
}
