import { masked } from "./secrets.js";

/** What the reader chose to see. */
export const view = { ids: false };

/**
 * A text as it may be shown now.
 *
 * @param {string} text
 */
export function shown(text) {
  return view.ids ? text : masked(text);
}

/**
 * The values of a header, as sent.
 *
 * @param {[string, string][]} headers @param {string} name
 */
export function valuesOf(headers, name) {
  return headers.filter(([key]) => key.toLowerCase() === name).map(([, value]) => value);
}
