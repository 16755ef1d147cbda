import type { Redis } from "ioredis";
import type { Config } from "./config.ts";
import type { Database } from "./database.ts";

/** All that an app may touch. It opens no connection and reads no environment of its own. */
export interface Services {
  redis: Redis;
  db: Database;
  config: Config;
}
