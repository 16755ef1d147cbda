// Preloaded into the app's process (`node --import`): it takes the connections that the runner hands
// over, answers for the page, and tells what the app does. The app needs no line of code for it.
import { Server } from "node:http";
import type { Socket } from "node:net";
import type { ProbeRequest } from "../events.ts";
import { tell, tellNow } from "./channel.ts";
import { watchCommands } from "./commands.ts";
import { untilAnswered, watchExchanges } from "./exchanges.ts";
import { endRelays } from "./relay.ts";

let app: Server | undefined;

watchExchanges((server) => {
  app = server;
  tell({ type: "listening" });
});
watchCommands();

process.on("uncaughtExceptionMonitor", (error) => {
  tellNow({ type: "crashed", text: String(error?.stack ?? error) });
});

process.on("message", (request: ProbeRequest, socket: unknown) => {
  // Its client may have left on the way: then there is no socket any more.
  if (request === "connection" && socket) app?.emit("connection", socket as Socket);
  if (request === "finish") void finish();
});

/** What is under way is answered first, as a server does that closes. */
async function finish(): Promise<void> {
  endRelays();
  await untilAnswered();
  process.kill(process.pid, "SIGTERM");
}
