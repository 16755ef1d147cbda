import { once } from "node:events";
import { connect, createServer, type AddressInfo, type Server } from "node:net";

export interface RelayedCommand {
  /** In upper case. */
  name: string;
  args: string[];
  /** The connections are counted as they come. */
  connection: number;
}

/** What becomes of a command: it passes, waits, or is answered with these words of Redis. */
export type Fate = "pass" | "hold" | { refuse: string };

/** A wire between an app and Redis that knows what travels on it, command by command. */
export class CommandRelay {
  /** Decides about each command. */
  fate: (command: RelayedCommand) => Fate = () => "pass";
  readonly commands: RelayedCommand[] = [];
  readonly #server: Server;
  readonly #held: (() => void)[] = [];

  private constructor(server: Server) {
    this.#server = server;
  }

  static async to(redisUrl: string): Promise<CommandRelay> {
    const { hostname, port } = new URL(redisUrl);
    const server = createServer();
    const relay = new CommandRelay(server);
    let connections = 0;
    server.on("connection", (client) => {
      const connection = ++connections;
      const redis = connect(Number(port || 6379), hostname);
      redis.pipe(client);
      let rest: Buffer = Buffer.alloc(0);
      let open = Promise.resolve();
      client.on("data", (bytes) => {
        const { commands, rest: left } = parseCommands(Buffer.concat([rest, bytes]));
        rest = left;
        for (const { words, raw } of commands) {
          const [name = "", ...args] = words;
          const command = { name: name.toUpperCase(), args, connection };
          relay.commands.push(command);
          const fate = relay.fate(command);
          // What is held holds what follows: commands stay in order.
          if (fate === "hold") {
            const released = new Promise<void>((resolve) => relay.#held.push(resolve));
            open = open.then(() => released);
          }
          const sent = typeof fate === "object" ? refusal(fate.refuse) : raw;
          open = open.then(() => void redis.write(sent));
        }
      });
      for (const [one, other] of [
        [client, redis],
        [redis, client],
      ] as const) {
        one.on("error", () => {});
        one.on("close", () => other.destroy());
      }
    });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    return relay;
  }

  /** The address to use instead of `redisUrl`. */
  through(redisUrl: string): string {
    const url = new URL(redisUrl);
    url.hostname = "127.0.0.1";
    url.port = String((this.#server.address() as AddressInfo).port);
    return url.href;
  }

  /** How many commands of that name were sent. */
  count(name: string): number {
    return this.commands.filter((command) => command.name === name).length;
  }

  /** Forgets what was sent, and lets everything pass again. */
  reset(): void {
    this.commands.length = 0;
    this.fate = () => "pass";
    this.release();
  }

  release(): void {
    for (const go of this.#held.splice(0)) go();
  }

  close(): void {
    this.release();
    this.#server.close();
  }
}

/** A command that Redis answers, in its turn, with these words. */
function refusal(words: string): string {
  return encode(["EVAL", "return redis.error_reply(ARGV[1])", "0", words]);
}

function encode(words: readonly string[]): string {
  const bulk = words.map((word) => `$${Buffer.byteLength(word)}\r\n${word}\r\n`);
  return `*${words.length}\r\n${bulk.join("")}`;
}

/** Splits what a client sent into commands: arrays of bulk strings, as RESP has them. */
function parseCommands(bytes: Buffer): {
  commands: { words: string[]; raw: Buffer }[];
  rest: Buffer;
} {
  const commands: { words: string[]; raw: Buffer }[] = [];
  let start = 0;
  for (;;) {
    let at = start;
    const number = (): number | undefined => {
      const end = bytes.indexOf("\r\n", at);
      if (end < 0) return undefined;
      const value = Number(bytes.toString("latin1", at + 1, end));
      at = end + 2;
      return value;
    };
    const length = number() ?? Infinity;
    const words: string[] = [];
    for (let word = 0; word < length; word++) {
      const size = number();
      // The rest is still on its way.
      if (size === undefined || at + size + 2 > bytes.length) {
        return { commands, rest: bytes.subarray(start) };
      }
      words.push(bytes.toString("utf8", at, at + size));
      at += size + 2;
    }
    commands.push({ words, raw: bytes.subarray(start, at) });
    start = at;
  }
}
