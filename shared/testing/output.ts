/** What is printed while something happens, through the console or past it. */
export async function printedDuring(happen: () => unknown): Promise<string[]> {
  const printed: string[] = [];
  const print = (...what: unknown[]) => {
    printed.push(what.map(String).join(" "));
    return true;
  };
  const { log, info, warn, error } = console;
  const streams = [process.stdout, process.stderr].map((stream) => ({
    stream,
    write: stream.write,
  }));
  Object.assign(console, { log: print, info: print, warn: print, error: print });
  for (const { stream } of streams) stream.write = print;
  try {
    await happen();
    // A logger may write in the next turn of the event loop.
    await new Promise((resolve) => setImmediate(resolve));
  } finally {
    Object.assign(console, { log, info, warn, error });
    for (const { stream, write } of streams) stream.write = write;
  }
  return printed;
}
