import { inspect } from "node:util";

/** What is printed while something happens, through the console or past it. */
export async function printedDuring(happen: () => unknown): Promise<string[]> {
  const printed: string[] = [];
  const print = (...what: unknown[]) => {
    printed.push(what.map(asPrinted).join(" "));
    return true;
  };
  const { log, info, warn, error, debug } = console;
  const streams = [process.stdout, process.stderr].map((stream) => ({
    stream,
    write: stream.write,
  }));
  Object.assign(console, { log: print, info: print, warn: print, error: print, debug: print });
  for (const { stream } of streams) stream.write = print;
  try {
    await happen();
    // A logger may write in the next turn of the event loop.
    await new Promise((resolve) => setImmediate(resolve));
  } finally {
    Object.assign(console, { log, info, warn, error, debug });
    for (const { stream, write } of streams) stream.write = write;
  }
  return printed;
}

/** Objects as the console shows them: with what is in them. */
function asPrinted(what: unknown): string {
  const isText = typeof what !== "object" || what instanceof Error || what instanceof Uint8Array;
  return isText ? String(what) : inspect(what, { depth: 4 });
}
