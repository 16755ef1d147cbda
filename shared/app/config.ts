import { z } from "zod";

/** What `createApp` may know about its environment. */
export interface Config {
  env: "development" | "production";
  /** Signs the session cookie. Step 6 makes it mandatory. */
  sessionSecret?: string | undefined;
  /** Secrets that signed cookies before the last rotation, newest first. */
  previousSessionSecrets: string[];
}

/** What the main program needs beside it: where to listen, and which Redis to ask. */
export interface ServerConfig extends Config {
  /** `localhost`: this machine alone. `0.0.0.0`: whoever reaches it, as a container needs. */
  host: string;
  port: number;
  redisUrl: string;
}

// `SESSION_SECRET=` in an .env file means "not set", not "the empty secret".
const optionalText = z
  .string()
  .optional()
  .transform((text) => text || undefined);

/** Whatever is used as a secret may not be guessed: 32 characters, as many as step 6 asks for. */
const Secrets = z.array(z.string().trim().min(32, "each secret needs at least 32 characters"));

const Environment = z.object({
  // Whoever forgets to set it gets the safe one.
  NODE_ENV: optionalText.pipe(z.enum(["development", "production"]).default("production")),
  HOST: optionalText.pipe(z.string().default("localhost")),
  PORT: optionalText
    .pipe(z.string().regex(/^\d+$/).default("3000"))
    .pipe(z.coerce.number<string>().int().min(0).max(65_535)),
  REDIS_URL: optionalText.pipe(z.url({ protocol: /^rediss?$/ }).default("redis://127.0.0.1:6379")),
  SESSION_SECRET: optionalText,
  // JSON, since a secret may contain any separator.
  SESSION_SECRETS_PREVIOUS: optionalText.transform(parseList).pipe(Secrets),
});

/**
 * Parses environment variables; it judges their form, not whether a step needs them.
 *
 * @throws {Error} One line that names every variable that cannot be read.
 */
export function loadConfig(env: Record<string, string | undefined>): ServerConfig {
  const parsed = Environment.safeParse(env);
  if (!parsed.success) {
    const problems = parsed.error.issues.map(
      (issue) => `${issue.path.join(".")}: ${issue.message}`,
    );
    throw new Error(`The environment cannot be read. ${problems.join("; ")}`);
  }
  const { NODE_ENV, HOST, PORT, REDIS_URL, SESSION_SECRET, SESSION_SECRETS_PREVIOUS } = parsed.data;
  return {
    env: NODE_ENV,
    host: HOST,
    port: PORT,
    redisUrl: REDIS_URL,
    sessionSecret: SESSION_SECRET?.trim() || undefined,
    previousSessionSecrets: SESSION_SECRETS_PREVIOUS,
  };
}

function parseList(text: string | undefined, context: z.RefinementCtx): unknown {
  try {
    return text ? JSON.parse(text) : [];
  } catch {
    context.addIssue('it must be a list in JSON: ["secret", "older secret"]');
    return z.NEVER;
  }
}
