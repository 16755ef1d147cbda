/** Something the person at the terminal can mend. The message says what, why and what to do. */
export class UserError extends Error {
  override name = "UserError";
}
