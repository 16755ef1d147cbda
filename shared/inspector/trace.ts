import { stripVTControlCharacters, styleText } from "node:util";
import type { Paper } from "../runner/paper.ts";
import { brief } from "./page/brief.js";
import { masked } from "./page/secrets.js";
import { valuesOf } from "./page/view.js";
import type { RecordedCommand, RecordedExchange, Recording } from "./recording.ts";

type Style = Parameters<typeof styleText>[0];

const whoColumns = 10;
const widestLine = 100;

/**
 * Prints each exchange once its answer is complete, and what Redis is asked after that, or outside of any
 * exchange, as it happens.
 */
export function traceTo(write: (text: string) => void, recording: Recording, paper: Paper): void {
  const printed = new WeakSet<object>();
  recording.on("entry", (entry) => {
    if (entry.kind === "note") return;
    if (entry.kind === "exchange" && !printed.has(entry)) {
      if (!entry.end) return;
      for (const each of [entry, ...entry.commands]) printed.add(each);
      return write(traceOf(entry, paper));
    }
    const [head, commands, after] =
      entry.kind === "exchange"
        ? ["late", entry.commands, `, after ${entry.method} ${entry.url}`]
        : ["outside", [entry.command], ""];
    for (const command of commands) {
      if (printed.has(command) || !command.reply) continue;
      printed.add(command);
      const row = commandLine(head, command);
      write(print([{ ...row, text: row.text + after }], paper));
    }
  });
}

/** An exchange in a few aligned lines: who asked, what Redis was asked, what was answered. */
export function traceOf(exchange: RecordedExchange, paper: Paper): string {
  const { who, method, url, headers, commands, answer, end, at } = exchange;
  const cookies = valuesOf(headers, "cookie");
  const setCookies = valuesOf(answer?.headers ?? [], "set-cookie");
  const lines: Row[] = [
    { head: who, text: `${method} ${url}`, style: "bold" },
    ...cookies.map((cookie): Row => ({ text: `Cookie: ${cookie}` })),
    ...commands.filter(({ late }) => !late).map((command) => commandLine("Redis", command)),
    answer && end?.complete
      ? {
          head: "answer",
          text: `${answer.status} ${answer.reason}, ${(end.at - at).toFixed(0)} ms`,
          style: answer.status < 400 ? "green" : answer.status < 500 ? "yellow" : "red",
        }
      : { head: "answer", text: "none: the connection broke", style: "red" },
    ...setCookies.map((cookie): Row => ({ text: `Set-Cookie: ${cookie}`, style: "magenta" })),
    ...commands.filter(({ late }) => late).map((command) => commandLine("late", command)),
  ];
  return print(lines, paper);
}

interface Row {
  head?: string;
  text: string;
  style?: Style;
}

function commandLine(head: string, { name, args, reply }: RecordedCommand): Row {
  const result = reply ? ` → ${reply.failed ? "failed: " : ""}${brief(reply.text)}` : "";
  return {
    head,
    text: `${name} ${brief(args.join(" "))}${result}`,
    style: reply?.failed ? "red" : "cyan",
  };
}

/** One line each: what does not fit is cut, since a cut cookie says as much as a wrapped one. */
function print(rows: readonly Row[], { columns, color }: Paper): string {
  const width = Math.min(columns, widestLine) - whoColumns - 1;
  return rows
    .map(({ head = "", text, style }) => {
      // An app may answer control sequences, which a terminal obeys.
      const clean = stripVTControlCharacters(masked(text)).replaceAll(/\p{Cc}/gu, " ");
      const cut = clean.length > width ? `${clean.slice(0, width - 1)}…` : clean;
      const styled = color && style ? styleText(style, cut, { validateStream: false }) : cut;
      return `${head.slice(0, whoColumns - 1).padStart(whoColumns - 1)}  ${styled}`;
    })
    .join("\n");
}
