import { readdirSync, realpathSync, statSync, watch, type Dirent, type FSWatcher } from "node:fs";
import { dirname, join } from "node:path";
import { errorCode } from "./error-code.ts";

interface SaveListener {
  /** Once per save. */
  onSave(): void;
  /** What the learner should know about how saves are noticed here: at most once. */
  onNotice(text: string): void;
}

// Editors write in several goes, or write another file and rename it: both are one save.
const settleMs = 6;
const lookEveryMs = 500;
const isCode = /\.[cm]?[jt]sx?$/;
/** So many saves without an event are no accident. */
const silentSaves = 2;

/**
 * Notices what is saved beside a step's `app.ts`, in folders below, and where a link in its place leads,
 * also after it was deleted and made anew. Events tell at once; where none come, a look does.
 */
export function watchSaves(app: string, { onSave, onNotice }: SaveListener): { close(): void } {
  const watchers = new Map<string, FSWatcher>();
  let settling: NodeJS.Timeout | undefined;
  let known = whatIsThere(app);
  let heard = false;
  let unheard = 0;
  let noticed = false;

  const notice = (text: string) => {
    if (noticed) return;
    noticed = true;
    onNotice(text);
  };

  const saved = () => {
    clearTimeout(settling);
    settling = setTimeout(() => {
      settling = undefined;
      known = whatIsThere(app);
      onSave();
    }, settleMs);
  };

  const listen = () => {
    const folders = new Map(foldersOf(app).map((folder) => [identityOf(folder), folder]));
    for (const [identity, watcher] of watchers) {
      if (folders.has(identity)) continue;
      watcher.close();
      watchers.delete(identity);
    }
    for (const [identity, folder] of folders) {
      if (!watchers.has(identity)) listenTo(folder, identity);
    }
  };

  const listenTo = (folder: string, identity: string) => {
    try {
      const watcher = watch(folder, (_event, file) => {
        heard = true;
        if (!file || isCode.test(file)) saved();
      });
      watchers.set(identity, watcher);
      watcher.on("error", (error) => {
        watcher.close();
        watchers.delete(identity);
        lost(error);
      });
    } catch (error) {
      lost(error);
    }
  };

  const lost = (error: unknown) => {
    const code = errorCode(error);
    // Deleted a moment ago.
    if (code === "ENOENT" || code === "EPERM") return;
    const why =
      code === "ENOSPC" || code === "EMFILE"
        ? `This machine has no file watchers left (${code})`
        : `This folder cannot be watched (${code})`;
    notice(`${why}: saves are looked for twice a second instead.`);
  };

  const look = () => {
    listen();
    if (settling || whatIsThere(app) === known) return;
    if (!heard && watchers.size > 0 && ++unheard === silentSaves) {
      notice(
        "No file events arrive here, as on a network drive or in a container: saves are looked for twice a second instead.",
      );
    }
    saved();
  };

  listen();
  const looking = setInterval(look, lookEveryMs);

  return {
    close() {
      clearInterval(looking);
      clearTimeout(settling);
      for (const watcher of watchers.values()) watcher.close();
    },
  };
}

/** The folders in which a save counts. */
function foldersOf(app: string): string[] {
  const folders = new Set([dirname(app)]);
  try {
    folders.add(dirname(realpathSync(app)));
  } catch {
    // It is missing at the moment.
  }
  return [...folders].flatMap((folder) => [folder, ...foldersBelow(folder)]);
}

function foldersBelow(folder: string): string[] {
  return entriesOf(folder)
    .filter((entry) => entry.isDirectory() && !/^(\.|node_modules$)/.test(entry.name))
    .map(({ name }) => join(folder, name))
    .flatMap((below) => [below, ...foldersBelow(below)]);
}

/** The code in these folders, as a text that differs after each save. */
function whatIsThere(app: string): string {
  return foldersOf(app)
    .flatMap((folder) =>
      entriesOf(folder)
        .filter(({ name }) => isCode.test(name))
        .map(({ name }) => identityOf(join(folder, name), true)),
    )
    .toSorted()
    .join("\n");
}

/** Another one for each file or folder that takes this place, and, if need be, for each content. */
function identityOf(path: string, withContent = false): string {
  const stats = statSync(path, { throwIfNoEntry: false });
  const content = withContent ? [stats?.mtimeMs, stats?.size] : [];
  return [path, stats?.ino, ...content].join(" ");
}

function entriesOf(folder: string): Dirent[] {
  try {
    return readdirSync(folder, { withFileTypes: true });
  } catch {
    return [];
  }
}
