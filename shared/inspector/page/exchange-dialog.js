import { h } from "./dom.js";
import { shown, valuesOf } from "./view.js";

/** @import { RecordedExchange } from "../recording.ts" */

/**
 * Shows one exchange whole.
 *
 * @param {HTMLDialogElement} dialog @param {RecordedExchange} exchange @param {string} url Of the app.
 */
export function openExchange(dialog, exchange, url) {
  const { number, who, method, headers, answer, end, commands, at } = exchange;
  const copied = h("span", { role: "status" });
  dialog.replaceChildren(
    h(
      "form",
      { method: "dialog", class: "bar" },
      h("h2", { id: "exchange-title" }, `${number} · ${who}: ${method} ${shown(exchange.url)}`),
      copied,
      h(
        "button",
        {
          type: "button",
          on: {
            click: async () => {
              await navigator.clipboard.writeText(curlOf(exchange, url));
              copied.textContent = "Copied.";
            },
          },
        },
        "Copy as curl",
      ),
      h("button", {}, "Close"),
    ),
    h(
      "div",
      { class: "whole" },
      part("Request", [
        `${method} ${exchange.url}`,
        ...headers.map(([name, value]) => `${name}: ${value}`),
        ...(end?.received.bytes ? ["", bodyOf(end.received)] : []),
      ]),
      part(
        "Redis",
        commands.length === 0
          ? ["Nothing was asked."]
          : commands.map(
              ({ at: when, name, args, reply, late }) =>
                `+${(when - at).toFixed(1)} ms  ${name} ${args.join(" ")}\n    ${reply ? `→ ${reply.text} (after ${(reply.at - when).toFixed(1)} ms)` : "no reply yet"}${late ? "  · after the answer" : ""}`,
            ),
      ),
      part(
        "Answer",
        answer
          ? [
              `${answer.status} ${answer.reason}`,
              ...answer.headers.map(([name, value]) => `${name}: ${value}`),
              ...(end?.sent.bytes ? ["", bodyOf(end.sent)] : []),
            ]
          : ["None."],
      ),
    ),
  );
  dialog.showModal();
}

/** @param {string} title @param {string[]} lines */
function part(title, lines) {
  return h("section", {}, h("h3", {}, title), h("pre", { tabindex: 0 }, shown(lines.join("\n"))));
}

/** @param {{ bytes: number, text: string }} body */
function bodyOf({ bytes, text }) {
  const cut = new TextEncoder().encode(text).length < bytes;
  return cut ? `${text}\n… ${bytes} bytes in all` : text;
}

/** Headers that curl sends by itself, or that say something about a browser alone. */
const ownHeaders =
  /^(host|connection|content-length|accept|accept-.*|user-agent|sec-.*|referer|origin|cookie|x-forwarded-.*|cache-control|pragma)$/i;

/**
 * @param {RecordedExchange} exchange @param {string} url
 */
function curlOf({ method, url: path, headers, end }, url) {
  const [cookie] = valuesOf(headers, "cookie");
  const words = [
    "curl",
    "-i",
    ...(method === "GET" ? [] : ["-X", method]),
    quoted(`${url}${path}`),
  ];
  for (const [name, value] of headers) {
    if (!ownHeaders.test(name)) words.push("-H", quoted(`${name}: ${value}`));
  }
  if (cookie) words.push("-H", quoted(`Cookie: ${cookie}`));
  if (end?.received.text) words.push("-d", quoted(end.received.text));
  return shown(words.join(" "));
}

/** @param {string} word */
function quoted(word) {
  return `'${word.replaceAll("'", "'\\''")}'`;
}
