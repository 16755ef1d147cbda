// How a command and its reply are shown where there is little room. Used by the page and by the terminal.

const shownCharacters = 160;

/**
 * Without what express-session keeps of the cookie, the same in every session, and without what would
 * fill the screen. Opened, an exchange shows all of it.
 *
 * @param {string} text
 */
export function brief(text) {
  const short = text.replaceAll(/"cookie":\{[^{}]*\}/g, '"cookie":{…}');
  return short.length > shownCharacters ? `${short.slice(0, shownCharacters)} …` : short;
}
