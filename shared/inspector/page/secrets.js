// What may be read from a projector, and what may not. Used by the page and by the terminal.

/** Ids, signatures and secrets: long, and made of the letters that base64 has. */
const random = /[A-Za-z0-9_-]{16,}(?:\.[A-Za-z0-9%+/_-]{16,})?/g;
const uuid = /^[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}$/i;
const password = /("password"\s*:\s*")(?:[^"\\]|\\.)*(")/g;

/**
 * The text with the beginning alone of what opens a session, and without passwords.
 *
 * @param {string} text
 */
export function masked(text) {
  return text
    .replaceAll(password, "$1…$2")
    .replaceAll(random, (word) => (isSecret(word) ? `${word.slice(0, 4)}…` : word));
}

/** Long words that people made have no digits, or are the ids of users. @param {string} word */
function isSecret(word) {
  const [head = ""] = word.split(".");
  return (
    !uuid.test(head) &&
    /[A-Z]/.test(head) &&
    /[a-z]/.test(head) &&
    !/^[A-Z][a-z]+(?:-[A-Z][a-z]+)*$/.test(head)
  );
}
