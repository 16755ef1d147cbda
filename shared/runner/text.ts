/** How a text is written down. */
type Encoding = "utf-8" | "utf-16le" | "utf-16be";

/** The text of a file, without the mark at its beginning. Windows PowerShell writes UTF-16. */
export function decoded(bytes: Uint8Array): string {
  return new TextDecoder(encodingOf(bytes)).decode(bytes);
}

/** Told by the byte order mark or, without one, by the zeros that UTF-16 puts beside plain letters. */
export function encodingOf(bytes: Uint8Array): Encoding {
  const [first, second] = bytes;
  if (first === 0xff && second === 0xfe) return "utf-16le";
  if (first === 0xfe && second === 0xff) return "utf-16be";
  if (first !== 0 && second === 0) return "utf-16le";
  if (first === 0 && second !== 0) return "utf-16be";
  return "utf-8";
}
