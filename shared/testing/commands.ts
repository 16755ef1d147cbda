import type { Command, Redis } from "ioredis";
import { aheadOfRedis } from "./clock.ts";
import { noteRedisWrite } from "./memory-store.ts";
import { sessionOption } from "./options.ts";
import { scriptOf, shareTime } from "./scripts.ts";
import { pause } from "./time.ts";

/** A Redis command as the app sent it; keys carry the prefix of the run. */
export interface SentCommand {
  name: string;
  args: string[];
  /** The request that was under way, or the last one: `GET /me`. */
  during?: string;
  /** Whether it went through the connection that the app was given, and not through one of its own. */
  shared?: boolean;
  /** Of EVAL and EVALSHA: the text of the script, where it is known. */
  script?: string | undefined;
  /** What Redis answered, once it has; undefined when it refused. */
  reply?: unknown;
  /** Why Redis refused, in its own words. */
  refusal?: string;
}

/** What a Redis that is full says to what would store something. */
export const fullRedis = "OOM command not allowed when used memory > 'maxmemory'.";

/** What a Redis that has just been started says to every command. */
export const startingRedis = "LOADING Redis is loading the dataset in memory";

/** What Redis says when it refuses a command of a kind. */
export function wordsRefusing(kind: CommandKind | undefined): string {
  return kind === "store" ? fullRedis : startingRedis;
}

/** What commands are about: reading a session, storing one, prolonging one, deleting one. */
export type CommandKind = "read" | "store" | "prolong" | "delete" | "other";

/** A hand on the commands of an app's clients: records them, holds them back or makes them fail. */
export class CommandTap {
  readonly sent: SentCommand[] = [];
  readonly #holds = new Set<Hold>();
  readonly #failing = new Map<CommandKind, string>();
  /** Pipelines and transactions of this turn, by the stream that ioredis gathers each of them in. */
  readonly #batches = new Map<object, Outgoing[]>();
  readonly #during: () => string;
  /** How many commands Redis has to answer: those that are held back have not reached it. */
  #onTheWay = 0;

  /** @param during What the app is doing at the moment: `GET /me`. */
  constructor(redis: Redis, during = () => "") {
    this.#during = during;
    this.attach(redis, true);
  }

  /** What Redis refused, in its own words. */
  get refusals(): string[] {
    return this.sent.flatMap(({ refusal }) => refusal ?? []);
  }

  /** Another connection of the same app, such as a duplicate. */
  attach(redis: Redis, shared = false): void {
    const send = redis.sendCommand.bind(redis);
    const seen = new WeakSet<Command>();
    redis.sendCommand = (command, stream) => {
      // Commands that wait for a connection pass through here twice.
      if (seen.has(command)) return send(command, stream);
      seen.add(command);
      const { name } = command;
      const args = command.args.map(String);
      const script = scriptOf(name, args, redis);
      shareTime(command, script, aheadOfRedis());
      const sent: SentCommand = { name, args, during: this.#during(), shared, script };
      if (isHandshake(sent.name)) return send(command, stream);
      this.sent.push(sent);
      if (isOf(sent, "store")) noteRedisWrite();
      let isOnTheWay = false;
      const outgoing: Outgoing = {
        sent,
        command,
        stream,
        refused: false,
        send: () => {
          isOnTheWay = true;
          this.#onTheWay++;
          return send(command, stream);
        },
      };
      onSettled(command, (error, reply) => {
        if (isOnTheWay) this.#onTheWay--;
        sent.reply = reply;
        if (error && !outgoing.refused) sent.refusal = error.message;
      });
      if (stream && (this.#holds.size > 0 || this.#failing.size > 0)) this.#gather(outgoing);
      else this.#dispatch([outgoing]);
      return command.promise;
    };
  }

  /** ioredis hands over the commands of a batch one by one, all in the same turn. */
  #gather(outgoing: Outgoing): void {
    const { stream = {} } = outgoing;
    const batch = this.#batches.get(stream);
    if (batch) {
      batch.push(outgoing);
      return;
    }
    const begun = [outgoing];
    this.#batches.set(stream, begun);
    queueMicrotask(() => {
      this.#batches.delete(stream);
      this.#dispatch(begun);
    });
  }

  /** Sends what goes out together, refuses it, or holds it back. */
  #dispatch(batch: readonly Outgoing[]): void {
    const refusalOf = ({ sent }: Outgoing) =>
      kindsOf(sent)
        .map((kind) => this.#failing.get(kind))
        .find(Boolean);
    const words = batch.map(refusalOf).find(Boolean);
    if (words && isTransaction(batch)) {
      refuse(batch, words);
      return;
    }
    const proceed = () => {
      for (const outgoing of batch) {
        const refusal = refusalOf(outgoing);
        if (refusal) refuse([outgoing], refusal);
        else outgoing.send();
      }
    };
    const hold = words
      ? undefined
      : [...this.#holds].find(
          ({ kind }) => kind === "any" || batch.some(({ sent }) => isOf(sent, kind)),
        );
    const refuseAll = () => {
      const stores = batch.some(({ sent }) => isOf(sent, "store"));
      refuse(batch, wordsRefusing(stores ? "store" : undefined));
    };
    if (hold) hold.add(proceed, refuseAll);
    else proceed();
  }

  /**
   * From now on, commands of this kind wait until the hold is released.
   *
   * @param onRelease Called when later commands may pass again.
   */
  hold(kind: CommandKind | "any", onRelease = () => {}): Hold {
    const hold = new Hold(kind, () => {
      if (this.#holds.delete(hold)) onRelease();
    });
    this.#holds.add(hold);
    return hold;
  }

  /** From now on, commands of this kind fail, with these words of Redis or of the client. */
  fail(kind: CommandKind, words = wordsRefusing(kind)): void {
    this.#failing.set(kind, words);
  }

  /**
   * Waits until the app has had nothing to ask Redis for a few turns: it has nothing left to do, or waits for
   * what is held back.
   */
  async quiet(): Promise<void> {
    let seen = this.sent.length;
    for (let calm = 0; calm < 3; calm++) {
      await pause(2);
      if (this.#onTheWay > 0 || this.sent.length !== seen) calm = -1;
      seen = this.sent.length;
    }
  }

  releaseAll(): void {
    this.#failing.clear();
    for (const hold of this.#holds) hold.release();
  }
}

/** Hears of the answer. A look at the promise would catch the error, and nobody would miss an await. */
function onSettled(command: Command, heard: (error?: Error, reply?: unknown) => void): void {
  const { resolve, reject } = command;
  let settled = false;
  const once = (error?: Error, reply?: unknown) => {
    if (!settled) heard(error, reply);
    settled = true;
  };
  command.resolve = (value) => {
    once(undefined, value);
    resolve(value);
  };
  command.reject = (error) => {
    once(error);
    reject(error);
  };
}

/** A command on its way; those of a pipeline or a transaction have a stream in common. */
interface Outgoing {
  sent: SentCommand;
  command: Command;
  stream: Parameters<Redis["sendCommand"]>[1];
  /** By the tap, and not by Redis. */
  refused: boolean;
  send(): void;
}

function isTransaction(batch: readonly Outgoing[]): boolean {
  return batch.some(({ sent }) => sent.name === "multi");
}

/** Has commands fail as Redis does it: of a transaction, nothing is done. */
function refuse(batch: readonly Outgoing[], words: string): void {
  const aborted = /^[A-Z]+ /.test(words)
    ? "EXECABORT Transaction discarded because of previous errors."
    : words;
  for (const outgoing of batch) {
    const { sent, command, stream } = outgoing;
    outgoing.refused = true;
    // A pipeline waits until each of its commands has been written.
    stream?.write("");
    command.reject(replyError(sent.name === "exec" ? aborted : words, sent));
  }
}

export class Hold {
  readonly kind: CommandKind | "any";
  readonly #waiting: { proceed(): void; refuse(): void }[] = [];
  readonly #onRelease: () => void;
  readonly #arrivals: { count: number; arrive(): void }[] = [];
  #held = 0;

  constructor(kind: CommandKind | "any", onRelease: () => void) {
    this.kind = kind;
    this.#onRelease = onRelease;
  }

  /** Resolves when the first command is held. */
  get reached(): Promise<void> {
    return this.held(1);
  }

  /** Resolves when that many commands have been held, released ones included. */
  held(count: number): Promise<void> {
    if (this.#held >= count) return Promise.resolve();
    return new Promise((arrive) => this.#arrivals.push({ count, arrive }));
  }

  /**
   * Lets something wait.
   *
   * @param refuse What happens when it is to fail instead of going on.
   */
  add(proceed: () => void, refuse = proceed): void {
    this.#waiting.push({ proceed, refuse });
    this.#held++;
    for (const { count, arrive } of this.#arrivals) if (this.#held >= count) arrive();
  }

  /** How many commands wait. */
  get waiting(): number {
    return this.#waiting.length;
  }

  /** Later commands pass; those that wait go on waiting. */
  letOthersPass(): void {
    this.#onRelease();
  }

  /** Lets the longest waiting command go; later ones are still held. */
  releaseOne(): void {
    this.#waiting.shift()?.proceed();
  }

  /** Has the longest waiting command fail, as at a Redis that is full or has just been started. */
  refuseOne(): void {
    this.#waiting.shift()?.refuse();
  }

  release(): void {
    this.#onRelease();
    for (const { proceed } of this.#waiting.splice(0)) proceed();
  }
}

/** Whether a command is about one of these. */
export function isOf(command: SentCommand, ...kinds: CommandKind[]): boolean {
  return kindsOf(command).some((kind) => kinds.includes(kind));
}

/** Whether something was deleted that has a text in its name. */
export function deletes(commands: readonly SentCommand[], text: string): boolean {
  return commands.some((sent) => isOf(sent, "delete") && sent.args.join(" ").includes(text));
}

/** What a command is about. A script that writes is about all that it writes, whatever it reads before. */
export function kindsOf(command: SentCommand): CommandKind[] {
  if (!/^eval/i.test(command.name)) return [kindOf(command)];
  const calls = command.script?.matchAll(/redis\.p?call\s*\(\s*["'](\w+)["']/g) ?? [];
  const kinds = new Set([...calls].map(([, name = ""]) => kindOf({ name, args: [] })));
  const writes = [...kinds].filter((kind) => kind === "store" || kind === "delete");
  if (writes.length > 0) return writes;
  return kinds.size > 0 ? [...kinds] : ["store"];
}

/** The commands of each kind, by their names in small letters. */
const named: Readonly<Record<Exclude<CommandKind, "other">, string>> = {
  read: "get mget exists ttl pttl hget hgetall hmget hkeys hvals hlen smembers sismember scard zrange zrangebyscore zscore zcard",
  // `SET key value EX 0` and its like still store; only DEL and its kin delete.
  store: "set setex psetex setnx getset mset hset hmset hsetnx hincrby incr sadd zadd",
  prolong: "expire pexpire expireat pexpireat getex",
  delete: "del unlink getdel hdel srem zrem zremrangebyscore",
};

const kindByName = new Map(
  Object.entries(named).flatMap(([kind, names]) =>
    names.split(" ").map((name) => [name, kind as CommandKind]),
  ),
);

function kindOf({ name, args }: SentCommand): CommandKind {
  if (/^p?expire/i.test(name) && Number(args[1]) <= 0) return "delete";
  return kindByName.get(name.toLowerCase()) ?? "other";
}

/** An error as ioredis makes it of an answer of Redis: it carries the command, with its arguments. */
export function replyError(words: string, { name, args }: SentCommand): Error {
  const error = new Error(words);
  // What is no word of Redis comes from the client itself.
  if (/^[A-Z]+ /.test(words)) error.name = "ReplyError";
  return Object.assign(error, { command: { name, args } });
}

function isHandshake(name: string): boolean {
  return ["hello", "auth", "select", "info", "client", "quit"].includes(name.toLowerCase());
}

/** `SET sess:abc… {"cookie":…} EX 86400 XX → nil`: one command and its answer, for people. */
export function describeCommand({ name, args, reply }: SentCommand, prefix: string): string {
  const short = (word: string, most: number) =>
    word.length > most ? `${word.slice(0, most - 6)}…` : word;
  const words = args.map((arg) => short(arg.replace(prefix, ""), 24));
  const answer = reply === null ? "nil" : reply === undefined ? "no answer" : String(reply);
  return `${[name.toUpperCase(), ...words].join(" ")} → ${short(answer, 80)}`;
}

/** What kept a session that was to be deleted, by the commands that were sent meanwhile. */
export function whyStillThere(commands: readonly SentCommand[]): string {
  const deletions = commands.filter((command) => isOf(command, "delete"));
  if (deletions.length === 0) return "nothing deletes it";
  if (deletions.some(({ reply }) => Number(reply) > 0))
    return "it is deleted, and stored once more";
  return "what is deleted in Redis is a key that does not exist";
}

/** How a session came back that was ended before the last of these commands, which stored it. */
export function whyBack(commands: readonly SentCommand[]): string {
  const [, ...others] = commands.filter((command) => !isOf(command, "prolong"));
  const [check, store] = [others.at(-2), others.at(-1)];
  return check && store && !isOf(check, "store", "delete")
    ? `: it was there at ${check.name.toUpperCase()}, and gone by the time of ${store.name.toUpperCase()}`
    : whyWritten();
}

function whyWritten(): string {
  const { name } = Object(sessionOption("store")).constructor as { name: string };
  return name === "RedisStore"
    ? ": the store is a `RedisStore`, which writes whether there is one or not"
    : ": its cookie works again";
}

/** A command whole, as the app typed it: without what stands before the keys of a run. */
export function asTyped({ name, args }: SentCommand): string {
  return [name.toUpperCase(), ...args].join(" ").replaceAll(/workshop:[0-9a-f]+:\d+:/g, "");
}

/** `SET sess:abc…, EXPIRE sess:abc…`, for people. */
export function describeCommands(commands: readonly SentCommand[], prefix: string): string {
  if (commands.length === 0) return "no Redis command";
  return commands
    .map(({ name, args }) => {
      const key = args[0]?.replace(prefix, "") ?? "";
      return `${name.toUpperCase()} ${key.length > 14 ? `${key.slice(0, 12)}…` : key}`.trim();
    })
    .join(", ");
}
