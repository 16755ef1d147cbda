import { EventEmitter } from "node:events";
import { siteName, type Body, type Header, type ProbeEvent } from "./events.ts";

/** A command that an app sent to Redis. Keys stand without the prefix of the run. */
export interface RecordedCommand {
  at: number;
  name: string;
  args: string[];
  /** It was issued when the answer had left. */
  late: boolean;
  reply?: { at: number; text: string; failed: boolean };
}

/** A request with all that it caused. */
export interface RecordedExchange {
  kind: "exchange";
  /** Its place in the recording. */
  number: number;
  at: number;
  /** `Ada` for `ada.workshop.localhost`, otherwise the host. */
  who: string;
  method: string;
  url: string;
  headers: Header[];
  throughProxy: "https" | "http" | undefined;
  commands: RecordedCommand[];
  answer?: { at: number; status: number; reason: string; headers: Header[] };
  /** Incomplete: one side broke the connection. */
  end?: { at: number; complete: boolean; sent: Body; received: Body };
}

/** A command outside any request: a handshake, a timer. */
export interface RecordedOutside {
  kind: "outside";
  number: number;
  at: number;
  command: RecordedCommand;
}

/** What the runner has to say between two exchanges. */
export interface RecordedNote {
  kind: "note";
  number: number;
  at: number;
  tone: "plain" | "good" | "bad";
  text: string;
}

export type Entry = RecordedExchange | RecordedOutside | RecordedNote;

/** As many entries as are kept: a day at a projector, and bounded all the same. */
const keptEntries = 10_000;

/** All that happened at one address, oldest first. Emits each entry when it is new or has changed. */
export class Recording extends EventEmitter<{ entry: [Entry]; cleared: [] }> {
  readonly #prefix: string;
  #entries: Entry[] = [];
  #count = 0;
  /** Of the process that runs now, by the numbers that its probe gave. */
  readonly #exchanges = new Map<number, RecordedExchange>();
  readonly #commands = new Map<number, [RecordedCommand, Entry]>();

  /** @param prefix What Redis knows the keys of this run by, in front of their names. */
  constructor(prefix = "") {
    super();
    this.setMaxListeners(0);
    this.#prefix = prefix;
  }

  get entries(): readonly Entry[] {
    return this.#entries;
  }

  note(text: string, tone: RecordedNote["tone"] = "plain"): void {
    this.#add({ kind: "note", number: ++this.#count, at: Date.now(), tone, text });
  }

  clear(): void {
    this.#entries = [];
    this.emit("cleared");
  }

  /** The process ended, and with it what was under way. */
  processEnded(): void {
    const at = Date.now();
    for (const exchange of this.#exchanges.values()) {
      if (exchange.end) continue;
      const nothing = { bytes: 0, text: "" };
      exchange.end = { at, complete: false, sent: nothing, received: nothing };
      this.emit("entry", exchange);
    }
    this.#exchanges.clear();
    this.#commands.clear();
  }

  take(event: ProbeEvent): void {
    switch (event.type) {
      case "request": {
        const { exchange: id, at, method, url, headers, throughProxy } = event;
        const exchange: RecordedExchange = {
          kind: "exchange",
          number: ++this.#count,
          at,
          who: whoAsks(headers),
          method,
          url,
          headers,
          throughProxy,
          commands: [],
        };
        this.#exchanges.set(id, exchange);
        return this.#add(exchange);
      }
      case "answer": {
        const exchange = this.#exchanges.get(event.exchange);
        if (!exchange) return;
        const { at, status, reason, headers } = event;
        exchange.answer = { at, status, reason, headers };
        return void this.emit("entry", exchange);
      }
      case "end": {
        const exchange = this.#exchanges.get(event.exchange);
        if (!exchange) return;
        const { at, complete, sent, received } = event;
        exchange.end = { at, complete, sent, received };
        this.#forgetSoon(event.exchange, exchange);
        return void this.emit("entry", exchange);
      }
      case "command": {
        const { at, name, late, args } = event;
        const command = { at, name: name.toUpperCase(), late, args: args.map(this.#withoutPrefix) };
        const exchange = event.exchange && this.#exchanges.get(event.exchange);
        if (exchange) {
          exchange.commands.push(command);
          this.#commands.set(event.command, [command, exchange]);
          return void this.emit("entry", exchange);
        }
        const outside: Entry = { kind: "outside", number: ++this.#count, at, command };
        this.#commands.set(event.command, [command, outside]);
        return this.#add(outside);
      }
      case "reply": {
        const [command, entry] = this.#commands.get(event.command) ?? [];
        if (!command || !entry) return;
        this.#commands.delete(event.command);
        command.reply = {
          at: event.at,
          text: this.#withoutPrefix(event.text),
          failed: event.failed,
        };
        return void this.emit("entry", entry);
      }
      default:
    }
  }

  #add(entry: Entry): void {
    this.#entries.push(entry);
    if (this.#entries.length > keptEntries * 1.1) this.#entries = this.#entries.slice(-keptEntries);
    this.emit("entry", entry);
  }

  /** A command after the answer still belongs to its request; one after a minute hardly does. */
  #forgetSoon(id: number, exchange: RecordedExchange): void {
    const forget = () => {
      // The next process counts from 1 again.
      if (this.#exchanges.get(id) === exchange) this.#exchanges.delete(id);
    };
    setTimeout(forget, 60_000).unref();
  }

  readonly #withoutPrefix = (text: string) =>
    this.#prefix ? text.replaceAll(this.#prefix, "") : text;
}

function whoAsks(headers: readonly Header[]): string {
  const [, host = ""] = headers.find(([name]) => name.toLowerCase() === "host") ?? [];
  const name = host.replace(/:\d+$/, "");
  if (!name.endsWith(`.${siteName}`)) return name || "nobody";
  const label = name.slice(0, -siteName.length - 1);
  return label.charAt(0).toUpperCase() + label.slice(1);
}
