import connectPgSimple from "connect-pg-simple";
import session from "express-session";
import { Pool } from "pg";
import { describeError } from "../../app/log.ts";

export const PostgresStore = connectPgSimple(session);

/** As patient as `connectRedis`: a visitor would rather read an error now. */
export function connectPostgres(url = process.env.DATABASE_URL): Pool {
  const pool = new Pool({
    connectionString: url,
    connectionTimeoutMillis: 1_000,
    query_timeout: 2_000,
    allowExitOnIdle: true,
  });
  // Without a listener, a connection that is lost while it is idle ends the process.
  pool.on("error", (error) => console.warn(`PostgreSQL: ${describeError(error)}`));
  return pool;
}
