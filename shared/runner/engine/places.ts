import { isAbsolute, join, relative } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { root } from "../paths.ts";

/** Whether a file is the learner's own: in the folder of the file that is judged, or in a step's. */
export function isLearners(file: string, folder: string): boolean {
  return !file.endsWith(".test.ts") && foldersOf(folder).some((own) => isInside(own, file));
}

/** The first place in the learner's own files that a stack or a message names: `steps/03-login/app.ts:41`. */
export function placeIn(text = "", folder: string): string | undefined {
  const places = foldersOf(folder)
    .flatMap((own) => [own, pathToFileURL(own).href])
    .flatMap((own) => placesAfter(slashed(own), slashed(text)))
    .filter(({ file }) => isLearners(file, folder))
    .toSorted((a, b) => a.at - b.at);
  const [first] = places;
  return first && `${inProject(first.file)}:${first.line}`;
}

/** The file that a script was evaluated from: a path, or an address in which characters are encoded. */
export function fileOf(scriptUrl: string): string {
  const path = scriptUrl.startsWith("file:") ? fileURLToPath(scriptUrl) : scriptUrl;
  // As another process, a file is evaluated under its name with a query, which an address encodes.
  return path.replace(/\?.*$/, "");
}

/** A file as people name it: from the workshop's folder on. */
export function inProject(file: string): string {
  return isInside(root, file) ? slashed(relative(root, file)) : file;
}

function foldersOf(folder: string): string[] {
  return [join(root, "steps"), folder];
}

function isInside(folder: string, file: string): boolean {
  const way = relative(folder, file);
  return way !== "" && !way.startsWith("..") && !isAbsolute(way);
}

/** Each `/…/app.ts:41` in a text that begins with this folder, which may hold any character. */
function placesAfter(folder: string, text: string) {
  const places: { at: number; file: string; line: string }[] = [];
  for (let at = text.indexOf(folder); at >= 0; at = text.indexOf(folder, at + 1)) {
    const rest = text.slice(at + folder.length);
    const [, path, line] = /^(\/[^\n:?]*?\.[cm]?[jt]s)(?:\?[^\n:]*)?:(\d+)/.exec(rest) ?? [];
    if (path && line) places.push({ at, file: fileOf(folder + path), line });
  }
  return places;
}

export function slashed(path: string): string {
  return path.replaceAll("\\", "/");
}
