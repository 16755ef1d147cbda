import type { Cause } from "./crashes.ts";

interface NotedCause extends Cause {
  /** What it explains. Without it, anything: an app that misspells an option is another one than it looks. */
  symptom?: RegExp;
}

const noted: NotedCause[] = [];

/** Notes what lies beneath what a test may find later. */
export function noteCause(cause: NotedCause): void {
  noted.push(cause);
}

/** Another file is judged. */
export function forgetCauses(): void {
  noted.length = 0;
}

/** What was noted that explains what is said of an app; undefined when there is no such thing. */
export function notedCause(said: string): Cause | undefined {
  return noted.find(({ symptom }) => symptom?.test(said) ?? true);
}
