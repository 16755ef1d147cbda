// What may be read from a projector, and what may not. Used by the page and by the terminal.

/** Ids, signatures and secrets: long, and made of the letters that base64 has. */
const random = /(%3A)?([A-Za-z0-9_-]{16,})(?:\.[A-Za-z0-9%+/_-]{16,})?/g;
const uuid = /^[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}$/i;
const spelledOut = /^[A-Z]?[a-z]+(?:[-_][A-Z]?[a-z]+)*$/;
const password = /("password"\s*:\s*")(?:[^"\\]|\\.)*(")/g;

/**
 * The text with the beginning alone of what opens a session, and without passwords.
 *
 * @param {string} text
 */
export function masked(text) {
  return text
    .replaceAll(password, "$1…$2")
    .replaceAll(random, (whole, colon = "", id = "") =>
      isSecret(id) ? `${colon}${id.slice(0, 4)}…` : whole,
    );
}

/** The ids of users, and long words that people made, are none. @param {string} word */
function isSecret(word) {
  return !uuid.test(word) && /[A-Z]/.test(word) && /[a-z]/.test(word) && !spelledOut.test(word);
}
