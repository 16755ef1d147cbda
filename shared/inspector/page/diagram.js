import { brief } from "./brief.js";
import { h } from "./dom.js";
import { shown, valuesOf } from "./view.js";

/** @import { Entry, RecordedCommand, RecordedExchange } from "../recording.ts" */

/**
 * One entry of the recording as a part of the sequence diagram.
 *
 * @param {Entry} entry
 * @param {(exchange: RecordedExchange) => void} [open] Shows an exchange whole.
 * @returns {HTMLLIElement}
 */
export function drawEntry(entry, open) {
  switch (entry.kind) {
    case "exchange":
      return drawExchange(entry, open);
    case "outside":
      return h(
        "li",
        { class: "outside" },
        h("div", { class: "commands" }, drawCommand(entry.command, "outside any request")),
      );
    case "note":
      return h("li", { class: `note ${entry.tone}` }, h("p", {}, shown(entry.text)));
  }
}

/** @param {RecordedExchange} exchange @param {((exchange: RecordedExchange) => void) | undefined} open */
function drawExchange(exchange, open) {
  const { who, method, url, headers, commands, throughProxy } = exchange;
  const cookie = valuesOf(headers, "cookie").join("; ");
  const line = `${method} ${url}`;
  const early = commands.filter(({ late }) => !late);
  const late = commands.filter(({ late }) => late);
  return h(
    "li",
    { class: "exchange", "data-who": who.toLowerCase() },
    h("span", { class: "who" }, who),
    h(
      "div",
      { class: "arrow request" },
      open
        ? h("button", { class: "line", on: { click: () => open(exchange) } }, shown(line))
        : h("span", { class: "line" }, shown(line)),
      throughProxy && h("span", { class: "tag" }, `${throughProxy} at the proxy`),
      h("span", { class: "shaft" }),
      h("span", { class: "small" }, cookie ? `Cookie: ${shown(cookie)}` : "no cookie"),
    ),
    early.length > 0 &&
      h(
        "div",
        { class: "commands" },
        early.map((command) => drawCommand(command)),
      ),
    drawAnswer(exchange),
    late.length > 0 &&
      h(
        "div",
        { class: "commands late" },
        late.map((command) => drawCommand(command, "after the answer")),
      ),
  );
}

/** @param {RecordedExchange} exchange */
function drawAnswer({ answer, end, at }) {
  if (end && !end.complete) {
    return h(
      "div",
      { class: "arrow answer broken" },
      h(
        "span",
        { class: "line" },
        answer ? `${answer.status}, and then the connection broke` : "the connection broke",
      ),
      h("span", { class: "shaft" }),
    );
  }
  if (!answer) return h("p", { class: "waiting" }, "waiting for the answer …");
  const setCookies = valuesOf(answer.headers, "set-cookie");
  const ms = (end ?? answer).at - at;
  return h(
    "div",
    { class: `arrow answer status-${Math.floor(answer.status / 100)}` },
    h("span", { class: "line" }, `${answer.status} ${answer.reason}`),
    h("span", { class: "tag" }, ms < 10 ? `${ms.toFixed(1)} ms` : `${ms.toFixed(0)} ms`),
    h("span", { class: "shaft" }),
    setCookies.map((cookie) => h("span", { class: "small" }, `Set-Cookie: ${shown(cookie)}`)),
  );
}

/** @param {RecordedCommand} command @param {string} [remark] */
function drawCommand({ name, args, reply }, remark) {
  return h(
    "div",
    { class: `arrow command${reply?.failed ? " failed" : ""}` },
    h("span", { class: "line" }, `${name} ${shown(brief(args.join(" ")))}`),
    remark && h("span", { class: "tag" }, remark),
    h("span", { class: "shaft" }),
    h(
      "span",
      { class: "small" },
      reply ? `${reply.failed ? "failed: " : "→ "}${shown(brief(reply.text))}` : "no reply yet",
    ),
  );
}
