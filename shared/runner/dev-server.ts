// What `npm run dev` and `npm run demo` start: the app as shared/app/server.ts runs it, with the seeded
// people in it. It tells its parent when it listens, and ends with it.
import { pathToFileURL } from "node:url";
import { loadConfig } from "../app/config.ts";
import { createDatabase } from "../app/database.ts";
import { isReason, start, type AppModule } from "../app/start.ts";

try {
  const [, , file = ""] = process.argv;
  const app: AppModule = await import(pathToFileURL(file).href);
  const server = await start(app, loadConfig(process.env), await createDatabase());
  process.send?.("listening");
  const end = async () => {
    await server.close();
    process.exit(0);
  };
  for (const signal of ["SIGINT", "SIGTERM", "disconnect"] as const) process.once(signal, end);
} catch (error) {
  console.error("The app did not start:", isReason(error) ? error.message : error);
  process.exit(1);
}
