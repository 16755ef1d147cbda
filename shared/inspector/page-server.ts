import type { IncomingMessage, RequestListener, ServerResponse } from "node:http";
import { json } from "node:stream/consumers";
import { attacks } from "../attacks/all.ts";
import { playOn } from "./attack-player.ts";
import { isLoopbackName, otherSiteName, pagePath, siteName } from "./events.ts";
import type { Inspector } from "./inspector.ts";
import { findAsset } from "./page-assets.ts";
import { streamEvents } from "./page-events.ts";
import { people, type Person } from "./requests.ts";
import { BrowserJars } from "./browser-jars.ts";

/** What the page can have done. */
type Act =
  | { act: "restart" }
  | { act: "production"; on: boolean }
  | { act: "attack"; name: string }
  | { act: "clear" };

/**
 * Serves the page, and stands in for an app that is down. The page itself is at one host; below it each
 * browser has a host of its own, where scripts of the app under test may run: those hosts are given
 * nothing that such a script must not see.
 */
export function createPage(inspector: Inspector): RequestListener {
  const jars = new BrowserJars();
  return (req, res) => {
    // The connection may have to go to the app next.
    res.shouldKeepAlive = false;
    answer(inspector, jars, req, res).catch(() => res.destroy());
  };
}

async function answer(
  inspector: Inspector,
  jars: BrowserJars,
  req: IncomingMessage,
  res: ServerResponse,
): Promise<void> {
  const { host = "", origin } = req.headers;
  const { pathname } = new URL(req.url ?? "/", "http://page.invalid");
  const [name = "", port = "80"] = host.split(":");
  if (!isLoopbackName(host)) return refuse(res, 403, "This address answers to localhost alone.");
  if (!pathname.startsWith(pagePath)) return standIn(inspector, req, res);
  const changes = req.method !== "GET" && req.method !== "HEAD";
  if (changes && origin !== `http://${host}`) return refuse(res, 403, "Not from another page.");

  guard(res, port);
  const path = pathname.slice(pagePath.length);
  const person = personAt(name);
  switch (`${req.method} ${path}`) {
    case "GET events":
      if (name !== siteName) break;
      return streamEvents(inspector, jars, res);
    case "GET recording":
      if (name !== siteName) break;
      res.setHeader("Content-Type", "application/json");
      return void res.end(JSON.stringify(inspector.recording.entries));
    case "POST act":
      if (name !== siteName) break;
      return act(inspector, req, res);
    case "GET jar":
      if (!person) break;
      jars.learn(person, req.headers.cookie);
      return void res.writeHead(204).end();
    case "POST forget":
      if (!person) break;
      return void res.writeHead(204, { "Set-Cookie": jars.endOf(req.headers.cookie) }).end();
    case "POST take-over":
      if (!person) break;
      return void res.writeHead(204, { "Set-Cookie": jars.copyFor(person) }).end();
    case "GET ":
      // `/` of the address leads here, whatever name it was called by.
      if (placeOf(name) !== "page" || name === siteName) break;
      return redirect(res, `http://${siteName}:${port}${pagePath}`);
    default:
  }
  const asset = req.method === "GET" && findAsset(path, placeOf(name));
  if (!asset) return refuse(res, 404, "The inspector has nothing there.");
  res.setHeader("Content-Type", asset.type).end(asset.content);
}

const playing = new WeakSet<Inspector>();

async function act(inspector: Inspector, req: IncomingMessage, res: ServerResponse): Promise<void> {
  const wanted = (await json(req)) as Act;
  // Answered first: a restart of the app ends the connection that this came by.
  res.writeHead(204).end();
  switch (wanted.act) {
    case "restart":
      inspector.recording.note("Restart");
      return inspector.restart();
    case "production":
      return inspector.setProduction(wanted.on);
    case "clear":
      return inspector.recording.clear();
    case "attack": {
      const attack = attacks.find(({ name }) => name === wanted.name);
      // One at a time: two would mix in the diagram.
      if (!attack || playing.has(inspector)) return;
      playing.add(inspector);
      await playOn(inspector, [attack], { paceMs: 500 }).finally(() => playing.delete(inspector));
    }
  }
}

/** What the app would be asked, while there is none. */
function standIn({ name }: Inspector, req: IncomingMessage, res: ServerResponse): void {
  if (req.method === "GET" && req.url === "/") return redirect(res, pagePath);
  res.writeHead(503, { "Content-Type": "application/json", "Retry-After": "1" });
  res.end(
    JSON.stringify({ error: { code: "app_not_running", message: `${name} is not running.` } }),
  );
}

/** Nothing from elsewhere, nothing inline, no frame but the two browsers. */
function guard(res: ServerResponse, port: string): void {
  const hosts = Object.keys(people).map((person) => `http://${person}.${siteName}:${port}`);
  res.setHeaders(
    new Map([
      [
        "Content-Security-Policy",
        [
          "default-src 'none'",
          "script-src 'self'",
          "style-src 'self'",
          "img-src data:",
          "connect-src 'self'",
          `frame-src ${hosts.join(" ")}`,
          `frame-ancestors http://${siteName}:${port}`,
          `form-action ${hosts.join(" ")}`,
          "base-uri 'none'",
        ].join("; "),
      ],
      ["X-Content-Type-Options", "nosniff"],
      ["Referrer-Policy", "no-referrer"],
      ["Cross-Origin-Resource-Policy", "same-origin"],
      ["Cross-Origin-Opener-Policy", "same-origin"],
      ["Cache-Control", "no-store"],
    ]),
  );
}

function personAt(hostname: string): Person | undefined {
  return (Object.keys(people) as Person[]).find((person) => hostname === `${person}.${siteName}`);
}

function placeOf(hostname: string): "page" | "browser" | "elsewhere" {
  if (personAt(hostname)) return "browser";
  return hostname === otherSiteName ? "elsewhere" : "page";
}

function redirect(res: ServerResponse, location: string): void {
  res.writeHead(302, { Location: location }).end();
}

function refuse(res: ServerResponse, status: number, words: string): void {
  res.writeHead(status, { "Content-Type": "text/plain; charset=utf-8" }).end(`${words}\n`);
}
