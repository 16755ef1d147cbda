/** Whether a bcrypt hash stands anywhere in a text. */
export function containsHash(text: string): boolean {
  return /\$2[aby]\$\d\d\$/.test(text);
}
