import { Console } from "node:console";
import { Writable } from "node:stream";

/** What is printed, as it is printed. */
interface OutputTap {
  readonly lines: readonly string[];
  /** Puts everything back. */
  stop(): void;
}

/**
 * Keeps what is printed from now on, through the console or past it.
 *
 * @param passOn Whether it is still shown.
 * @param onLine Called with each piece, as it comes.
 */
export function tapOutput(passOn: boolean, onLine: (line: string) => void = () => {}): OutputTap {
  const lines: string[] = [];
  const keep = (text: string) => {
    lines.push(text);
    onLine(text);
  };
  const sink = new Writable({
    decodeStrings: false,
    write(text, _encoding, done) {
      keep(String(text).replace(/\n$/, ""));
      done();
    },
  });
  // It prints as every console does: objects and errors with what is in them.
  const recorder = new Console({ stdout: sink, stderr: sink });
  const methods = Object.entries(console).filter(
    ([name, method]) => typeof method === "function" && name in recorder,
  );
  let printing = false;
  for (const [name, print] of methods) {
    Reflect.set(console, name, (...args: unknown[]) => {
      Reflect.get(recorder, name).apply(recorder, args);
      if (!passOn) return;
      // What the console then writes to a stream is the same line once more.
      printing = true;
      print.apply(console, args);
      printing = false;
    });
  }
  const streams = [process.stdout, process.stderr].map((stream) => {
    const { write } = stream;
    stream.write = (text: string | Uint8Array, ...rest: never[]) => {
      if (!printing) keep(typeof text === "string" ? text : Buffer.from(text).toString());
      return passOn ? write.call(stream, text, ...rest) : true;
    };
    return { stream, write };
  });
  return {
    lines,
    stop() {
      for (const [name, print] of methods) Reflect.set(console, name, print);
      for (const { stream, write } of streams) stream.write = write;
    },
  };
}

/** What is printed while something happens. It is shown to nobody else. */
export async function printedDuring(happen: () => unknown): Promise<readonly string[]> {
  const tap = tapOutput(false);
  try {
    await happen();
    // A logger may write in the next turn of the event loop.
    await new Promise((resolve) => setImmediate(resolve));
  } finally {
    tap.stop();
  }
  return tap.lines;
}
