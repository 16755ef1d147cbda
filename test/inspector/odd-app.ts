// An app that does whatever HTTP allows, and some of what it does not: what the recorder must not change.
import { setTimeout as sleep } from "node:timers/promises";
import express, { type Express } from "express";
import { Redis } from "ioredis";
import type { Services } from "../../shared/app/services.ts";

const large = Buffer.alloc(5 * 1024 * 1024, "0123456789abcdef");

export function connectRedis(url: string): Redis {
  const redis = new Redis(url, { maxRetriesPerRequest: 1, enableAutoPipelining: true });
  redis.on("error", () => {});
  return redis;
}

export function createApp({ redis }: Services): Express {
  const app = express();
  app.disable("x-powered-by");

  app.get("/json", (_req, res) => void res.json({ ok: true }));
  app.get("/large", (_req, res) => void res.send(large));
  app.get("/streamed", async (_req, res) => {
    for (const part of ["one ", "two ", "three"]) {
      res.write(part);
      await sleep(20);
    }
    res.end();
  });
  app.get("/trailers", (_req, res) => {
    res.set("Trailer", "X-Sum");
    res.write("text");
    res.addTrailers({ "X-Sum": "4" });
    res.end();
  });
  app.get("/hints", (_req, res) => {
    res.writeEarlyHints({ link: "</style.css>; rel=preload" });
    res.end("after the hints");
  });
  app.get("/cookies", (_req, res) => {
    res.append("Set-Cookie", "one=1; Path=/");
    res.append("Set-Cookie", "two=2; HttpOnly");
    res.writeHead(200, "Quite Fine", { "X-MiXeD": "case" });
    res.end(Buffer.from([0, 255, 128]));
  });
  app.get("/breaks", (_req, res) => {
    res.set("Content-Length", "100");
    res.write("ten bytes.");
    // A moment, so that they leave.
    setTimeout(() => res.destroy(), 20);
  });
  app.get("/no-http", (_req, res) => {
    res.socket?.end("this is no HTTP at all\r\n\r\n");
  });
  app.get("/seen", (req, res) => {
    res.json({
      raw: req.rawHeaders,
      url: req.url,
      own: Object.keys(req),
      ownOfAnswer: Object.keys(res),
    });
  });
  app.post("/echo", (req, res) => void req.pipe(res));
  app.post("/refused", (_req, res) => void res.status(413).end("too much"));

  // What the recorder has to attribute: commands that overlap, come late, or belong to nobody.
  app.get("/slowly/:key", async (req, res) => {
    await sleep(Math.random() * 10);
    await redis.set(req.params.key, "1", "EX", 60);
    await new Promise((resolve) => setTimeout(resolve, Math.random() * 10));
    await redis.get(req.params.key);
    res.json({ key: req.params.key });
  });
  app.post("/in-an-event/:key", (req, res) => {
    req.on("data", () => void redis.get(req.params.key));
    req.on("end", () => void redis.del(req.params.key).then(() => res.end()));
  });
  app.get("/late/:key", (req, res) => {
    res.json({});
    void redis.set(req.params.key, "late", "EX", 60);
  });
  app.get("/timer", (_req, res) => {
    outside();
    res.end();
  });
  app.get("/crash", () => {
    setTimeout(() => {
      throw new Error("on purpose");
    });
  });
  app.get("/never", () => {});

  // Made before any request, so in nobody's context.
  let outside = () => {};
  void (async () => {
    for (;;) {
      await new Promise<void>((resolve) => (outside = resolve));
      await redis.get("outside");
    }
  })();

  const { listen } = app;
  app.listen = ((...args: Parameters<typeof listen>) => {
    const server = listen.apply(app, args);
    server.on("upgrade", (_req, socket) => {
      socket.write(
        "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n",
      );
      socket.pipe(socket);
    });
    return server;
  }) as typeof listen;
  return app;
}
