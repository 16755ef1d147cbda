import { statSync } from "node:fs";
import { dirname, isAbsolute, join, relative, resolve } from "node:path";
import type { Plugin } from "vitest/config";
import { root } from "../paths.ts";
import { slashed } from "./places.ts";

/** A file's text, or the file that it stands for: both export the same then. */
type Source = { text: string } | { standsFor: string };

/**
 * What Vite reads while a file is judged: that file from memory, as it was when the run began, and the
 * others from disk. The goals of a step import the `app.ts` beside them. What is judged may be another
 * step's file, or stand where a link leads: it is evaluated in its own folder, so that it finds what
 * it imports, and exported from theirs.
 */
export class JudgedFiles {
  readonly plugin: Plugin = {
    name: "workshop:judged-files",
    enforce: "pre",
    resolveId: (id, importer) => this.#resolve(id, importer),
    load: (id) => this.#load(id),
  };

  readonly #sources = new Map<string, Source>();
  /** When each file that was read from disk had last been written, as a time stamp in milliseconds. */
  readonly #writtenAt = new Map<string, number>();

  /**
   * Puts what is to be judged in its place.
   *
   * @param app The `app.ts` that the goals import.
   * @param everything Whether what it imports has to be looked for once more.
   * @returns The files that are not what they were.
   */
  judge(app: string, file: string, text: string, everything: boolean): string[] {
    const wanted = new Map<string, Source>([[slashed(app), { standsFor: slashed(file) }]]);
    wanted.set(slashed(file), { text });
    const written = this.#writtenSince();
    const exchanged = [...new Set([...this.#sources.keys(), ...wanted.keys()])].filter(
      (path) =>
        everything || written.length > 0 || !isSame(this.#sources.get(path), wanted.get(path)),
    );
    this.#sources.clear();
    for (const [path, source] of wanted) this.#sources.set(path, source);
    return [...written, ...exchanged];
  }

  /** The files from disk that were written, made or deleted since they were read. */
  #writtenSince(): string[] {
    const written: string[] = [];
    for (const [path, before] of this.#writtenAt) {
      const now = writtenAt(path);
      if (now === before) continue;
      this.#writtenAt.set(path, now);
      written.push(path);
    }
    return written;
  }

  #resolve(id: string, importer: string | undefined): string | undefined {
    const [path, query] = split(id);
    return [
      ...(importer && path.startsWith(".") ? [resolve(dirname(split(importer)[0]), path)] : []),
      // Vite's own addresses begin at the root.
      ...(isAbsolute(path) ? [path, join(root, path)] : []),
    ]
      .map(slashed)
      .filter((file) => this.#sources.has(file))
      .map((file) => file + query)[0];
  }

  #load(id: string): string | undefined {
    const [path, query] = split(id);
    const source = this.#sources.get(path);
    if (!source) {
      if (!path.includes("/node_modules/")) this.#writtenAt.set(path, writtenAt(path));
      return undefined;
    }
    if ("text" in source) return source.text;
    const way = slashed(relative(dirname(path), source.standsFor));
    return `export * from ${JSON.stringify((way.startsWith(".") ? way : `./${way}`) + query)};`;
  }
}

function isSame(a: Source | undefined, b: Source | undefined): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}

function writtenAt(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0;
}

function split(id: string): [path: string, query: string] {
  const at = id.indexOf("?");
  return at < 0 ? [id, ""] : [id.slice(0, at), id.slice(at)];
}
