// With the recorder and without it, the same requests get the same bytes.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { connect } from "node:net";
import { afterAll, beforeAll, expect, inject, test } from "vitest";
import { openInspector, type Opened } from "../../shared/inspector/open.ts";
import { root } from "../../shared/runner/paths.ts";
import { oddApp, stepNumber } from "./opened.ts";

let recorded: Opened;
let bare: { port: number; end(): Promise<unknown> };

beforeAll(async () => {
  [recorded, bare] = await Promise.all([
    openInspector({ step: stepNumber(1), file: oddApp }),
    startBare(oddApp),
  ]);
  await recorded.inspector.settled();
}, 180_000);

afterAll(async () => {
  await recorded.close();
  await bare.end();
}, 180_000);

const close = "Host: localhost\r\nConnection: close\r\n";

test.for([
  ["a short answer", `GET /json HTTP/1.1\r\n${close}\r\n`, "HTTP/1.1 200"],
  ["5 MB", `GET /large HTTP/1.1\r\n${close}\r\n`, "HTTP/1.1 200"],
  ["a streamed answer", `GET /streamed HTTP/1.1\r\n${close}\r\n`, "HTTP/1.1 200"],
  [
    "a streamed answer to HTTP/1.0",
    "GET /streamed HTTP/1.0\r\nHost: localhost\r\n\r\n",
    "HTTP/1.1 200",
  ],
  ["trailers", `GET /trailers HTTP/1.1\r\n${close}TE: trailers\r\n\r\n`, "HTTP/1.1 200"],
  ["early hints", `GET /hints HTTP/1.1\r\n${close}\r\n`, "HTTP/1.1 103"],
  [
    "several cookies and a header of any case",
    `GET /cookies HTTP/1.1\r\n${close}\r\n`,
    "HTTP/1.1 200",
  ],
  ["HEAD", `HEAD /json HTTP/1.1\r\n${close}\r\n`, "HTTP/1.1 200"],
  ["HEAD of 5 MB", `HEAD /large HTTP/1.1\r\n${close}\r\n`, "HTTP/1.1 200"],
  [
    "304",
    `GET /json HTTP/1.1\r\n${close}If-None-Match: W/"b-Ai2R8hgEarLmHKwesT1qcY913ys"\r\n\r\n`,
    "HTTP/1.1 304",
  ],
  ["a path that is not there", `GET /nothing HTTP/1.1\r\n${close}\r\n`, "HTTP/1.1 404"],
  ["/ for a program", `GET / HTTP/1.1\r\n${close}\r\n`, "HTTP/1.1 404"],
  ["an answer that breaks off", `GET /breaks HTTP/1.1\r\n${close}\r\n`, "HTTP/1.1 200"],
  ["an answer that is no HTTP", `GET /no-http HTTP/1.1\r\n${close}\r\n`, "this is no HTTP"],
  [
    "what the app sees",
    `GET /seen HTTP/1.1\r\n${close}X-oDd: 1\r\nX-oDd: 2\r\n\r\n`,
    "HTTP/1.1 200",
  ],
  ["a body", `POST /echo HTTP/1.1\r\n${close}Content-Length: 5\r\n\r\nhello`, "HTTP/1.1 200"],
  [
    "a chunked body",
    `POST /echo HTTP/1.1\r\n${close}Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n`,
    "HTTP/1.1 200",
  ],
  [
    "a body that waits for 100",
    `POST /echo HTTP/1.1\r\n${close}Expect: 100-continue\r\nContent-Length: 5\r\n\r\nhello`,
    "HTTP/1.1 100",
  ],
  [
    "a body that is refused",
    `POST /refused HTTP/1.1\r\n${close}Content-Length: 5\r\n\r\nhello`,
    "HTTP/1.1 413",
  ],
  [
    "two requests at once",
    `GET /streamed HTTP/1.1\r\nHost: localhost\r\n\r\nGET /json HTTP/1.1\r\n${close}\r\n`,
    "HTTP/1.1 200",
  ],
  ["no HTTP", "what is this\r\n\r\n", "HTTP/1.1 400"],
  [
    "headers of 20 KB",
    `GET /json HTTP/1.1\r\n${close}X-Long: ${"x".repeat(20_000)}\r\n\r\n`,
    "HTTP/1.1 431",
  ],
  ["no Host", "GET /json HTTP/1.1\r\nConnection: close\r\n\r\n", "HTTP/1.1 400"],
] as const)("%s", async ([, request, begins]) => {
  const [theirs, ours] = await Promise.all([
    talk(bare.port, request),
    talk(recorded.inspector.port, request),
  ]);
  expect(theirs.slice(0, begins.length)).toBe(begins);
  expect(ours).toBe(theirs);
});

test("an upgrade", async () => {
  const request = `GET /any HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n`;
  const ask = (port: number) =>
    talk(port, request, { afterFirstBytes: "and back", until: "and back" });
  const [theirs, ours] = await Promise.all([ask(bare.port), ask(recorded.inspector.port)]);
  expect(theirs).toContain("101 Switching Protocols");
  expect(ours).toBe(theirs);
});

test("a client that leaves early leaves the app as it would without the recorder", async () => {
  const { inspector } = recorded;
  const socket = connect(inspector.port, "localhost");
  socket.write(`GET /never HTTP/1.1\r\nHost: localhost\r\n\r\n`);
  const begun = () =>
    inspector.recording.entries.find(
      (entry) => entry.kind === "exchange" && entry.url === "/never",
    );
  await expect.poll(begun).toBeDefined();
  socket.destroy();
  await expect.poll(begun).toMatchObject({ end: { complete: false } });
});

/** The bytes that come back until the other side closes, as Latin-1; the time in them is taken out. */
function talk(
  port: number,
  request: string,
  { afterFirstBytes = "", until = "" } = {},
): Promise<string> {
  const socket = connect(port, "localhost");
  let bytes = "";
  socket.setEncoding("latin1");
  socket.write(request);
  socket.once("data", () => afterFirstBytes && socket.write(afterFirstBytes));
  socket.on("data", (text: string) => {
    bytes += text;
    if (until && bytes.endsWith(until)) socket.end();
  });
  return new Promise((resolve) => {
    socket.on("error", (error: NodeJS.ErrnoException) => (bytes += `[${error.code}]`));
    socket.on("close", () => resolve(bytes.replaceAll(/^Date: .*$/gm, "Date: …")));
  });
}

/** The same app as `npm run dev` would start it without a recorder. */
async function startBare(file: string) {
  const child = spawn(process.execPath, ["--import", "tsx", "shared/app/server.ts", file], {
    cwd: root,
    env: {
      ...process.env,
      NODE_ENV: "development",
      HOST: "localhost",
      PORT: "0",
      REDIS_URL: inject("redisUrl"),
    },
    stdio: ["ignore", "pipe", "inherit"],
  });
  const [said] = await once(child.stdout, "data");
  const [, port] = /:(\d+) /.exec(String(said)) ?? [];
  return {
    port: Number(port),
    end: () => {
      child.kill("SIGKILL");
      return once(child, "close");
    },
  };
}
