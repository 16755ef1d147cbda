import { h } from "./dom.js";
import { shown } from "./view.js";

/**
 * @typedef {{ name: string, value: string, flags: Map<string, string> }} SetCookie
 * @typedef {{ name: string, value: string }} HeldCookie
 */

/** @param {string} header @returns {SetCookie} */
export function parseSetCookie(header) {
  const [pair = "", ...attributes] = header.split(";").map((part) => part.trim());
  const equals = pair.indexOf("=");
  const flags = new Map(
    attributes.map((attribute) => {
      const [key = "", ...rest] = attribute.split("=");
      return [key.toLowerCase(), rest.join("=")];
    }),
  );
  return { name: pair.slice(0, equals), value: pair.slice(equals + 1), flags };
}

/** What each flag is for. @type {{ name: string, state: (cookie: SetCookie) => string, stops: string }[]} */
const flags = [
  {
    name: "HttpOnly",
    state: ({ flags }) => (flags.has("httponly") ? "yes" : ""),
    stops: "scripts read it (XSS)",
  },
  {
    name: "Secure",
    state: ({ flags }) => (flags.has("secure") ? "yes" : ""),
    stops: "http carries it",
  },
  {
    name: "SameSite",
    state: ({ flags }) => flags.get("samesite") ?? "",
    stops: "other sites send it (CSRF)",
  },
  {
    name: "__Host-",
    state: ({ name }) => (name.startsWith("__Host-") ? "yes" : ""),
    stops: "a subdomain replaces it",
  },
];

/**
 * The cookie jar of one browser: what it holds, flag by flag, and what it refused.
 *
 * @param {HeldCookie[]} held @param {Map<string, SetCookie>} set The last Set-Cookie of each name.
 * @param {string} readable What `document.cookie` returns.
 */
export function drawJar(held, set, readable) {
  const names = new Set(held.map(({ name }) => name));
  const refused = [...set.values()].filter((cookie) => !names.has(cookie.name) && !isEnded(cookie));
  return [
    h(
      "p",
      { class: "readable" },
      h("code", {}, "document.cookie"),
      " → ",
      h("code", {}, readable ? shown(readable) : '""'),
      readable ? "" : h("span", { class: "small" }, " a script reads nothing"),
    ),
    held.length === 0 && refused.length === 0 && h("p", { class: "empty" }, "The jar is empty."),
    ...held.map(({ name, value }) => {
      const cookie = set.get(name);
      return h(
        "div",
        { class: "cookie" },
        h("p", {}, h("b", {}, name), h("code", {}, shown(`=${decoded(value)}`))),
        cookie
          ? h(
              "table",
              {},
              h(
                "tbody",
                {},
                flags.map((flag) => drawFlag(flag, cookie)),
              ),
            )
          : h("p", { class: "small" }, "Put here by hand: the app did not set it in this browser."),
      );
    }),
    ...refused.map(({ name }) =>
      h("p", { class: "refused" }, h("b", {}, name), " was sent, and refused by the browser."),
    ),
  ];
}

/** @param {typeof flags[number]} flag @param {SetCookie} cookie */
function drawFlag({ name, state, stops }, cookie) {
  const value = state(cookie);
  return h(
    "tr",
    { class: value ? "there" : "missing" },
    h("th", { scope: "row" }, name),
    h("td", { class: "state" }, value ? `✓ ${value}` : "✗ missing"),
    h("td", {}, value ? `stops: ${stops}` : `open: ${stops}`),
  );
}

/** @param {SetCookie} cookie */
function isEnded({ flags }) {
  const age = flags.get("max-age");
  if (age !== undefined) return Number(age) <= 0;
  return Date.parse(flags.get("expires") ?? "") < Date.now();
}

/** @param {string} value */
function decoded(value) {
  try {
    return decodeURIComponent(value);
  } catch {
    return value;
  }
}
