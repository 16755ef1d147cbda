import type { Body } from "../events.ts";

/** As much of a body as is kept: enough for whatever a session app answers. */
const keptBytes = 8 * 1024;

/** Keeps the beginning of a body while it passes, and counts the rest. */
export class BodyRecorder {
  #bytes = 0;
  readonly #kept: Buffer[] = [];

  /** What `write`, `end` and `push` take; other arguments of theirs, such as callbacks, are no body. */
  take(chunk: unknown, encoding?: unknown): void {
    const bytes = bytesOf(chunk, encoding);
    if (!bytes) return;
    const room = keptBytes - this.#bytes;
    if (room > 0) this.#kept.push(Buffer.from(bytes.subarray(0, room)));
    this.#bytes += bytes.length;
  }

  get body(): Body {
    return { bytes: this.#bytes, text: Buffer.concat(this.#kept).toString() };
  }
}

function bytesOf(chunk: unknown, encoding: unknown): Buffer | undefined {
  if (typeof chunk === "string") {
    return Buffer.from(chunk, typeof encoding === "string" ? (encoding as BufferEncoding) : "utf8");
  }
  if (chunk instanceof Uint8Array) {
    return Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
  }
  return undefined;
}
