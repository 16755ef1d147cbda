import { readFileSync } from "node:fs";
import { join } from "node:path";

const folder = join(import.meta.dirname, "page");

/** The document at the root of each kind of host. */
const documents = { page: "index.html", browser: "browser.html", elsewhere: "elsewhere.html" };

const types = {
  html: "text/html; charset=utf-8",
  js: "text/javascript; charset=utf-8",
  css: "text/css; charset=utf-8",
} as const;

export interface Asset {
  type: string;
  content: Buffer;
}

/** A file of the page; undefined when there is none of that name. */
export function findAsset(path: string, place: keyof typeof documents): Asset | undefined {
  const file = path === "" ? documents[place] : path;
  const [, extension] = /^[a-z-]+\.(html|js|css)$/.exec(file) ?? [];
  if (!extension) return undefined;
  try {
    return {
      type: types[extension as keyof typeof types],
      content: readFileSync(join(folder, file)),
    };
  } catch {
    return undefined;
  }
}
