/** A mutant that is as right as the reference: no behaviour tells them apart, or either is allowed. */
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
    steps: [1, 2, 3, 4, 5, 6, 7],
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
  {
    steps: [4, 5, 6],
    line: "if (userId) await destroySession(req);",
    original: "userId",
    replacement: "true",
    reason:
      "A visitor who never logged in loses the count of their visits when /me refuses them. Whether a refusal ends such a session is left open, and one that clears the cookie is right.",
  },
  {
    steps: [4, 5, 6, 7],
    line: "if (!changed) {",
    original: "!changed",
    replacement: "false",
    reason:
      "Whoever is deleted between the guard and the change is then answered 500, since there is no profile to answer with. Which refusal it is, is left open.",
  },
  {
    steps: [4, 5, 6, 7],
    line: "if (!changed) {",
    original: '{ res.status(401).json({ error: { code: "not_authenticated" } }); return; }',
    replacement: "{}",
    reason: "As above: there is no profile, so it is a 500.",
  },
];
