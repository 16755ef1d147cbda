// The main program around an app: connect, listen, shut down cleanly. It is production, unless NODE_ENV
// says development.
//
//   node --import tsx shared/app/server.ts solutions/06-cookie-flags/app.ts
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { loadConfig } from "./config.ts";
import { createDatabase, seededUsers } from "./database.ts";
import { logError } from "./log.ts";
import { isReason, start, type AppModule } from "./start.ts";

const shutdownDeadlineMs = 5_000;

async function main(appFile = "app.ts"): Promise<void> {
  const config = loadConfig(process.env);
  const app: AppModule = await import(pathToFileURL(resolve(appFile)).href);
  // Everybody knows the passwords of the seeded people. In production nobody can log in until a real
  // database stands behind UserRepository.
  const people = config.env === "development" ? Object.values(seededUsers) : [];
  const server = await start(app, config, await createDatabase({ people }));
  console.log(`Listening on ${server.url} (${config.env})`);

  const shutDown = async () => {
    // A connection that never ends must not keep the process alive.
    setTimeout(() => process.exit(1), shutdownDeadlineMs).unref();
    await server.close();
    process.exit(0);
  };
  process.once("SIGINT", shutDown);
  process.once("SIGTERM", shutDown);
}

// Nobody awaited it. Node would print the error with all that it carries; the state is unknown, so this ends.
process.on("uncaughtException", (error) => {
  logError(error);
  process.exit(1);
});

try {
  await main(process.argv[2]);
} catch (error) {
  if (isReason(error)) console.error(`The server did not start: ${error.message}`);
  else logError(error);
  process.exit(1);
}
