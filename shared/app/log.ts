import diagnostics from "node:diagnostics_channel";

// What the log may hold is chosen here, field by field. Errors carry more than their message: ioredis
// attaches the command with its arguments, which are passwords, session ids and sessions.

/**
 * One line that says what failed, without data: the kind of error, its code, the name of the Redis
 * command. A message is included unless it quotes what it was given, as those of JSON.parse and of
 * Redis do.
 */
export function describeError(error: unknown): string {
  if (!(error instanceof Error)) return "something was thrown that is no Error";
  const { code, command } = error as Error & { code?: unknown; command?: { name?: unknown } };
  return [
    error.name,
    typeof code === "string" && !error.message.includes(code) && code,
    messageOf(error),
    typeof command?.name === "string" && `(${command.name})`,
  ]
    .filter(Boolean)
    .join(" ");
}

/**
 * The diagnostics channel on which whoever monitors the app gets each error, whole. It is kept, and
 * not asked for by its name each time: Node forgets channels that nobody keeps.
 */
export const loggedErrors = diagnostics.channel("app:error");

/** Writes to the log what failed, and where: the lines of the stack, which hold no data. */
export function logError(error: unknown): void {
  loggedErrors.publish({ error });
  const stack = error instanceof Error ? (error.stack ?? "").replace(error.message, "") : "";
  const frames = stack.match(/^ {4}at .+$/gm) ?? [];
  console.error([describeError(error), ...frames].join("\n"));
}

function messageOf({ name, message }: Error): string {
  // "WRONGPASS invalid username-password pair": the first word is the code, the rest may quote.
  if (name === "ReplyError") return /^[A-Z]+\b/.exec(message)?.[0] ?? "";
  if (name === "SyntaxError") return "";
  // One line, and nothing that a terminal obeys.
  return message.replaceAll(/[\s\p{Cc}]+/gu, " ");
}
