import { meaningOf, withoutImports } from "../runner/engine/explanations.ts";

/** What lies beneath whatever goes wrong, as the first line of a message and the rule that it breaks. */
export interface Cause {
  claim: string;
  reason: string;
}

/** An error in one line, with the place in the app that it came from. */
export function describeError(error: Error): string {
  const place = placeInApp(error);
  const [words = ""] = (issueOf(error) ?? withoutImports(error.message)).split("\n");
  return `${error.name}${toWhat(error)}: ${words.replace(/\.$/, "")}${place ? ` (${place})` : ""}`;
}

/** Which command Redis refused, or did not answer. */
function toWhat({ command }: Error & { command?: { name?: unknown } }): string {
  return typeof command?.name === "string" ? ` to ${command.name.toUpperCase()}` : "";
}

/** `steps/03-login/app.ts:41` from the first frame of the stack that is the app's own. */
export function placeInApp(error: Error): string | undefined {
  const frame =
    /((?:(?:steps|solutions)[\\/][^\s():\\/]+[\\/])?(?<![\w-])app\.ts)[^\s():]*:(\d+)/.exec(
      error.stack ?? "",
    );
  return frame ? `${frame[1]}:${frame[2]}` : undefined;
}

/**
 * The place in the app that has called the function at hand; undefined when somebody else has.
 *
 * @param depth How many functions up the caller is: 2 is whoever called the caller of the one at hand.
 */
export function placeOfCaller(depth = 1): string | undefined {
  // Below the message stand this function, the one at hand, and who called it.
  const caller = new Error("called").stack?.split("\n")[depth + 2] ?? "";
  return placeInApp(Object.assign(new Error("called"), { stack: caller }));
}

/** What a schema objects to first: as a message, its list of objections begins with a bracket. */
function issueOf(error: Error & { issues?: unknown }): string | undefined {
  if (error.name !== "ZodError" || !Array.isArray(error.issues)) return undefined;
  const [issue] = error.issues as { path?: unknown[]; message?: string }[];
  return [issue?.path?.join("."), issue?.message].filter(Boolean).join(": ");
}

/** The cause of a crash in one line, with its place. */
export function describeCause(error: Error): string {
  const { cause } = meaningOf(error) ?? {};
  const place = placeInApp(error);
  return cause ? `${cause}${place ? ` (${place})` : ""}` : describeError(error);
}
