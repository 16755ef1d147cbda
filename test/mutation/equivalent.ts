/** A mutant that no behaviour tells from the reference. */
export interface Equivalent {
  /** The numbers of the steps whose solutions contain it. */
  steps: readonly number[];
  /** The line on which it begins, trimmed. */
  line: string;
  /** The text that is replaced; blanks and line breaks count as one blank. */
  original: string;
  replacement: string;
  /** Why nobody could see it. */
  reason: string;
}

/** Survivors that are no holes. An entry has to fit one mutant of each step, and none that is killed. */
export const equivalents: readonly Equivalent[] = [
  {
    steps: [1, 2, 3, 4, 5, 6],
    line: 'app.set("env", config.env);',
    original: '"env"',
    replacement: '""',
    reason:
      "Express asks for it when it renders a view or writes an error page of its own. The app has no views, and its error handler answers every error.",
  },
  {
    steps: [6],
    line: 'if (production) app.set("trust proxy", 1);',
    original: "production",
    replacement: "true",
    reason:
      "In development, nothing asks whether a request came over https or from which address: the cookie is not Secure, and no handler looks.",
  },
];
