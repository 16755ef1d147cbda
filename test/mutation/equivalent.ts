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
    steps: [4],
    line: "if (userId) await destroySession(req);",
    original: "userId",
    replacement: "true",
    reason:
      "A visitor who never logged in loses the count of their visits when /me refuses them. Whether a refusal ends such a session is left open, and one that clears the cookie is right.",
  },
  {
    steps: [5, 6, 7],
    line: "if (userId) await endSession(req, res);",
    original: "userId",
    replacement: "true",
    reason:
      "A visitor who never logged in loses the count of their visits when /me refuses them. Whether a refusal ends such a session is left open, and one that clears the cookie is right.",
  },
  {
    steps: [7],
    line: 'else res.status(401).json({ error: { code: "invalid_credentials" } });',
    original: '{ error: { code: "invalid_credentials" } }',
    replacement: "{}",
    reason: "The lesson names the status. In which words it is explained is left open.",
  },
  {
    steps: [7],
    line: 'else res.status(401).json({ error: { code: "invalid_credentials" } });',
    original: '{ code: "invalid_credentials" }',
    replacement: "{}",
    reason: "The lesson names the status. In which words it is explained is left open.",
  },
  {
    steps: [7],
    line: 'else res.status(401).json({ error: { code: "invalid_credentials" } });',
    original: '"invalid_credentials"',
    replacement: '""',
    reason: "The lesson names the status. In which words it is explained is left open.",
  },
  {
    steps: [7],
    line: 'res.status(403).json({ error: { code: "banned" } });',
    original: '{ error: { code: "banned" } }',
    replacement: "{}",
    reason: "The lesson names the status. In which words it is explained is left open.",
  },
  {
    steps: [7],
    line: 'res.status(403).json({ error: { code: "banned" } });',
    original: '{ code: "banned" }',
    replacement: "{}",
    reason: "The lesson names the status. In which words it is explained is left open.",
  },
  {
    steps: [7],
    line: 'res.status(403).json({ error: { code: "banned" } });',
    original: '"banned"',
    replacement: '""',
    reason: "The lesson names the status. In which words it is explained is left open.",
  },
  {
    steps: [7],
    line: 'else res.status(403).json({ error: { code: "forbidden" } });',
    original: '{ error: { code: "forbidden" } }',
    replacement: "{}",
    reason: "The lesson names the status. In which words it is explained is left open.",
  },
  {
    steps: [7],
    line: 'else res.status(403).json({ error: { code: "forbidden" } });',
    original: '{ code: "forbidden" }',
    replacement: "{}",
    reason: "The lesson names the status. In which words it is explained is left open.",
  },
  {
    steps: [7],
    line: 'else res.status(403).json({ error: { code: "forbidden" } });',
    original: '"forbidden"',
    replacement: '""',
    reason: "The lesson names the status. In which words it is explained is left open.",
  },
  {
    steps: [7],
    line: 'res.status(404).json({ error: { code: "not_found" } });',
    original: '{ error: { code: "not_found" } }',
    replacement: "{}",
    reason: "The lesson names the status. In which words it is explained is left open.",
  },
  {
    steps: [7],
    line: 'res.status(404).json({ error: { code: "not_found" } });',
    original: '{ code: "not_found" }',
    replacement: "{}",
    reason: "The lesson names the status. In which words it is explained is left open.",
  },
  {
    steps: [7],
    line: 'res.status(404).json({ error: { code: "not_found" } });',
    original: '"not_found"',
    replacement: '""',
    reason: "The lesson names the status. In which words it is explained is left open.",
  },
  {
    steps: [7],
    line: 'else res.status(404).json({ error: { code: "not_found" } });',
    original: '{ error: { code: "not_found" } }',
    replacement: "{}",
    reason: "The lesson names the status. In which words it is explained is left open.",
  },
  {
    steps: [7],
    line: 'else res.status(404).json({ error: { code: "not_found" } });',
    original: '{ code: "not_found" }',
    replacement: "{}",
    reason: "The lesson names the status. In which words it is explained is left open.",
  },
  {
    steps: [7],
    line: 'else res.status(404).json({ error: { code: "not_found" } });',
    original: '"not_found"',
    replacement: '""',
    reason: "The lesson names the status. In which words it is explained is left open.",
  },
  {
    steps: [7],
    line: 'res.status(409).json({ error: { code: "last_administrator" } });',
    original: '{ error: { code: "last_administrator" } }',
    replacement: "{}",
    reason: "The lesson names the status. In which words it is explained is left open.",
  },
  {
    steps: [7],
    line: 'res.status(409).json({ error: { code: "last_administrator" } });',
    original: '{ code: "last_administrator" }',
    replacement: "{}",
    reason: "The lesson names the status. In which words it is explained is left open.",
  },
  {
    steps: [7],
    line: 'res.status(409).json({ error: { code: "last_administrator" } });',
    original: '"last_administrator"',
    replacement: '""',
    reason: "The lesson names the status. In which words it is explained is left open.",
  },
  {
    steps: [7],
    line: "if (user) await endSessionsOf(user.id);",
    original: "user",
    replacement: "true",
    reason: "Without a user there is no id either, and the index of nobody is empty.",
  },
  {
    steps: [7],
    line: "const endOf = (ttlSeconds: number) => Date.now() + ttlSeconds * 1000;",
    original: "ttlSeconds * 1000",
    replacement: "ttlSeconds / 1000",
    reason:
      "Entries are taken out a day after the end that stands in them: then the session has ended in either case.",
  },
  {
    steps: [2, 3, 4, 5, 6, 7],
    line: "rolling: true,",
    original: "true",
    replacement: "false",
    reason: "Whether a session that is in use outlives its day in the browser is left to the app.",
  },
  {
    steps: [3, 4, 5, 6, 7],
    line: ".max(256, { abort: true })",
    original: "{ abort: true }",
    replacement: "{}",
    reason:
      "A password that is too long is refused either way. What it saves is work, which test/attacks/flood.test.ts counts.",
  },
  {
    steps: [3, 4, 5, 6, 7],
    line: ".max(256, { abort: true })",
    original: "true",
    replacement: "false",
    reason:
      "A password that is too long is refused either way. What it saves is work, which test/attacks/flood.test.ts counts.",
  },
  {
    steps: [1, 2, 3, 4, 5, 6, 7],
    line: 'app.use(express.json({ limit: "10kb" }));',
    original: '{ limit: "10kb" }',
    replacement: "{}",
    reason:
      "A body that is too long is refused either way, by a greater limit. test/attacks/flood.test.ts sees the work.",
  },
  {
    steps: [7],
    line: "if (keys.length === 1_000) await endSessionsOf(userId);",
    original: "keys.length === 1_000",
    replacement: "true",
    reason: "One more look finds an empty index.",
  },
  {
    steps: [7],
    line: "if (keys.length === 1_000) await endSessionsOf(userId);",
    original: "keys.length === 1_000",
    replacement: "false",
    reason: "No goal logs somebody in a thousand times.",
  },
  {
    steps: [7],
    line: "if (keys.length === 1_000) await endSessionsOf(userId);",
    original: "keys.length === 1_000",
    replacement: "keys.length !== 1_000",
    reason: "One more look finds an empty index, and no goal logs somebody in a thousand times.",
  },
];
