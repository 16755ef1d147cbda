import type { Express } from "express";
import { vi } from "vitest";
import { seededUsers } from "../app/database.ts";
import type { Browser } from "./browser.ts";
import { forge } from "./cookies.ts";
import { replyError, startingRedis } from "./commands.ts";
import { chosenByTheClient, lineOfTheClient } from "./rules.ts";
import { passwordOfRedis } from "./secrets.ts";
import type { Site } from "./site.ts";
import { must, notJudged, under } from "./verdict.ts";

const { ada, alan, grace } = seededUsers;

/**
 * Walks every path of a step's app once, refusals and crashes included, for the standing rules to
 * watch. What is answered is for them to judge.
 */
export async function tour(site: Site, step: number): Promise<void> {
  const member = site.browser();
  const visit = await member.get("/visits").catch(() => notJudged("GET /visits gets no answer"));
  visit.orNotJudged(200, "visits are not counted yet");
  await strangers(site);
  await clients(site);
  if (step >= 3) await logins(site, member);
  if (step >= 4) await profiles(site, member);
  await ownRoutes(site, member);
  if (step >= 2) await troubles(site, member, step);
  if (step >= 7) await revocations(site);
  if (step >= 5) await logouts(site, member);
  await site.commands.quiet();
}

async function strangers(site: Site): Promise<void> {
  const visitor = site.browser();
  await visitor.get("/health");
  await visitor.get("/nothing-here");
  await visitor.get("/%");
  await visitor.get(`/visits?theme=${chosenByTheClient}`);
  await visitor.get("/visits");
  await visitor.get("/visits", { headers: { Origin: neighbour(site) } });
  await visitor.begin("HEAD", "/visits").answer;
  await visitor.begin("OPTIONS", "/visits").answer;
  const broken = { rawBody: '{"visits":', contentType: "application/json" };
  await visitor.post("/visits", undefined, broken);
  const cookie = await visitor.sessionCookie();
  if (!cookie) return;
  const at = cookie.indexOf("=");
  const name = cookie.slice(0, at);
  for (const value of [forge(cookie.slice(at + 1)), "s%3A", "%", "j%3A%7B%7D", '"quoted"']) {
    await site.browser().get("/visits", { headers: { Cookie: `${name}=${value}` } });
  }
}

// Whatever a client calls itself, it gets the same cookie.
async function clients(site: Site): Promise<void> {
  const disguises: Record<string, string>[] = [
    {
      "User-Agent":
        "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.0 Mobile/15E148 Safari/604.1",
    },
    {
      "User-Agent":
        "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0.0.0 Safari/537.36",
    },
    {
      Origin: "https://mallory.example",
      Referer: "https://mallory.example/",
      "Sec-Fetch-Site": "cross-site",
      "Sec-Fetch-Dest": "iframe",
    },
    { Origin: site.origin.replace("://", "://mallory-") },
    { Origin: `${site.origin}.mallory.example` },
    { Origin: "http://localhost.mallory.example" },
    { Origin: "http://localhost:3000.mallory.example" },
    { Origin: "null" },
  ];
  for (const headers of disguises) {
    const guest = site.browser();
    await guest.post("/auth/login", { email: ada.email, password: ada.password }, { headers });
    await guest.get("/visits", { headers });
    await guest.get("/me", { headers });
  }
  await inTheClear(site);
}

// The proxy overwrites X-Forwarded-Proto; whatever else says https, the client wrote itself.
// It may also forget it.
const claims: Record<string, string | undefined>[] = [
  {},
  { "X-Forwarded-Proto": undefined },
  { "X-Forwarded-Proto": "" },
  // Two proxies, and what the nearer one saw is not what the client spoke.
  { "X-Forwarded-Proto": "http, https" },
  // Whatever is not https, is not https.
  { "X-Forwarded-Proto": "HTTP" },
  { "X-Forwarded-Proto": "wss" },
  { "X-Forwarded-Ssl": "on", "Front-End-Https": "on", "X-Forwarded-Scheme": "https" },
  // A monitor says who it is, and so can anybody else.
  { "User-Agent": "kube-probe/1.31" },
  { "User-Agent": "ELB-HealthChecker/2.0" },
  { "User-Agent": "GoogleHC/1.0" },
  { "X-Url-Scheme": "https", "X-Forwarded-Protocol": "https", Forwarded: "proto=https" },
];

async function inTheClear(site: Site): Promise<void> {
  const { email, password } = ada;
  const member = site.browser();
  await member.post("/auth/login", { email, password });
  const cookie = await member.cookieHeader();
  for (const claim of claims) {
    const headers = { "X-Forwarded-Proto": "http", ...claim };
    await site.browser().post("/auth/login", { email, password }, { headers });
    await site.browser().get("/visits", { headers });
    await site.browser().get("/me", { headers: { ...headers, Cookie: cookie } });
  }
}

async function logins(site: Site, member: Browser): Promise<void> {
  const { email, password } = ada;
  const cookie = { expires: "2999-01-01T00:00:00.000Z", originalMaxAge: 31e12, secure: false };
  const extras = {
    theme: chosenByTheClient,
    user: { name: chosenByTheClient },
    visits: 1e6,
    cookie,
  };
  const stranger = () => site.browser();
  await member.post("/auth/login", { email, password });
  await member.post(`/auth/login?next=${chosenByTheClient}`, { email, password, ...extras });
  await stranger().post("/auth/login", { email: grace.email, password: grace.password });
  for (const body of [
    { email, password: "not her password" },
    { email: "nobody@example.com", password: "not her password" },
    { email, password: ["a list of passwords"], ...extras },
    { email: "no email", password },
    { password },
    { email, password: "x".repeat(200), ...extras },
  ]) {
    await stranger().post("/auth/login", body);
    await member.post("/auth/login", body);
  }
  const whole = JSON.stringify({ email, password });
  await stranger().post("/auth/login", undefined, { rawBody: whole.slice(0, -1) });
  await stranger().post("/auth/login", undefined, { rawBody: whole, contentType: "text/plain" });
  await stranger().post("/auth/login", undefined, {
    rawBody: `{"email":"${email}","password":"${password}","more":"${"x".repeat(200_000)}"}`,
  });
  await stranger().post(
    "/auth/login",
    { email, password },
    { headers: { Origin: neighbour(site) } },
  );
  await stranger().get("/auth/login");
  await member.post("/auth/login", { email, password });
}

async function profiles(site: Site, member: Browser): Promise<void> {
  await member.get("/me");
  await member.get(`/me?show=${chosenByTheClient}`);
  await member.get("/me?fields=id,passwordHash&select=passwordHash&include=passwordHash");
  await member.get("/me", { headers: { Origin: neighbour(site) } });
  await site.browser().get("/me");
  const visitor = site.browser();
  await visitor.get("/visits");
  await visitor.get("/me");
  for (const body of [
    { displayName: "Ada", theme: chosenByTheClient, cookie: { originalMaxAge: 31e12 } },
    { displayName: "" },
    { displayName: 42, password: ada.password },
    { displayName: `Ada\n${lineOfTheClient}` },
    undefined,
  ]) {
    await member.patch("/me", body);
    await site.browser().patch("/me", body);
  }
  await member.patch("/me", undefined, { rawBody: `{"password":"${ada.password}"` });
  const away = new Error("the database is away");
  const findById = vi.spyOn(site.db.users, "findById").mockRejectedValue(away);
  await under("While the database is away", () => member.get("/me"));
  findById.mockRestore();
  const alan = await site.db.users.add({
    email: "leaving@example.com",
    password: "soon away from here",
    displayName: "Somebody on the way out",
  });
  const leaving = site.browser();
  await leaving.post("/auth/login", { email: alan.email, password: "soon away from here" });
  await site.db.users.remove(alan.id);
  await leaving.get("/me");
}

/** Whatever else the app answers to: a route of its own may show what the others hide. */
async function ownRoutes(site: Site, member: Browser): Promise<void> {
  for (const path of new Set([...getRoutesOf(site.app), ...guessed])) {
    await site.browser().get(path);
    await member.get(path);
  }
}

async function troubles(site: Site, member: Browser, step: number): Promise<void> {
  const end = site.watch.begin("a connection that Redis refused");
  site.redis.emit(
    "error",
    replyError("WRONGPASS invalid username-password pair or user is disabled.", {
      name: "auth",
      args: ["default", passwordOfRedis],
    }),
  );
  await site.commands.quiet();
  end();
  await lostConnection(site);
  for (const kind of ["read", "store", "prolong", "delete", "other"] as const) {
    for (const words of [startingRedis, "Command timed out"]) {
      site.commands.fail(kind, words);
      await under("While Redis refuses", async () => {
        await member.get("/visits");
        await site.browser().get("/visits");
        if (step >= 3) {
          await site.browser().post("/auth/login", { email: ada.email, password: ada.password });
        }
        if (step >= 4) await member.get("/me");
        if (step >= 5) await member.post("/auth/logout");
      });
      await site.commands.quiet();
      site.commands.releaseAll();
      if (step >= 5 && kind !== "read") {
        await under("After Redis has refused", () =>
          member.post("/auth/login", { email: ada.email, password: ada.password }),
        );
      }
    }
  }
}

/** What `connectRedis` logs of a connection whose address carries a password. */
async function lostConnection(site: Site): Promise<void> {
  const { connectRedis } = site.module;
  const url = new URL(site.redisUrl);
  url.username = "default";
  url.password = passwordOfRedis;
  const end = site.watch.begin("a lost connection");
  const redis = connectRedis?.(url.href);
  must(
    redis?.listenerCount("error") !== 0,
    "Nobody listens for the errors of the connection that connectRedis returns.",
    'redis.listenerCount("error") → 0',
    "It can fail before anybody else has seen it: the listener stands where the connection is made, and not in createApp.",
  );
  redis?.emit("error", new Error("connect ECONNREFUSED"));
  redis?.disconnect();
  await site.commands.quiet();
  end();
}

async function logouts(site: Site, member: Browser): Promise<void> {
  await member.get("/auth/logout");
  await member.begin("OPTIONS", "/auth/logout").answer;
  await member.post("/auth/logout", undefined, { headers: { Origin: neighbour(site) } });
  await member.post("/auth/logout");
  await member.post("/auth/logout");
  await site.browser().post("/auth/logout");
}

async function revocations(site: Site): Promise<void> {
  const [laptop, phone, administrator] = [site.browser(), site.browser(), site.browser()];
  const email = "katherine@example.com";
  const passwords = ["trajectory analysis", "another trajectory", "landing coordinates"] as const;
  const { id } = await site.db.users.add({
    email,
    password: passwords[0],
    displayName: "Somebody with two devices",
  });
  const logIn = (browser: Browser, password: string) =>
    browser.post("/auth/login", { email, password });
  for (const browser of [laptop, phone]) await logIn(browser, passwords[0]);
  await administrator.post("/auth/login", { email: grace.email, password: grace.password });

  for (const body of [
    { currentPassword: "not her password", newPassword: passwords[1] },
    { currentPassword: passwords[0], newPassword: "short" },
    { currentPassword: passwords[0], newPassword: "x".repeat(100) },
    { currentPassword: passwords[0] },
    undefined,
  ]) {
    await laptop.post("/me/password", body);
    await site.browser().post("/me/password", body);
  }
  const change = { currentPassword: passwords[0], newPassword: passwords[1] };
  await laptop.post("/me/password", { ...change, theme: chosenByTheClient });
  await phone.get("/me");
  await logIn(phone, passwords[0]);
  await logIn(phone, passwords[1]);
  await laptop.post("/auth/logout-all", { theme: chosenByTheClient });
  await phone.get("/me");
  await site.browser().post("/auth/logout-all");

  const ban = `/admin/users/${id}/ban`;
  for (const method of ["POST", "DELETE"]) {
    await logIn(phone, passwords[1]);
    await logIn(laptop, "not her password");
    await phone.begin(method, ban).answer;
    await site.browser().begin(method, ban).answer;
    await administrator.begin(method, "/admin/users/nobody/ban").answer;
    await administrator.begin(method, ban, { reason: chosenByTheClient }).answer;
    await phone.get("/me");
  }
  await administrator.post(`/admin/users/${grace.id}/ban`);
  await revocationsInTrouble(site, administrator);
}

/** Each of them with a Redis that refuses, for somebody who is logged in twice. */
async function revocationsInTrouble(site: Site, administrator: Browser): Promise<void> {
  const ban = `/admin/users/${alan.id}/ban`;
  let password: string = alan.password;
  for (const kind of ["store", "prolong", "delete", "other"] as const) {
    const [laptop, phone] = [site.browser(), site.browser()];
    for (const browser of [laptop, phone]) {
      await browser.post("/auth/login", { email: alan.email, password });
    }
    site.commands.fail(kind);
    await administrator.post(ban);
    await administrator.begin("DELETE", ban).answer;
    const newPassword = `universal machine, ${kind}`;
    const { succeeded, status } = await laptop.post("/me/password", {
      currentPassword: password,
      newPassword,
    });
    await phone.post("/auth/logout-all");
    await site.commands.quiet();
    site.commands.releaseAll();
    if (!succeeded && status < 500) continue;
    const login = await site.browser().post("/auth/login", {
      email: alan.email,
      password: newPassword,
    });
    if (login.succeeded) password = newPassword;
  }
}

/** A page of another subdomain: the same site, and another origin. */
function neighbour(site: Site): string {
  return site.origin.replace("://", "://x7.");
}

const guessed = [
  "/",
  "/session",
  "/sessions",
  "/auth/session",
  "/auth/me",
  "/api/session",
  "/whoami",
  "/debug",
  "/debug/session",
  "/status",
  "/metrics",
  "/config",
  "/env",
  "/users",
  "/admin",
  "/admin/users",
  "/version",
  "/.env",
  "/package.json",
  "/app.ts",
];

/** The paths that the app itself answers, at its top or below a mounted router. */
export function getRoutesOf({ router }: Express): string[] {
  const below = ["", "/auth", "/me", "/api", "/admin", "/account", "/session"];
  const routes = (stack: Express["router"]["stack"]): string[] =>
    stack.flatMap(({ route, handle }) => {
      if (route?.stack.some(({ method }) => method === "get")) return route.path;
      const nested = Reflect.get(handle, "stack");
      return Array.isArray(nested)
        ? routes(nested).flatMap((path) => below.map((mount) => mount + path))
        : [];
    });
  return routes(router.stack).filter((path) => typeof path === "string" && /^[\w/.-]+$/.test(path));
}
