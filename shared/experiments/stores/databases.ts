import { randomBytes } from "node:crypto";
import { MongoClient } from "mongodb";
import { Client as PostgresClient, Pool } from "pg";
import { Redis } from "ioredis";
import { KeySpace, openKeySpace } from "../../redis/key-space.ts";
import { UserError } from "../../runner/user-error.ts";
import type { Cleanup } from "../cleanup.ts";
import { redisToMeasure } from "../own-redis.ts";

/** Where sessions are kept, as a look from outside. What is in it belongs to the experiment. */
export interface SessionDatabase {
  /** The variable that tells the app where it is, and the address. */
  variable: "REDIS_URL" | "DATABASE_URL" | "MONGODB_URL";
  url: string;
  /** One line for people, without a password. */
  description: string;
  /** How many sessions it holds, ended ones included. */
  count(): Promise<number>;
  /** Lets so many seconds pass for every session. */
  age(seconds: number): Promise<void>;
}

/** Redis: see `redisToMeasure`. */
export async function provideRedisSessions(cleanup: Cleanup): Promise<SessionDatabase> {
  const { url, description } = await redisToMeasure(cleanup);
  const { prefix, clear } = openKeySpace(url);
  const observer = new Redis(url);
  cleanup.add(async () => {
    await clear();
    observer.disconnect();
  });
  const keys = new KeySpace(observer, prefix);
  const prefixed = new URL(url);
  prefixed.searchParams.set("keyPrefix", prefix);
  return {
    variable: "REDIS_URL",
    url: prefixed.href,
    description,
    count: async () => (await keys.keys()).length,
    age: (seconds) => keys.age(seconds),
  };
}

/**
 * PostgreSQL: `DATABASE_URL`, in a schema of its own; otherwise PGlite, which is PostgreSQL in WebAssembly,
 * behind a socket.
 *
 * @throws {UserError} when nothing answers at `DATABASE_URL`.
 */
export async function providePostgres(
  cleanup: Cleanup,
  url = process.env.DATABASE_URL?.trim(),
): Promise<SessionDatabase> {
  const server = url ? await ownSchema(cleanup, url) : await embeddedPostgres(cleanup);
  const pool = new Pool({ connectionString: server.url, max: 1 });
  pool.on("error", () => {});
  cleanup.add(() => pool.end());
  // The app makes its table with the first session.
  const ifThere = async (query: string, values: unknown[] = []) => {
    const { rows } = await pool.query(`SELECT to_regclass('session') AS found`);
    return rows[0]?.found ? pool.query(query, values) : undefined;
  };
  return {
    ...server,
    variable: "DATABASE_URL",
    async count() {
      const answer = await ifThere(`SELECT count(*)::int AS count FROM session`);
      return answer?.rows[0]?.count ?? 0;
    },
    async age(seconds) {
      await ifThere(`UPDATE session SET expire = expire - make_interval(secs => $1)`, [seconds]);
    },
  };
}

/** @throws {UserError} when nothing answers at the address. */
export async function provideMongo(cleanup: Cleanup, url: string): Promise<SessionDatabase> {
  mustBeAddress("MONGODB_URL", url, /^mongodb(\+srv)?:$/);
  const address = withDatabase(url, `workshop_${randomBytes(6).toString("hex")}`);
  const client = new MongoClient(address, { serverSelectionTimeoutMS: 2_000 });
  try {
    await client.connect();
    await client.db().command({ ping: 1 });
  } catch (error) {
    await client.close();
    throw unavailable("MONGODB_URL", url, error, "to leave MongoDB out");
  }
  cleanup.add(async () => {
    await client.db().dropDatabase();
    await client.close();
  });
  const sessions = client.db().collection("sessions");
  return {
    variable: "MONGODB_URL",
    url: address,
    description: `at ${hostOf(url)} (from MONGODB_URL)`,
    count: () => sessions.countDocuments(),
    async age(seconds) {
      const earlier = { $subtract: ["$expires", seconds * 1000] };
      await sessions.updateMany({}, [{ $set: { expires: earlier } }]);
    },
  };
}

async function embeddedPostgres(cleanup: Cleanup): Promise<{ url: string; description: string }> {
  const { PGlite } = await import("@electric-sql/pglite");
  const { PGLiteSocketServer } = await import("@electric-sql/pglite-socket");
  const db = await PGlite.create();
  cleanup.add(() => db.close());
  const server = new PGLiteSocketServer({ db, host: "127.0.0.1", port: 0, maxConnections: 100 });
  await server.start();
  cleanup.add(() => server.stop());
  const { rows } = await db.query<{ server_version: string }>("SHOW server_version");
  return {
    url: `postgres://postgres@${server.getServerConn()}/postgres?sslmode=disable`,
    description: `PGlite, PostgreSQL ${rows[0]?.server_version} in WebAssembly with one connection at a time (set DATABASE_URL to use a real one)`,
  };
}

async function ownSchema(
  cleanup: Cleanup,
  url: string,
): Promise<{ url: string; description: string }> {
  mustBeAddress("DATABASE_URL", url, /^postgres(ql)?:$/);
  const client = await connectedTo(url);
  const schema = `workshop_${randomBytes(6).toString("hex")}`;
  await client.query(`CREATE SCHEMA ${schema}`);
  cleanup.add(async () => {
    await client.query(`DROP SCHEMA ${schema} CASCADE`);
    await client.end();
  });
  const { rows } = await client.query("SHOW server_version");
  const inSchema = new URL(url);
  inSchema.searchParams.set("options", `-c search_path=${schema}`);
  return {
    url: inSchema.href,
    description: `PostgreSQL ${rows[0]?.server_version} at ${hostOf(url)} (from DATABASE_URL)`,
  };
}

async function connectedTo(url: string): Promise<PostgresClient> {
  let client: PostgresClient | undefined;
  try {
    client = new PostgresClient({ connectionString: url, connectionTimeoutMillis: 2_000 });
    client.on("error", () => {});
    await client.connect();
    return client;
  } catch (error) {
    await client?.end().catch(() => {});
    throw unavailable("DATABASE_URL", url, error, "to use the embedded PostgreSQL");
  }
}

function mustBeAddress(variable: string, url: string, protocol: RegExp): void {
  if (URL.canParse(url) && protocol.test(new URL(url).protocol)) return;
  const example =
    variable === "MONGODB_URL" ? "mongodb://127.0.0.1:27017" : "postgres://127.0.0.1/test";
  throw new UserError(
    `${variable} is no address of such a database: it should look like ${example}. Mend it, or unset it.`,
  );
}

function unavailable(variable: string, url: string, error: unknown, instead: string): UserError {
  const text = error instanceof Error ? error.message || String(Reflect.get(error, "code")) : "";
  const reason = text.includes("ECONNREFUSED") ? "nothing listens there" : text.split("\n")[0];
  return new UserError(
    `${variable} names ${hostOf(url)}, which cannot be used: ${reason}. Start it, mend the address, or unset ${variable} ${instead}.`,
  );
}

/** An address without the password in it. */
function hostOf(url: string): string {
  return new URL(url).host || "this machine";
}

/** The address of another database on the same server; logins stay with the one they were made for. */
function withDatabase(url: string, name: string): string {
  const address = new URL(url);
  const [, before] = address.pathname.split("/");
  address.pathname = `/${name}`;
  if (address.username && !address.searchParams.has("authSource")) {
    address.searchParams.set("authSource", before || "admin");
  }
  return address.href;
}
