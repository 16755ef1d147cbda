import { AsyncLocalStorage } from "node:async_hooks";
import { IncomingMessage, Server, ServerResponse } from "node:http";
import type { Socket } from "node:net";
import {
  isLoopbackName,
  pagePath,
  plainHttpName,
  siteName,
  type Header,
  type ProbeEvent,
} from "../events.ts";
import { BodyRecorder } from "./body-recorder.ts";
import { now, tell } from "./channel.ts";
import { relay } from "./relay.ts";
import { replace } from "./replace.ts";

/** A request of this process, until its answer is complete. */
export interface Exchange {
  id: number;
  /** Undefined when the connection became something else, such as a WebSocket. */
  res: ServerResponse | undefined;
  sent: BodyRecorder;
  received: BodyRecorder;
  /**
   * A browser asks for `/`: it is led to the page when the app has nothing there. Until that is known,
   * nothing is told.
   */
  untold: ProbeEvent | undefined;
  led: boolean;
}

/** The exchange in whose asynchronous context the code at hand runs. */
export const currentExchange = new AsyncLocalStorage<Exchange>();

const exchanges = new WeakMap<object, Exchange>();
const underWay = new Set<Exchange>();
const whenIdle: (() => void)[] = [];
let count = 0;

/** Resolves when no request waits for its answer. */
export function untilAnswered(): Promise<void> {
  if (underWay.size === 0) return Promise.resolve();
  return new Promise((resolve) => whenIdle.push(resolve));
}

/**
 * Follows each request that this process answers. What is replaced are methods of prototypes, which
 * call what they replace: no request, answer or server carries anything that it would not carry alone.
 */
export function watchExchanges(onListening: (server: Server) => void): void {
  replace(Server.prototype, "emit", (emit, server: Server, args) => {
    const [event, req, other] = args as [string, IncomingMessage, ServerResponse & Socket];
    switch (event) {
      case "listening":
        onListening(server);
        return emit();
      case "request":
      case "checkContinue":
      case "checkExpectation":
        return taken(req, other) || inContext(begin(req, other), emit);
      case "upgrade":
      case "connect":
        return refused(req, other) || inContext(beginUpgrade(req, other), emit);
      default:
        return emit();
    }
  });

  // Node emits these in the context of the connection: what listens belongs to the exchange.
  replace(IncomingMessage.prototype, "emit", (emit, req: IncomingMessage) =>
    inContext(exchanges.get(req), emit),
  );
  replace(ServerResponse.prototype, "emit", (emit, res: ServerResponse, [event]) => {
    const exchange = exchanges.get(res);
    if (exchange && (event === "finish" || event === "close")) end(exchange, event === "finish");
    return inContext(exchange, emit);
  });

  replace(IncomingMessage.prototype, "push", (push, req: IncomingMessage, [chunk, encoding]) => {
    exchanges.get(req)?.received.take(chunk, encoding);
    return push();
  });
  for (const method of ["write", "end"] as const) {
    replace(
      ServerResponse.prototype,
      method,
      (original, res: ServerResponse, [chunk, encoding]) => {
        exchanges.get(res)?.sent.take(chunk, encoding);
        return original();
      },
    );
  }
  replace(ServerResponse.prototype, "writeHead", (writeHead, res: ServerResponse, args) => {
    const exchange = exchanges.get(res);
    if (exchange?.untold && args[0] === 404) {
      exchange.led = true;
      res.setHeader("Location", pagePath);
      args.splice(0, typeof args[1] === "string" ? 2 : 1, 302, "Found");
    }
    const result = writeHead();
    if (exchange) tellAnswer(exchange, res);
    return result;
  });
}

/** Answers what is not for the app: requests of the page, and those under a name of somebody else. */
function taken(req: IncomingMessage, res: ServerResponse): boolean {
  if (!isLoopbackName(req.headers.host)) {
    res.writeHead(403, { "Content-Type": "text/plain", Connection: "close" });
    res.end("This address answers to localhost, what is below it, and 127.0.0.1.\n");
    return true;
  }
  if (!req.url?.startsWith(pagePath)) return false;
  relay(req, res);
  return true;
}

function refused(req: IncomingMessage, socket: Socket): boolean {
  if (isLoopbackName(req.headers.host)) return false;
  socket.end("HTTP/1.1 403 Forbidden\r\nConnection: close\r\n\r\n");
  return true;
}

function begin(req: IncomingMessage, res: ServerResponse | undefined): Exchange {
  const throughProxy = playProxy(req);
  const exchange: Exchange = {
    id: ++count,
    res,
    sent: new BodyRecorder(),
    received: new BodyRecorder(),
    untold: undefined,
    led: false,
  };
  exchanges.set(req, exchange);
  if (res) exchanges.set(res, exchange);
  underWay.add(exchange);
  const begun: ProbeEvent = {
    type: "request",
    exchange: exchange.id,
    at: now(),
    method: req.method ?? "",
    url: req.url ?? "",
    headers: pairs(req.rawHeaders),
    throughProxy,
  };
  const asksForRoot =
    req.method === "GET" && req.url === "/" && /html/.test(req.headers.accept ?? "");
  if (asksForRoot) exchange.untold = begun;
  else tell(begun);
  return exchange;
}

function beginUpgrade(req: IncomingMessage, socket: Socket): Exchange {
  const exchange = begin(req, undefined);
  socket.once("close", () => end(exchange, true));
  return exchange;
}

/** As the TLS proxy of a production app: it overwrites what a client claims about its connection. */
function playProxy(req: IncomingMessage): "https" | "http" | undefined {
  const [name = ""] = (req.headers.host ?? "").split(":");
  if (process.env.NODE_ENV !== "production" || !name.endsWith(`.${siteName}`)) return undefined;
  const protocol = name === plainHttpName ? "http" : "https";
  const written = {
    "X-Forwarded-Proto": protocol,
    "X-Forwarded-For": req.socket.remoteAddress ?? "",
  };
  const { rawHeaders } = req;
  for (const [header, value] of Object.entries(written)) {
    for (let i = rawHeaders.length - 2; i >= 0; i -= 2) {
      if (rawHeaders[i]?.toLowerCase() === header.toLowerCase()) rawHeaders.splice(i, 2);
    }
    rawHeaders.push(header, value);
    req.headers[header.toLowerCase()] = value;
  }
  return protocol;
}

function tellAnswer(exchange: Exchange, res: ServerResponse): void {
  if (exchange.led) return;
  if (exchange.untold) tell(exchange.untold);
  exchange.untold = undefined;
  // The head as it is sent, which no public method gives whole.
  const head = String(Reflect.get(res, "_header") ?? "");
  const [, ...lines] = head.trimEnd().split("\r\n");
  tell({
    type: "answer",
    exchange: exchange.id,
    at: now(),
    status: res.statusCode,
    reason: res.statusMessage,
    headers: lines.map((line): Header => {
      const colon = line.indexOf(":");
      return [line.slice(0, colon), line.slice(colon + 2)];
    }),
  });
}

function end(exchange: Exchange, complete: boolean): void {
  if (!underWay.delete(exchange)) return;
  const { id, sent, received } = exchange;
  tell({
    type: "end",
    exchange: id,
    at: now(),
    complete,
    sent: sent.body,
    received: received.body,
  });
  if (underWay.size === 0) for (const resolve of whenIdle.splice(0)) resolve();
}

function inContext<Result>(exchange: Exchange | undefined, action: () => Result): Result {
  return exchange ? currentExchange.run(exchange, action) : action();
}

function pairs(rawHeaders: readonly string[]): Header[] {
  const headers: Header[] = [];
  for (let i = 0; i < rawHeaders.length; i += 2) {
    headers.push([rawHeaders[i] ?? "", rawHeaders[i + 1] ?? ""]);
  }
  return headers;
}
