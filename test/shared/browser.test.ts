import { EventEmitter, once } from "node:events";
import express, { type Express } from "express";
import {
  afterEach,
  beforeAll,
  beforeEach,
  describe,
  expect,
  inject,
  test,
  TestRunner,
  vi,
} from "vitest";
import { createDatabase, type Database } from "../../shared/app/database.ts";
import { Browser } from "../../shared/testing/browser.ts";
import { Watch } from "../../shared/testing/happened.ts";
import { Site, type SiteOptions } from "../../shared/testing/site.ts";

const sites: Site[] = [];
let db: Database;

beforeAll(async () => {
  db = await createDatabase({ bcryptCost: 4 });
});

afterEach(async () => {
  vi.useRealTimers();
  vi.restoreAllMocks();
  await Promise.all(sites.splice(0).map((site) => site.close()));
});

describe("requests", () => {
  test("method, path and JSON body arrive, and are remembered by the answer", async () => {
    const browser = await browserAt(echo);
    for (const [method, answer] of [
      ["GET", await browser.get("/a?b=c")],
      ["POST", await browser.post("/a?b=c", { n: "é😀" })],
      ["PATCH", await browser.patch("/a?b=c", { n: "é😀" })],
    ] as const) {
      const body = method === "GET" ? undefined : '{"n":"é😀"}';
      expect(answer.body).toMatchObject({ method, url: "/a?b=c", body: body ?? "" });
      expect(answer.request).toEqual({ method, path: "/a?b=c", body, cookie: "" });
    }
  });

  test("a body that is not given is not sent, and null is a body", async () => {
    const browser = await browserAt(echo);
    expect((await browser.post("/")).body).toMatchObject({ body: "", type: null });
    expect((await browser.post("/", null)).body).toMatchObject({
      body: "null",
      type: "application/json",
    });
  });

  test("a raw body goes as it is, under the type that is asked for", async () => {
    const browser = await browserAt(echo);
    const form = { rawBody: "a=1&b", contentType: "application/x-www-form-urlencoded" };
    expect((await browser.post("/", undefined, form)).body).toMatchObject({
      body: "a=1&b",
      type: "application/x-www-form-urlencoded",
    });
    for (const rawBody of ["{", ""]) {
      expect((await browser.post("/", undefined, { rawBody })).body).toMatchObject({
        body: rawBody,
        type: "application/json",
      });
    }
  });

  test("in production they come through a TLS proxy, in development they do not", async () => {
    const behindProxy = { host: "workshop.test", proto: "https", for: "203.0.113.7" };
    const production = await browserAt(echo, { env: "production" });
    expect((await production.get("/")).body).toMatchObject(behindProxy);
    const development = await browserAt(echo);
    expect((await development.get("/")).body).toMatchObject({
      host: "workshop.test",
      proto: null,
      for: null,
    });
  });

  test("headers of one's own are added, and replace those of the proxy", async () => {
    const browser = await browserAt(echo, { env: "production" });
    const headers = { "X-Forwarded-Proto": "http", "X-Mine": "1" };
    expect((await browser.get("/", { headers })).body).toMatchObject({ proto: "http", mine: "1" });
  });

  test("any status is an answer, and redirects are not followed", async () => {
    const browser = await browserAt((app) => {
      app.get("/status/:code", (req, res) => {
        res.status(Number(req.params.code)).send("text");
      });
      app.get("/away", (_req, res) => res.redirect("/status/200"));
    });
    for (const status of [200, 204, 304, 400, 401, 404, 500, 503]) {
      expect((await browser.get(`/status/${status}`)).status).toBe(status);
    }
    expect((await browser.get("/away")).status).toBe(302);
  });

  test("an error that no handler took is told with the answer it caused, and with no other", async () => {
    const error = new Error("nobody took it");
    const browser = await browserAt((app) => {
      app.get("/throws", () => {
        throw error;
      });
      app.get("/fine", (_req, res) => void res.send("fine"));
    });
    expect(await browser.get("/throws")).toMatchObject({ status: 500, thrown: error });
    expect(await browser.get("/fine")).toMatchObject({ status: 200, thrown: undefined });
  });
});

describe("cookies", () => {
  test("what one answer sets travels with the next request", async () => {
    const browser = await browserAt(setting);
    const answer = await set(browser, "sid=1; Path=/; HttpOnly", "theme=dark; Path=/");
    expect(answer.setCookies.map(({ name, httpOnly }) => [name, httpOnly])).toEqual([
      ["sid", true],
      ["theme", false],
    ]);
    const next = await browser.get("/");
    expect(next.text).toBe("sid=1; theme=dark");
    expect(next.request.cookie).toBe("sid=1; theme=dark");
  });

  test("two browsers have two jars", async () => {
    const site = await siteOf(setting);
    const [one, other] = [site.browser(), site.browser()];
    await set(one, "sid=1; Path=/");
    expect((await other.get("/")).text).toBe("");
  });

  test("a cookie of a partition is another one than the same without", async () => {
    const browser = await browserAt(setting, { env: "production" });
    const flags = "Path=/; Secure; SameSite=None";
    await set(browser, `sid=1; ${flags}; Partitioned`);
    await set(browser, `sid=; ${flags}; Max-Age=0`);
    expect((await browser.get("/")).text).toBe("sid=1");
    await set(browser, `sid=; ${flags}; Partitioned; Max-Age=0`);
    expect((await browser.get("/")).text).toBe("");
  });

  test("a Cookie header of one's own goes instead of the jar, and does not enter it", async () => {
    const browser = await browserAt(setting);
    await set(browser, "sid=1; Path=/");
    expect((await browser.get("/", { headers: { Cookie: "sid=stolen" } })).text).toBe("sid=stolen");
    expect((await browser.get("/", { headers: { Cookie: "" } })).text).toBe("");
    expect((await browser.get("/")).text).toBe("sid=1");
  });

  test("a Secure cookie is refused on http and kept on https", async () => {
    const header = "sid=1; Path=/; Secure";
    expect(await kept(header)).toBe("");
    expect(await kept(header, { env: "production" })).toBe("sid=1");
  });

  test.for([
    { header: "__Host-sid=1; Path=/; Secure", keeps: true },
    { header: "__Host-sid=1; Path=/", keeps: false },
    { header: "__Host-sid=1; Path=/auth; Secure", keeps: false },
    { header: "__Host-sid=1; Path=/; Secure; Domain=workshop.test", keeps: false },
    { header: "__Secure-sid=1; Path=/; Secure", keeps: true },
    { header: "__Secure-sid=1; Path=/", keeps: false },
    { header: "sid=1; Path=/; Domain=workshop.test", keeps: true },
    { header: "sid=1; Path=/; Domain=other.test", keeps: false },
    { header: "sid=1; Path=/; Domain=test", keeps: false },
    { header: "sid=1; Path=/; Max-Age=0", keeps: false },
    { header: "sid=1; Path=/; Expires=Thu, 01 Jan 1970 00:00:00 GMT", keeps: false },
  ])("in production, $header: kept $keeps", async ({ header, keeps }) => {
    expect((await kept(header, { env: "production" })) !== "").toBe(keeps);
  });

  test("a header that is no cookie spoils neither the answer nor its other cookies", async () => {
    const browser = await browserAt(setting);
    const answer = await set(browser, "", ";;;", "sid=1; Path=/");
    expect(answer.status).toBe(200);
    expect(await browser.cookieHeader()).toBe("sid=1");
  });

  test.for([
    { clearing: "sid=; Path=/; Max-Age=0", left: "" },
    { clearing: "sid=; Path=/; Expires=Thu, 01 Jan 1970 00:00:00 GMT", left: "" },
    { clearing: "other=; Path=/; Max-Age=0", left: "sid=1" },
    { clearing: "sid=; Path=/auth; Max-Age=0", left: "sid=1" },
    { clearing: "sid=; Path=/; Max-Age=0; Domain=workshop.test", left: "sid=1" },
  ])("$clearing leaves $left of a cookie", async ({ clearing, left }) => {
    const browser = await browserAt(setting);
    await set(browser, "sid=1; Path=/");
    await set(browser, clearing);
    expect(await browser.cookieHeader()).toBe(left);
  });

  test("a __Host- cookie is not cleared without Secure", async () => {
    const browser = await browserAt(setting, { env: "production" });
    await set(browser, "__Host-sid=1; Path=/; Secure");
    await set(browser, "__Host-sid=; Path=/; Max-Age=0");
    expect(await browser.cookieHeader()).toBe("__Host-sid=1");
    await set(browser, "__Host-sid=; Path=/; Max-Age=0; Secure");
    expect(await browser.cookieHeader()).toBe("");
  });

  test("a cookie for /auth travels to /auth and below, and nowhere else", async () => {
    const browser = await browserAt(setting);
    await set(browser, "sid=1; Path=/auth");
    expect((await browser.get("/auth/logout")).text).toBe("sid=1");
    expect((await browser.get("/me")).text).toBe("");
  });

  // RFC 6265bis, section 5.1.4: the default path. It is how a hand-written clearing misses.
  test("a clearing without a path from /auth/logout misses a cookie for /", async () => {
    const browser = await browserAt(setting);
    await set(browser, "sid=1; Path=/");
    const headers = { "X-Set": JSON.stringify(["sid=; Max-Age=0"]) };
    await browser.post("/auth/logout", undefined, { headers });
    expect(await browser.cookieHeader()).toBe("sid=1");
  });

  test("the session cookie is the signed one", async () => {
    const browser = await browserAt(setting);
    expect(await browser.sessionCookie()).toBeUndefined();
    expect(await browser.sessionId()).toBeUndefined();
    await set(browser, "theme=dark; Path=/", "sid=s%3Athe-id.sig%3D; Path=/");
    expect(await browser.sessionCookie()).toBe("sid=s%3Athe-id.sig%3D");
    expect(await browser.sessionId()).toBe("the-id");
  });

  test("a browser knows by name what it sends", async () => {
    const browser = await browserAt(setting);
    await set(browser, "sid=; Path=/", "theme=sid2; Path=/");
    expect(await browser.sends("sid")).toBe(true);
    for (const name of ["sid2", "si", "id", ""])
      expect(await browser.sends(name), name).toBe(false);
  });
});

describe("waiting", () => {
  test("headers arrive before the body ends", async () => {
    let finish: () => void = () => {};
    const browser = await browserAt((app) => {
      app.get("/slow", (_req, res) => {
        res.write("first ");
        finish = () => res.end("last");
      });
    });
    const exchange = browser.begin("GET", "/slow");
    expect(exchange.headersArrived).toBe(false);
    await expect.poll(() => exchange.headersArrived, { interval: 2 }).toBe(true);
    finish();
    expect((await exchange.answer).text).toBe("first last");
  });

  test.for([200, 204, 304, 401])("the headers of an empty %i arrive", async (status) => {
    let answer: () => void = () => {};
    const asked = new Promise<void>((resolve) => {
      answer = resolve;
    });
    let respond: () => void = () => {};
    const browser = await browserAt((app) => {
      app.post("/", (_req, res) => {
        respond = () => res.status(status).end();
        answer();
      });
    });
    const exchange = browser.begin("POST", "/");
    await asked;
    expect(exchange.headersArrived).toBe(false);
    respond();
    await exchange.answer;
    expect(exchange.headersArrived).toBe(true);
  });

  test("a character that is cut between two packets arrives whole", async () => {
    const [start, end] = [Buffer.from("é").subarray(0, 1), Buffer.from("é").subarray(1)];
    const browser = await browserAt((app) => {
      app.get("/cut", (_req, res) => {
        res.write(start);
        setImmediate(() => res.end(end));
      });
    });
    expect((await browser.get("/cut")).text).toBe("é");
  });

  test("a route that never answers is an unmet goal that says so", async () => {
    const browser = await browserAt((app) => void app.get("/never-1", () => {}));
    await expect(browser.get("/never-1", { withinMs: 20 })).rejects.toMatchObject({
      name: "GoalUnmet",
      claim: "GET /never-1 never answered.",
      message: expect.stringContaining("no answer within 0.02 s"),
    });
  });

  test("a body that never ends is no answer", async () => {
    const browser = await browserAt((app) => {
      app.get("/never-2", (_req, res) => void res.write("first"));
    });
    await expect(browser.get("/never-2", { withinMs: 50 })).rejects.toThrow("never answered");
  });

  test("a silent route is waited for 2 s, then never so long", { timeout: 5_000 }, async () => {
    const [browser, reached] = await browserInSilence("/never-3");
    const waits: number[] = [];
    for (let i = 0; i < 3; i++) {
      const said = await silence(browser, "/never-3", reached);
      waits.push(Number(/no answer within ([\d.]+) s/.exec(said)?.[1]));
    }
    expect(waits[0]).toBe(2);
    expect(waits[1]).toBeLessThan(1);
    expect(waits[2]).toBe(waits[1]);
  });

  test("an error that was thrown meanwhile is named as the cause of the silence", async () => {
    const errors: Error[] = [];
    const [browser, reached] = await browserInSilence("/never-4", errors, () => {
      errors.push(new TypeError("thrown in a callback"));
    });
    expect(await silence(browser, "/never-4", reached)).toContain(
      "An error was thrown where nobody catches it: TypeError: thrown in a callback",
    );
  });

  test.for([
    { when: "before the headers", hangUp: () => {} },
    { when: "within the body", hangUp: (res: express.Response) => void res.write("half") },
  ])("a connection that breaks $when is an unmet goal that says so", async ({ hangUp }) => {
    const browser = await browserAt((app) => {
      app.get("/broken", (req, res) => {
        hangUp(res);
        setImmediate(() => req.socket.destroy());
      });
    });
    await expect(browser.get("/broken")).rejects.toMatchObject({
      name: "GoalUnmet",
      claim: expect.stringContaining("GET /broken broke the connection instead of answering."),
    });
  });

  test("a request that nobody waits for may fail", async () => {
    const browser = await browserAt((app) => {
      app.get("/broken", (req) => void req.socket.destroy());
    });
    const { answer } = browser.begin("GET", "/broken");
    // Nobody looked at it yet: an unhandled rejection would fail the run.
    await new Promise((resolve) => setImmediate(resolve));
    await expect(answer).rejects.toThrow("broke the connection");
  });
});

describe("logging in", () => {
  const skip = vi.fn<(note: string) => void>();

  beforeEach(() => {
    skip.mockReset();
    // Without it, a login that fails would skip the test that looks at it.
    vi.spyOn(TestRunner, "getCurrentTest").mockReturnValue({
      file: { filepath: "" },
      context: { skip },
    } as never);
  });

  const ada = { id: "1", displayName: "Ada", email: "ada@example.com", password: "engine" };

  test("a login sends email and password alone, and gives the answer", async () => {
    const browser = await browserAt((app) => {
      app.use(express.json());
      app.post("/auth/login", (req, res) => {
        res.cookie("sid", "s:id.sig").json({ data: req.body });
      });
    });
    const answer = await browser.logIn(ada);
    expect(answer.data).toEqual({ email: ada.email, password: ada.password });
    expect(skip).not.toHaveBeenCalled();
  });

  test.for([
    { login: (res: express.Response) => void res.status(501).end(), note: "501, the stub" },
    { login: (res: express.Response) => void res.status(401).end(), note: "answered 401" },
    { login: (res: express.Response) => void res.status(200).end(), note: "sets no cookie" },
    { login: (res: express.Response) => void res.cookie("sid", "1").end(), note: "no cookie" },
    { login: (res: express.Response) => void res.req.socket.destroy(), note: "gets no answer" },
  ])("a login that does not work ends the goal as not judged: $note", async ({ login, note }) => {
    const browser = await browserAt((app) => {
      app.post("/auth/login", (_req, res) => login(res));
    });
    await expect(browser.logIn(ada)).rejects.toThrow();
    expect(skip.mock.calls).toEqual([[expect.stringContaining(note)]]);
  });
});

/** A browser at a site with a silent route, and what tells that a request has arrived there. */
async function browserInSilence(path: string, errors: Error[] = [], onRequest = () => {}) {
  const requests = new EventEmitter();
  const handler = () => {
    onRequest();
    requests.emit("request");
  };
  const site = await siteOf((app) => void app.get(path, handler), {}, errors);
  return [site.browser(), () => once(requests, "request")] as const;
}

/** What is said of a route that stays silent for 2 s, without the wait. */
async function silence(browser: Browser, path: string, reached: () => Promise<unknown>) {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
  const arrived = reached();
  const { answer } = browser.begin("GET", path);
  await arrived;
  await vi.advanceTimersByTimeAsync(2_000);
  return answer.then(String, String);
}

/** Answers with what it was sent. */
function echo(app: Express): void {
  app.use(express.text({ type: () => true }), (req, res) => {
    const { method, url, body = "", headers } = req;
    res.json({
      method,
      url,
      body,
      type: headers["content-type"] ?? null,
      host: headers.host,
      proto: headers["x-forwarded-proto"] ?? null,
      for: headers["x-forwarded-for"] ?? null,
      mine: headers["x-mine"] ?? null,
    });
  });
}

/** Sets the cookies that the header X-Set asks for, and answers with those it was sent. */
function setting(app: Express): void {
  app.use((req, res) => {
    const cookies: string[] = JSON.parse(req.get("X-Set") ?? "[]");
    if (cookies.length > 0) res.setHeader("Set-Cookie", cookies);
    res.send(req.get("Cookie") ?? "");
  });
}

function set(browser: Browser, ...cookies: string[]) {
  return browser.get("/", { headers: { "X-Set": JSON.stringify(cookies) } });
}

/** What a browser sends after an answer has set one cookie. */
async function kept(header: string, options?: SiteOptions): Promise<string> {
  const browser = await browserAt(setting, options);
  await set(browser, header);
  return browser.cookieHeader();
}

async function browserAt(routes: (app: Express) => void, options?: SiteOptions): Promise<Browser> {
  return (await siteOf(routes, options)).browser();
}

async function siteOf(
  routes: (app: Express) => void,
  options?: SiteOptions,
  errors: Error[] = [],
): Promise<Site> {
  const module = {
    createApp() {
      const app = express();
      routes(app);
      return app;
    },
  };
  const site = await Site.open(
    {
      module,
      evaluateAnew: async () => module,
      redisUrl: inject("redisUrl"),
      prefix: `${inject("keyPrefix")}browser:`,
      errors,
      watch: new Watch(),
    },
    { db, ...options },
  );
  sites.push(site);
  return site;
}
