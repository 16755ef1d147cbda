// What the recorder tells: each exchange with the commands that it caused, and everything else as that.
import { once } from "node:events";
import { writeFileSync, readFileSync } from "node:fs";
import { request } from "node:http";
import { connect } from "node:net";
import { expect, test, inject } from "vitest";
import { Inspector } from "../../shared/inspector/inspector.ts";
import type { RecordedExchange } from "../../shared/inspector/recording.ts";
import { openKeySpace } from "../../shared/redis/key-space.ts";
import { stepPaths } from "../../shared/runner/paths.ts";
import { Relay } from "../../shared/testing/relay.ts";
import { appFile, oddApp, opened, recorded, stepNumber } from "./opened.ts";

const ended = (exchanges: RecordedExchange[], path: string) =>
  exchanges.find(({ url, end }) => url === path && end);

test("of thirty requests that overlap, each has its own commands", async () => {
  const site = await opened({ step: stepNumber(1), file: oddApp });
  const keys = Array.from({ length: 30 }, (_, i) => `key-${i}`);
  await Promise.all(keys.map((key) => fetch(`${site.inspector.url}/slowly/${key}`)));
  for (const key of keys) {
    const { commands } = await recorded(site, (all) => ended(all, `/slowly/${key}`));
    expect(commands.map(({ name, args }) => [name, ...args])).toEqual([
      ["SET", key, "1", "EX", "60"],
      ["GET", key],
    ]);
    expect(commands.map(({ reply }) => reply?.text)).toEqual(["OK", "1"]);
  }
});

test("events of a request are its own, and commands after the answer are late", async () => {
  const site = await opened({ step: stepNumber(1), file: oddApp });
  const { url } = site.inspector;
  await Promise.all([
    fetch(`${url}/in-an-event/a`, { method: "POST", body: "a" }),
    fetch(`${url}/in-an-event/b`, { method: "POST", body: "b" }),
    fetch(`${url}/late/c`),
  ]);
  for (const key of ["a", "b"]) {
    const { commands } = await recorded(site, (all) => ended(all, `/in-an-event/${key}`));
    expect(commands.map(({ name, args, late }) => [name, args[0], late])).toEqual([
      ["GET", key, false],
      ["DEL", key, false],
    ]);
  }
  const { commands } = await recorded(site, (all) =>
    all.find(({ url, commands }) => url === "/late/c" && commands.length > 0),
  );
  expect(commands).toMatchObject([{ name: "SET", late: true }]);
});

test("what happens outside of any request is shown as that", async () => {
  const site = await opened({ step: stepNumber(1), file: oddApp });
  await fetch(`${site.inspector.url}/timer`);
  const outside = () =>
    site.inspector.recording.entries.flatMap((entry) =>
      entry.kind === "outside" ? [entry.command.name] : [],
    );
  await expect.poll(outside).toContain("GET");
  // The handshake of the connection.
  expect(outside()).toContain("INFO");
  const { commands } = await recorded(site, (all) => ended(all, "/timer"));
  expect(commands).toEqual([]);
});

test("an exchange is recorded whole", async () => {
  const site = await opened({ step: stepNumber(3), file: stepPaths(stepNumber(3)).solution });
  const body = JSON.stringify({ email: "ada@example.com", password: "analytical engine" });
  await fetch(`${site.inspector.url}/auth/login`, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body,
  });
  const login = await recorded(site, (all) => ended(all, "/auth/login"));
  expect(login).toMatchObject({
    who: "localhost",
    method: "POST",
    answer: { status: 200, reason: "OK" },
    end: { complete: true, received: { text: body } },
  });
  expect(login.end?.sent.text).toContain('"email":"ada@example.com"');
  expect(login.answer?.headers.map(([name]) => name)).toContain("Set-Cookie");
  const set = login.commands.find(({ name }) => name === "SET");
  // Without the prefix of the run.
  expect(set?.args[0]).toMatch(/^sess:/);
});

test("/ leads to the page when the app has none, and is the app's when it has one", async () => {
  const asBrowser = { headers: { Accept: "text/html" }, redirect: "manual" } as const;
  const without = await opened({ step: stepNumber(1), file: oddApp });
  const led = await fetch(without.inspector.url, asBrowser);
  expect([led.status, led.headers.get("location")]).toEqual([302, "/__inspector/"]);
  const page = await fetch(without.inspector.pageUrl, { redirect: "manual" });
  expect(page.headers.get("location")).toBe(
    `http://workshop.localhost:${without.inspector.port}/__inspector/`,
  );

  const source = readFileSync(oddApp, "utf8");
  const own = source.replace(
    'app.get("/json"',
    'app.get("/", (_req, res) => void res.send("mine"));\n  app.get("/json"',
  );
  const has = await opened({ step: stepNumber(1), file: appFile(own) });
  const answer = await fetch(has.inspector.url, asBrowser);
  expect([answer.status, await answer.text()]).toEqual([200, "mine"]);
});

test("only names of this machine are answered", async () => {
  const { inspector } = await opened({ step: stepNumber(1), file: oddApp });
  for (const [host, status] of [
    ["localhost", 200],
    ["ada.workshop.localhost", 200],
    ["127.0.0.1", 200],
    ["evil.example", 403],
    ["localhost.evil.example", 403],
    ["notlocalhost", 403],
  ] as const) {
    for (const path of ["/json", "/__inspector/page.js"]) {
      const sent = request({
        host: "localhost",
        port: inspector.port,
        path,
        headers: { Host: host },
      });
      sent.end();
      const [answer] = await once(sent, "response");
      answer.resume();
      expect(answer.statusCode, `${path} of ${host}`).toBe(status);
    }
  }
});

test("the hosts where the app's own scripts run are given no recording", async () => {
  const { inspector } = await opened({ step: stepNumber(1), file: oddApp });
  const ask = async (path: string, headers: Record<string, string>, method = "GET") => {
    const sent = request({ host: "localhost", port: inspector.port, path, method, headers });
    sent.end(method === "GET" ? undefined : '{"act":"clear"}');
    const [answer] = await once(sent, "response");
    answer.destroy();
    return answer.statusCode;
  };
  const own = `workshop.localhost:${inspector.port}`;
  for (const Host of ["ada.workshop.localhost", "localhost", "elsewhere.localhost"]) {
    expect(await ask("/__inspector/events", { Host })).toBe(404);
    expect(await ask("/__inspector/recording", { Host })).toBe(404);
  }
  expect(await ask("/__inspector/recording", { Host: own })).toBe(200);
  // And nobody but the page itself has anything done.
  const foreign = { Host: own, Origin: `http://ada.workshop.localhost:${inspector.port}` };
  expect(await ask("/__inspector/act", foreign, "POST")).toBe(403);
  expect(await ask("/__inspector/act", { Host: own }, "POST")).toBe(403);
  expect(await ask("/__inspector/act", { Host: own, Origin: `http://${own}` }, "POST")).toBe(204);
});

test("what was answered stays so when the app starts anew", async () => {
  const site = await opened({ step: stepNumber(1), file: oddApp });
  await fetch(`${site.inspector.url}/json`);
  const answered = await recorded(site, (all) => ended(all, "/json"));
  const { end } = answered;
  await site.inspector.restart();
  await site.inspector.settled();
  expect(end).toMatchObject({ complete: true });
  expect(answered.end).toBe(end);
});

test("of an app that is killed, the signal is named", async () => {
  const source = readFileSync(oddApp, "utf8");
  const file = appFile(
    source.replace(
      'app.get("/json"',
      'app.get("/kill", () => void process.kill(process.pid, "SIGKILL"));\n  app.get("/json"',
    ),
  );
  const { inspector } = await opened({ step: stepNumber(1), file });
  await expect(fetch(`${inspector.url}/kill`)).rejects.toThrow();
  await expect
    .poll(() => inspector.state)
    .toMatchObject({ status: "down", how: "killed by SIGKILL" });
});

test("an app that dies is told, stood in for, and back when it is saved", async () => {
  const source = readFileSync(oddApp, "utf8");
  const file = appFile(source);
  const site = await opened({ step: stepNumber(1), file });
  const { inspector } = site;
  await expect(fetch(`${inspector.url}/crash`)).rejects.toThrow();
  await expect.poll(() => inspector.state).toMatchObject({ status: "down", how: "exit code 1" });
  expect(inspector.state).toMatchObject({
    words: expect.stringMatching(/app\.ts:\d+[\s\S]*on purpose/),
  });
  expect(await recorded(site, (all) => ended(all, "/crash"))).toMatchObject({
    end: { complete: false },
  });
  const answer = await fetch(`${inspector.url}/json`);
  expect([answer.status, await answer.json()]).toMatchObject([
    503,
    { error: { code: "app_not_running" } },
  ]);

  writeFileSync(file, source.replace("{ ok: true }", "{ ok: again }"));
  await inspector.restart();
  // Whoever asks now waits until it is known what becomes of the app.
  expect((await fetch(`${inspector.url}/health`)).status).toBe(404);
  writeFileSync(file, "const = 1;");
  await inspector.restart();
  expect(await inspector.settled()).toMatchObject({ status: "down", words: /app\.ts:1/ });
  writeFileSync(file, source);
  await inspector.restart();
  expect((await fetch(`${inspector.url}/json`)).status).toBe(200);
});

test("a connection that was opened while the app was down is not answered in its place later", async () => {
  const file = appFile("const = 1;");
  const { inspector } = await opened({ step: stepNumber(1), file });
  await inspector.settled();
  const early = connect(inspector.port, "localhost");
  await once(early, "connect");
  // A second one, that is answered: by then, the first one has been seen.
  expect((await fetch(`${inspector.url}/json`)).status).toBe(503);
  const ended = once(early, "close");
  early.resume();
  writeFileSync(file, readFileSync(oddApp, "utf8"));
  // Before it runs again: until then, the browser could ask on it.
  void inspector.restart();
  await ended;
  expect(inspector.state.status).toBe("starting");
  expect((await fetch(`${inspector.url}/json`)).status).toBe(200);
});

test("a restart lets requests under way end, but not for ever", async () => {
  const { inspector } = await opened({ step: stepNumber(1), file: oddApp });
  const streamed = fetch(`${inspector.url}/streamed`).then((answer) => answer.text());
  const never = fetch(`${inspector.url}/never`);
  never.catch(() => {});
  await expect
    .poll(() => inspector.recording.entries.filter(({ kind }) => kind === "exchange").length)
    .toBe(2);
  await inspector.restart();
  expect(await streamed).toBe("one two three");
  await expect(never).rejects.toThrow();
  expect((await fetch(`${inspector.url}/json`)).status).toBe(200);
});

test("a Redis that goes and comes back is seen to", async () => {
  const relay = await Relay.to(inject("redisUrl"));
  const { prefix, clear } = openKeySpace(inject("redisUrl"));
  const step = stepNumber(3);
  const url = new URL(relay.through(inject("redisUrl")));
  const app = new URL(url);
  app.searchParams.set("keyPrefix", prefix);
  const inspector = await Inspector.open({
    step,
    file: stepPaths(step).solution,
    name: "app.ts",
    redis: { url: url.href, prefix },
    port: 0,
    production: false,
    output: "ignore",
    env: { ...process.env, REDIS_URL: app.href, SESSION_SECRET: "s".repeat(32) },
  });
  try {
    await inspector.settled();
    inspector.redis.on("state", () => {});
    await fetch(`${inspector.url}/visits`);
    await expect
      .poll(() => inspector.redis.state)
      .toMatchObject({
        here: true,
        keys: [{ name: expect.stringMatching(/^sess:/) }],
      });
    await relay.refuse();
    await expect.poll(() => inspector.redis.state.here).toBe(false);
    await relay.restore();
    await expect.poll(() => inspector.redis.state.keys.length).toBe(1);
  } finally {
    await inspector.close();
    await relay.close();
    await clear();
  }
});
