import { drawEntry } from "./diagram.js";
import { h } from "./dom.js";

/** @import { Entry } from "../recording.ts" */

/**
 * Saves the whole recording as one file that shows it anywhere: drawn as it is seen now, without a
 * script in it, and without ids unless they are shown.
 *
 * @param {string} title
 */
export async function saveRecording(title) {
  const [recording, styles] = await Promise.all([
    fetch("recording").then((answer) => answer.json()),
    fetch("page.css").then((answer) => answer.text()),
  ]);
  const list = h("ol", { id: "entries" });
  for (const entry of /** @type {Entry[]} */ (recording)) list.append(drawEntry(entry));
  const page = document.implementation.createHTMLDocument(title);
  page.documentElement.lang = "en";
  page.head.append(
    h("meta", { charset: "utf-8" }),
    h("meta", { name: "color-scheme", content: "light dark" }),
    h("meta", {
      "http-equiv": "Content-Security-Policy",
      content: "default-src 'none'; style-src 'unsafe-inline'",
    }),
    h("style", {}, styles),
  );
  page.body.className = "saved";
  page.body.append(
    h("header", {}, h("h1", {}, title)),
    h("main", {}, h("div", { class: "lifelines" }, list)),
  );
  const file = new Blob([`<!doctype html>\n${page.documentElement.outerHTML}`], {
    type: "text/html",
  });
  const link = h("a", { href: URL.createObjectURL(file), download: "recording.html" });
  link.click();
  URL.revokeObjectURL(link.href);
}
