import { h } from "./dom.js";
import { drawJar, parseSetCookie } from "./jar.js";
import { valuesOf } from "./view.js";

/**
 * @import { PageRequest } from "../requests.ts"
 * @import { RecordedExchange } from "../recording.ts"
 * @typedef {import("./jar.js").SetCookie} SetCookie
 * @typedef {import("./jar.js").HeldCookie} HeldCookie
 */

/** One of the two browsers: its buttons, its window, and its cookie jar. */
export class BrowserCard {
  /** @type {HeldCookie[]} */
  held = [];
  /** @type {Map<string, SetCookie>} */
  #set = new Map();
  #readable = "";
  #window;
  #origin;
  #jar = h("div");
  /** What it is told before it can listen; undefined once it does. @type {object[] | undefined} */
  #untold = [];
  #looking = false;

  /**
   * @param {string} person @param {string} name @param {PageRequest[]} requests
   * @param {string} other The name of whose browser stands beside it.
   * @param {boolean} hasLogout
   */
  constructor(person, name, requests, other, hasLogout) {
    const host = `${person}.${location.host}`;
    this.person = person;
    this.name = name;
    this.#origin = `${location.protocol}//${host}`;
    this.#window = h("iframe", { title: `The window of ${name}'s browser` });
    this.load();
    const button = (/** @type {string} */ label, /** @type {() => void} */ click) =>
      h("button", { on: { click } }, label);
    this.element = h(
      "section",
      { class: "browser", "data-who": person, "aria-label": `${name}'s browser` },
      h("div", { class: "bar" }, h("h2", {}, name), h("code", { class: "address" }, host)),
      h(
        "div",
        { class: "buttons" },
        requests.map((request) => button(request.label, () => this.send(request))),
      ),
      this.#window,
      h("div", { class: "jar" }, h("h3", {}, "Cookie jar"), this.#jar),
      h(
        "div",
        { class: "buttons quiet" },
        button(
          person === "mallory" ? `Take ${other}'s cookie` : `Plant ${other}'s cookie here`,
          () => this.send({ method: "POST", path: "/__inspector/take-over" }),
        ),
        button("Clear cookies", () => {
          this.#set.clear();
          this.send({ method: "POST", path: "/__inspector/forget" });
        }),
        person === "ada" && hasLogout && button("Open a page of another site", openOtherSite),
      ),
    );
    addEventListener("message", ({ origin, source, data }) => {
      if (origin !== this.#origin || source !== this.#window.contentWindow) return;
      this.#looking = false;
      this.#readable = String(data.readable);
      this.draw();
      if (!data.ready) return;
      const untold = this.#untold ?? [];
      this.#untold = undefined;
      for (const message of untold) this.#post(message);
      this.look();
    });
  }

  /** @param {{ method: string, path: string, body?: unknown }} request */
  send({ method, path, body }) {
    this.#post({ send: { method, path, body } });
  }

  /** Asks the browser which cookies it has by now. */
  look() {
    if (this.#looking || this.#untold) return;
    this.#looking = true;
    this.#post({});
  }

  /** Loads the window, unless it has come. */
  load() {
    if (this.#untold) this.#window.src = `${this.#origin}/__inspector/`;
  }

  /** @param {boolean} large */
  enlarge(large) {
    this.#post({ large });
  }

  /** @param {RecordedExchange} exchange One of this browser's. */
  learn({ answer }) {
    for (const header of valuesOf(answer?.headers ?? [], "set-cookie")) {
      const cookie = parseSetCookie(header);
      this.#set.set(cookie.name, cookie);
    }
    this.look();
  }

  draw() {
    const drawn = drawJar(this.held, this.#set, this.#readable);
    this.#jar.replaceChildren(...drawn.filter((each) => each instanceof Node));
  }

  /** @param {object} message */
  #post(message) {
    if (this.#untold) this.#untold.push(message);
    else this.#window.contentWindow?.postMessage(message, this.#origin);
  }
}

function openOtherSite() {
  const url = `${location.protocol}//elsewhere.localhost:${location.port}/__inspector/`;
  open(url, "_blank", "popup,noopener,width=460,height=260");
}
