import { join } from "node:path";
import { errorCode } from "./error-code.ts";
import { root } from "./paths.ts";

/** What belongs to the learner alone; git ignores it. */
export const keepsakes = join(root, ".workshop");

/** A moment, as part of the name of a file. */
export function timestamp(): string {
  return new Date().toISOString().replaceAll(/[:.]/g, "-");
}

/** What keeps us from reading or writing what is kept, and what to do about it. */
export function whyNoAccess(error: unknown): string {
  const code = errorCode(error);
  if (code === "EEXIST" || code === "ENOTDIR") return ".workshop is no folder. Move it away.";
  if (code === "EISDIR" || code === "ENOTEMPTY") {
    return ".workshop/progress.json is no file. Move it away.";
  }
  if (code === "ENOSPC" || code === "EDQUOT") return `the disk is full (${code}). Make room on it.`;
  if (["EACCES", "EPERM", "EROFS"].includes(code)) {
    return `the folder of the workshop is read-only, or somebody else's (${code}). Make it yours, or copy it.`;
  }
  return String(error instanceof Error ? error.message : error);
}
