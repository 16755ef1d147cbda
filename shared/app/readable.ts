/**
 * Whether a text shows as what it is: something visible in it, no control characters (a terminal
 * obeys them), and none that turn the direction of what follows.
 */
export function isReadable(text: string): boolean {
  const visible = text.replaceAll(
    /[\p{Default_Ignorable_Code_Point}\p{White_Space}\p{M}\u2800]/gu,
    "",
  );
  return visible !== "" && !/[\p{Cc}\p{Cs}\p{Bidi_Control}\u2028\u2029]/u.test(text);
}
