import { BrowserCard } from "./browser-card.js";
import { drawEntry } from "./diagram.js";
import { byId, h } from "./dom.js";
import { openExchange } from "./exchange-dialog.js";
import { drawKeys, marksOf, tick } from "./keys.js";
import { saveRecording } from "./save.js";
import { valuesOf, view } from "./view.js";

/**
 * @import { Entry, RecordedExchange } from "../recording.ts"
 * @import { RedisState } from "../redis-view.ts"
 */

/** Older entries leave the page; the saved recording has them. */
const shownEntries = 300;

/** @type {Map<string, BrowserCard>} */
const cards = new Map();
/** @type {Map<number, Entry>} */
const entries = new Map();
/** @type {Map<number, HTMLElement>} */
const rows = new Map();
/** @type {RedisState} */
let redis = { here: true, keys: [], more: 0 };
/** What Redis held before the last exchange. @type {RedisState} */
let before = redis;
let step = 0;
let appUrl = "";
let running = false;

const list = byId("entries");
const scroller = /** @type {HTMLElement} */ (list.parentElement);
const dialog = /** @type {HTMLDialogElement} */ (byId("exchange"));

const events = new EventSource("events");
on("hello", (hello) => {
  step = hello.step.number;
  appUrl = hello.url;
  byId("title").textContent = `Step ${hello.step.number} · ${hello.step.title}`;
  document.title = `Step ${hello.step.number} · ${hello.name}`;
  byId("app").dataset.name = hello.name;
  if (cards.size === 0) meet(hello);
  // Contact was lost: with it, perhaps, what a browser's window was loading.
  else for (const card of cards.values()) card.load();
});
on("app", ({ status, production, how, words }) => {
  running = status === "running";
  const app = byId("app");
  const where = production ? "production, behind a TLS proxy" : "development";
  app.dataset.status = status;
  app.textContent = `${app.dataset.name} · ${{ running: "runs", starting: "starts …", down: "is down" }[/** @type {"running" | "starting" | "down"} */ (status)]} · ${where}`;
  byId("production").setAttribute("aria-pressed", String(production));
  const down = byId("down");
  down.hidden = status !== "down";
  if (status === "down") {
    const pre = /** @type {HTMLElement} */ (down.querySelector("pre"));
    pre.textContent = words || `It ended (${how}), and said nothing.`;
  }
  if (running) for (const card of cards.values()) card.look();
});
on("entries", (/** @type {Entry[]} */ changed) => {
  const atEnd = scroller.scrollHeight - scroller.scrollTop - scroller.clientHeight < 60;
  for (const entry of changed) take(entry);
  for (const number of [...rows.keys()].slice(0, -shownEntries)) {
    rows.get(number)?.remove();
    rows.delete(number);
    entries.delete(number);
  }
  if (atEnd) scroller.scrollTop = scroller.scrollHeight;
});
on("redis", (/** @type {RedisState} */ state) => {
  redis = state;
  drawRedis();
});
on("jar", ({ person, cookies }) => {
  const card = cards.get(person);
  if (!card) return;
  card.held = cookies;
  card.draw();
});
on("cleared", () => {
  entries.clear();
  rows.clear();
  list.replaceChildren();
});
events.addEventListener("error", () => {
  byId("app").dataset.status = "starting";
  byId("app").textContent =
    `${byId("app").dataset.name ?? ""} · no contact: it starts anew, or is busy`;
});

/** @param {any} hello */
function meet({ people, attacks }) {
  for (const [person, { name, requests }] of Object.entries(people)) {
    const other = Object.keys(people).find((each) => each !== person);
    const card = new BrowserCard(person, name, requests, people[other ?? ""].name, step >= 5);
    cards.set(person, card);
    byId("browsers").append(card.element);
  }
  byId("attacks").append(
    ...attacks.map((/** @type {{ name: string, story: string }} */ { name, story }) =>
      h("option", { value: name, title: story }, name),
    ),
  );
}

/** @param {Entry} entry */
function take(entry) {
  const known = entries.has(entry.number);
  const [oldest = 0] = entries.keys();
  if (!known && entry.number < oldest) return;
  if (!known && entry.kind === "exchange") before = redis;
  entries.set(entry.number, entry);
  const row = drawEntry(entry, open);
  row.dataset.number = String(entry.number);
  if (known) rows.get(entry.number)?.replaceWith(row);
  else list.append(row);
  rows.set(entry.number, row);
  if (entry.kind === "exchange" && entry.end && isByBrowser(entry)) {
    cards.get(entry.who.toLowerCase())?.learn(entry);
  }
}

/**
 * Whether one of the browsers on the page sent it. What an attack sends in somebody's name comes from
 * a program, and leaves nothing in their jar.
 *
 * @param {RecordedExchange} exchange
 */
function isByBrowser({ headers }) {
  return valuesOf(headers, "user-agent").length > 0;
}

/** @param {RecordedExchange} exchange */
function open(exchange) {
  openExchange(dialog, /** @type {RecordedExchange} */ (entries.get(exchange.number)), appUrl);
}

function drawRedis() {
  const marks = marksOf(before.keys, redis.keys);
  const drawn = drawKeys(redis, marks, step > 1).filter((each) => each instanceof Node);
  byId("keys").replaceChildren(...drawn);
  byId("redis-state").textContent = redis.here
    ? `${redis.keys.length + redis.more} ${redis.keys.length === 1 ? "key" : "keys"}`
    : "gone";
}

function redraw() {
  for (const [number, row] of rows) {
    const entry = entries.get(number);
    if (!entry) continue;
    const drawn = drawEntry(entry, open);
    row.replaceWith(drawn);
    rows.set(number, drawn);
  }
  for (const card of cards.values()) card.draw();
  drawRedis();
}

/** Has the runner do something; what becomes of it comes as events. @param {object} wanted */
async function act(wanted) {
  await fetch("act", { method: "POST", body: JSON.stringify(wanted) }).catch(() => {});
}

/** @param {string} event @param {(data: any) => void} take */
function on(event, take) {
  events.addEventListener(event, ({ data }) => take(JSON.parse(data)));
}

/** @param {string} id @param {(pressed: boolean) => void} change */
function toggle(id, change) {
  const button = byId(id);
  button.addEventListener("click", () => change(button.getAttribute("aria-pressed") !== "true"));
}

byId("restart").addEventListener("click", () => act({ act: "restart" }));
byId("clear").addEventListener("click", () => act({ act: "clear" }));
byId("save").addEventListener("click", () => saveRecording(document.title));
toggle("production", (on) => act({ act: "production", on }));
toggle("ids", (on) => {
  view.ids = on;
  byId("ids").setAttribute("aria-pressed", String(on));
  redraw();
});
toggle("large", (on) => {
  document.documentElement.classList.toggle("large", on);
  byId("large").setAttribute("aria-pressed", String(on));
  for (const card of cards.values()) card.enlarge(on);
});
byId("attack").addEventListener("submit", (event) => {
  event.preventDefault();
  const { value: name } = /** @type {HTMLSelectElement} */ (byId("attacks"));
  void act({ act: "attack", name });
});
addEventListener("keydown", ({ key, target, ctrlKey, metaKey, altKey }) => {
  if (ctrlKey || metaKey || altKey || target instanceof HTMLSelectElement || dialog.open) return;
  if (key === "l") byId("large").click();
  if (key === "i") byId("ids").click();
});
setInterval(() => tick(byId("keys")), 1_000);
