import { h } from "./dom.js";
import { shown } from "./view.js";

/** @import { RedisState, ShownKey } from "../redis-view.ts" */

/**
 * The keys in Redis, with what changed since the last exchange.
 *
 * @param {RedisState} state @param {Map<string, string>} marks What became of a key, by its name.
 * @param {boolean} usesRedis
 */
export function drawKeys({ here, keys, more }, marks, usesRedis) {
  if (!here) return [h("p", { class: "refused" }, "Redis does not answer.")];
  const gone = [...marks].filter(
    ([name, mark]) => mark === "deleted" && !keys.some((key) => key.name === name),
  );
  if (keys.length === 0 && gone.length === 0) {
    return [
      h(
        "p",
        { class: "empty" },
        usesRedis
          ? "No session key."
          : "This step keeps its sessions in the memory of the process: Redis knows nothing of them.",
      ),
    ];
  }
  const markedFirst = keys.toSorted(
    (one, other) => Number(marks.has(other.name)) - Number(marks.has(one.name)),
  );
  return [
    ...markedFirst.map((key) => drawKey(key, marks.get(key.name))),
    ...gone.map(([name]) =>
      h(
        "article",
        { class: "key deleted" },
        h("p", {}, h("del", {}, shown(name)), mark("deleted")),
      ),
    ),
    more > 0 && h("p", { class: "empty" }, `and ${more} more`),
  ];
}

/** @param {ShownKey} key @param {string | undefined} what */
function drawKey({ name, value, endsAt }, what) {
  return h(
    "article",
    { class: `key ${what ?? ""}` },
    h("p", {}, h("b", {}, shown(name)), what && mark(what)),
    h("p", { class: "ttl" }, "TTL ", h("time", { "data-ends": endsAt }, timeLeft(endsAt))),
    h("pre", {}, shown(pretty(value))),
  );
}

/** @param {string} what */
function mark(what) {
  return h("span", { class: "tag mark" }, what);
}

/** A session, a field a line. @param {string} value */
function pretty(value) {
  try {
    const parsed = JSON.parse(value);
    if (typeof parsed !== "object" || parsed === null || Array.isArray(parsed)) return value;
    return Object.entries(parsed)
      .map(([key, content]) => `${key}: ${JSON.stringify(content)}`)
      .join("\n");
  } catch {
    return value;
  }
}

/** Lets the clocks run on. @param {ParentNode} parent */
export function tick(parent) {
  for (const time of parent.querySelectorAll("time[data-ends]")) {
    time.textContent = timeLeft(Number(time.getAttribute("data-ends")));
  }
}

/** @param {number | undefined} endsAt */
function timeLeft(endsAt) {
  if (!endsAt) return "never ends";
  const seconds = Math.max(0, Math.ceil((endsAt - Date.now()) / 1000));
  const two = (/** @type {number} */ number) => String(number).padStart(2, "0");
  return `${two(Math.floor(seconds / 3600))}:${two(Math.floor(seconds / 60) % 60)}:${two(seconds % 60)}`;
}

/**
 * What became of each key between two looks.
 *
 * @param {ShownKey[]} before @param {ShownKey[]} after @returns {Map<string, string>}
 */
export function marksOf(before, after) {
  /** @type {Map<string, string>} */
  const marks = new Map();
  const old = new Map(before.map((key) => [key.name, key]));
  for (const { name, value, endsAt = 0 } of after) {
    const was = old.get(name);
    if (!was) marks.set(name, "new");
    else if (was.value !== value) marks.set(name, "changed");
    else if (Math.abs((was.endsAt ?? 0) - endsAt) > 500) marks.set(name, "TTL set anew");
    old.delete(name);
  }
  for (const name of old.keys()) marks.set(name, "deleted");
  return marks;
}
