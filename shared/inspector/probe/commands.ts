import { Command, Redis } from "ioredis";
import { now, tell } from "./channel.ts";
import { currentExchange } from "./exchanges.ts";
import { replace } from "./replace.ts";

/** As much of an argument or of an answer as is told. */
const toldCharacters = 2_000;
/** Their arguments are passwords. */
const secretive = new Set(["auth", "hello"]);

let count = 0;
const told = new WeakSet<Command>();

/** Follows each command of every ioredis client, from the call that issued it to the reply. */
export function watchCommands(): void {
  replace(Redis.prototype, "sendCommand", (send, _redis, [command]) => {
    watch(command);
    return send();
  });
  // A pipeline passes its commands on later, in nobody's context.
  const pipeline = Object.getPrototypeOf(new Redis({ lazyConnect: true }).pipeline());
  replace(pipeline, "sendCommand", (send, _pipeline, [command]) => {
    watch(command);
    return send();
  });
}

function watch(command: Command): void {
  // One that waits for the connection passes here more than once.
  if (told.has(command)) return;
  told.add(command);
  const id = ++count;
  const exchange = currentExchange.getStore();
  tell({
    type: "command",
    command: id,
    at: now(),
    exchange: exchange?.id,
    late: exchange?.res?.writableEnded ?? false,
    name: command.name,
    args: secretive.has(command.name) ? [] : command.args.map(textOf),
  });
  const { resolve, reject } = command;
  command.resolve = (value) => {
    tell({ type: "reply", command: id, at: now(), text: textOf(value), failed: false });
    resolve(value);
  };
  // Not by the promise: to look at its failure would be to catch it.
  command.reject = (error) => {
    tell({ type: "reply", command: id, at: now(), text: error.message, failed: true });
    reject(error);
  };
}

function textOf(value: unknown): string {
  if (value === null || value === undefined) return "(nil)";
  if (Array.isArray(value)) return `[${value.slice(0, 20).map(textOf).join(", ")}]`;
  const text = Buffer.isBuffer(value) ? value.toString() : String(value);
  return text.length > toldCharacters ? `${text.slice(0, toldCharacters)}…` : text;
}
