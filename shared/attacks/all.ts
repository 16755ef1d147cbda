import { guessByAnswer, guessByTime } from "./account-guessing.ts";
import { alteredCookie } from "./altered-cookie.ts";
import type { Attack } from "./attack.ts";
import { staysInAfterNewPassword, staysInAfterBan } from "./ended-elsewhere.ts";
import { foreignForm } from "./foreign-form.ts";
import { claimHttps, listenOnTheNetwork } from "./plain-http.ts";
import { replayedCookie } from "./replayed-cookie.ts";
import { scriptReadsCookie } from "./script-reads-cookie.ts";
import { sessionFixation } from "./session-fixation.ts";
import { siblingCookie } from "./sibling-cookie.ts";

/** Every attack, in the order in which the lessons meet them. */
export const attacks: readonly Attack[] = [
  alteredCookie,
  scriptReadsCookie,
  sessionFixation,
  guessByAnswer,
  guessByTime,
  replayedCookie,
  foreignForm,
  listenOnTheNetwork,
  claimHttps,
  siblingCookie,
  staysInAfterBan,
  staysInAfterNewPassword,
];

/** Whether the app of a step has what the attack is about. */
export function canBePlayed({ needs }: Attack, step: number): boolean {
  return needs.step <= step;
}
