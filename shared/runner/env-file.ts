import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parseEnv } from "node:util";
import { errorCode } from "./error-code.ts";
import { root } from "./paths.ts";
import { decoded } from "./text.ts";

/**
 * Sets what `.env` names, unless the shell has set it already.
 *
 * @returns Why the file was passed over, if so.
 */
export function loadEnvFile(file = join(root, ".env")): string | undefined {
  if (!existsSync(file)) return undefined;
  let bytes: Buffer;
  try {
    bytes = readFileSync(file);
  } catch (error) {
    const code = errorCode(error);
    return `.env cannot be read (${code === "EISDIR" ? "it is a folder" : code}), so it is passed over. What belongs there stands in .env.example.`;
  }
  for (const [name, value] of Object.entries(parseEnv(decoded(bytes)))) {
    process.env[name] ??= value;
  }
  return undefined;
}
