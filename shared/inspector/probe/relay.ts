import { request, type IncomingMessage, type ServerResponse } from "node:http";
import { currentExchange } from "./exchanges.ts";

const relayed = new Set<ServerResponse>();

/** Has the runner answer a request of the page, which came on a connection of the app. */
export function relay(req: IncomingMessage, res: ServerResponse): void {
  relayed.add(res);
  currentExchange.exit(() => {
    const onward = request(
      {
        host: "127.0.0.1",
        port: Number(process.env.WORKSHOP_INSPECTOR_PORT),
        method: req.method,
        path: req.url,
        headers: req.headers,
        agent: false,
      },
      (answer) => {
        res.writeHead(answer.statusCode ?? 502, answer.headers);
        answer.pipe(res);
        answer.on("error", () => res.destroy());
      },
    );
    onward.on("error", () => res.destroy());
    res.on("close", () => {
      relayed.delete(res);
      onward.destroy();
    });
    req.pipe(onward);
  });
}

/** Ends them, and with them the streams of events that would keep a process from ending. */
export function endRelays(): void {
  for (const res of relayed) res.destroy();
}
