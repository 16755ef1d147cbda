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
  port: number;
  redisUrl: string;
}

// `SESSION_SECRET=` in an .env file means "not set", not "the empty secret".
const optionalText = z
  .string()
  .optional()
  .transform((text) => text || undefined);

const Environment = z.object({
  NODE_ENV: optionalText.pipe(z.enum(["development", "production"]).default("development")),
  PORT: optionalText
    .pipe(z.string().regex(/^\d+$/).default("3000"))
    .pipe(z.coerce.number<string>().int().min(0).max(65_535)),
  REDIS_URL: optionalText.pipe(z.url({ protocol: /^rediss?$/ }).default("redis://127.0.0.1:6379")),
  SESSION_SECRET: optionalText,
  SESSION_SECRETS_PREVIOUS: optionalText.transform((list) => list?.split(",") ?? []),
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
  const { NODE_ENV, PORT, REDIS_URL, SESSION_SECRET, SESSION_SECRETS_PREVIOUS } = parsed.data;
  return {
    env: NODE_ENV,
    port: PORT,
    redisUrl: REDIS_URL,
    sessionSecret: SESSION_SECRET?.trim() || undefined,
    previousSessionSecrets: SESSION_SECRETS_PREVIOUS.map((secret) => secret.trim()).filter(Boolean),
  };
}
