import { seededUsers } from "../../app/database.ts";
import type { Answer } from "../answer.ts";
import type { Browser } from "../browser.ts";
import { asTyped } from "../commands.ts";
import { Actor, Contract } from "../contract.ts";
import { mustTakeAsLong } from "../guessing.ts";
import { loggedIn } from "../people.ts";
import type { Site } from "../site.ts";
import { must } from "../verdict.ts";
import { askForProfile, banOfAlan, logIn, logOut, tellStory, visit } from "./scenes.ts";
import type { World, WorldGoal } from "./world.ts";

const { ada, alan, grace } = seededUsers;

/** Worlds in which the same is asked in another way. */
export const requests: readonly World[] = [
  {
    // Nothing is changed: what goes wrong here has nothing to do with the worlds that follow.
    name: "In the whole story",
    async visit({ open, step }) {
      await tellStory(await open(), step);
      if (step < 5) return;
      // Of two who used one browser after each other, both are gone.
      const shared = new Actor(new Contract(step), await open());
      await shared.doesAll([logIn, { does: "log in", as: "grace" }, logOut, askForProfile]);
    },
  },
  {
    name: "From clients of every kind",
    async visit({ open, step }) {
      const site = await open();
      // An app may insist on what every browser sends.
      const { email, password } = ada;
      const login = await site.program().post("/auth/login", { email, password });
      if (login.status === 403) return;
      await tellStory(site, step, [site.program(), site.program()]);
      for (const client of otherClients) {
        await mustServe(site, `calls itself "${client}"`, { "User-Agent": client });
      }
      for (const [name, value] of [...Object.entries(wishes), ...oddHeaders]) {
        await mustServe(site, `sends ${name}: ${value}`, { [name]: value });
      }
    },
  },
  {
    name: "In production, behind a TLS proxy",
    async visit({ open, step }) {
      const site = await open({ env: "production" });
      if (step >= 3) await mustTakeAsLong((options) => open({ ...options, env: "production" }));
      if (step >= 6) {
        await firstInTheClear(await open({ env: "production" }));
        await mustProlongAlike(await open({ env: "production" }));
        await behindAnotherMachine(site);
        await inTheClearFromInside(site);
        await loginInTheClear(site);
      }
      await tellStory(site, step);
      if (step >= 6) {
        await inTheClear(site);
        await besideOneInTheClear(site);
      }
    },
  },
  {
    name: "Among other cookies",
    async visit({ open, step }) {
      const site = await open();
      const consent = `consent=${"AQwL".repeat(500)}`;
      const before = `${consent}; theme=dark; _ga=GA1.1.1; cart=s%3Aabc.def; odd=%E0%A4%A; empty=; visits=41; prefs[theme]=1; a(b)=c`;
      // A number that the app has put into a cookie is anybody's to change.
      const cookie = (own: string) =>
        [before, own.replaceAll(/=\d{1,6}(?=;|$)/g, "=41"), "z=1; sid2=x; count=41"]
          .filter(Boolean)
          .join("; ");
      await tellStory(site, step, [site.browser(), site.browser()], { cookie });
    },
  },
  {
    name: "From another address each time",
    async visit({ open, step }) {
      const site = await open({ env: step >= 6 ? "production" : "development" });
      let moves = 0;
      const before = async () => {
        moves++;
        site.visitorAddress = moves % 2 ? `198.51.100.${moves}` : `2001:db8::${moves}`;
      };
      await tellStory(site, step, [site.browser(), site.browser()], { before });
      if (step >= 6) await underTheAddressOfAnother(site);
    },
  },
  { name: "Written in another way", visit: otherSpellings },
  { name: "By another method", visit: otherMethods },
  { name: "From a page of another site", visit: otherSites },
];

/** What a client writes into X-Forwarded-For, the proxy leaves there, and puts the address that it sees behind it. */
async function underTheAddressOfAnother(site: Site): Promise<void> {
  const victim = "203.0.113.9";
  const headers = { "X-Forwarded-For": `${victim}, 198.51.100.66` };
  for (let guess = 0; guess < 60; guess++) {
    const body = { email: `nobody-${guess}@example.com`, password: "not this password" };
    await site.browser().post("/auth/login", body, { headers });
  }
  site.visitorAddress = victim;
  const { email, password } = ada;
  const login = await site.browser().post("/auth/login", { email, password });
  site.visitorAddress = undefined;
  must(
    login.status !== 429,
    "somebody else can keep an address from logging in, by claiming it.",
    [
      `60 wrong passwords, with X-Forwarded-For: ${headers["X-Forwarded-For"]}`,
      `then, from ${victim}:`,
      login,
    ],
    "Of several addresses the first is what the client wrote, and the last is what the proxy saw. `req.ip` is that one, when `trust proxy` is 1.",
  );
}

/** Programs, crawlers, and a phone whose maker is called like one. */
const otherClients = [
  "curl/8.11.0",
  "python-requests/2.32.3",
  "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
  "Mozilla/5.0 (Linux; Android 9; CUBOT_X19) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Mobile Safari/537.36",
  "",
];

/** What some browsers ask for, with every request. */
const wishes = { DNT: "1", "Sec-GPC": "1", "Save-Data": "on" };

/** What is not as it should be, and comes all the same. */
const oddHeaders: readonly (readonly [name: string, value: string])[] = [
  ["Accept-Language", "en_US"],
  ["Accept-Language", "x-pig-latin, *;q=0"],
  ["Accept-Encoding", "br;q=9, ,"],
  ["Referer", "not an address"],
  ["If-Modified-Since", "yesterday"],
  ["X-Forwarded-For", "unknown, _hidden"],
  ["X-Forwarded-Host", "a b"],
  ["Content-Type", "nonsense"],
  ["Authorization", "Bearer"],
  ["Range", "bytes=9-1"],
];

/** @param who What the client does, as in "a client that …". */
async function mustServe(
  site: Site,
  who: string,
  headers: Readonly<Record<string, string>>,
): Promise<void> {
  const browser = site.browser();
  const answers = [
    await browser.get("/visits", { headers }),
    await browser.get("/visits", { headers }),
  ];
  must(
    answers.every(({ status }) => status < 500),
    `GET /visits crashes for a client that ${who}.`,
    answers,
    "Who is asking is for the session to say. What a client says of itself is nothing to rely on, and every route has to do without it.",
  );
  // A crawler keeps no cookies, so an app may well give it none.
  must(
    who.includes("Googlebot") || answers.at(-1)?.data.visits === 2,
    `a client that ${who} is not remembered.`,
    answers,
    "Programs are visitors as well, and what a client says of itself is nothing to rely on: there is a phone called Cubot. Whoever brings a cookie back is known by it.",
  );
}

/** What came over http is refused before anybody looks at its cookie. */
async function inTheClear(site: Site): Promise<void> {
  const browser = site.browser();
  await browser.get("/visits");
  await site.commands.quiet();
  const before = site.commands.sent.length;
  const headers = { "X-Forwarded-Proto": "http", Cookie: await browser.cookieHeader() };
  const answer = await site.browser().get("/visits", { headers });
  await site.commands.quiet();
  const asked = site.commands.sent.slice(before);
  const id = await browser.sessionId();
  const isOfSession = asked.some(({ args }) => args.some((arg) => id && arg.includes(id)));
  must(
    asked.length === 0,
    `over plain http, ${isOfSession ? "the session is looked up" : "Redis is asked"} before the request is refused.`,
    [answer, ...asked.map(asTyped)],
    "Whoever overheard the cookie keeps its session alive that way, and learns that there is one. `requireHttps` stands above `session()`.",
  );
}

/** Whoever comes first comes past the proxy: a health check that asks for something else, a scanner. */
async function firstInTheClear(site: Site): Promise<void> {
  await (await fetch(new URL("/visits", site.address), { redirect: "manual" })).text();
  const visit = await site.browser().get("/visits");
  must(
    visit.succeeded,
    `after a first request without X-Forwarded-Proto, those over https are answered ${visit.status}.`,
    ["GET /visits, past the proxy", "then, over https:", visit],
    "One request says nothing of the next. That there is a proxy is known when the app is made: `trust proxy`.",
  );
}

/** Whichever route has answered: the key was prolonged, and the cookie is as well. */
async function mustProlongAlike(site: Site): Promise<void> {
  const member = site.browser();
  await member.logIn(ada);
  const read = await member.get("/me");
  const change = await member.patch("/me", { displayName: "Countess" });
  must(
    !change.succeeded || !read.sessionCookie || change.sessionCookie,
    "GET /me prolongs the cookie, and PATCH /me does not.",
    [read, change],
    "Key and cookie end together only when every answer sends the cookie. An app that is mounted in another one has settings of its own: without `trust proxy` it takes each request for one over http, where no Secure cookie is set.",
  );
}

/** In a container or behind a load balancer, the proxy is no process of this machine. */
async function behindAnotherMachine(site: Site): Promise<void> {
  site.proxyAddress = "10.0.0.2";
  const { email, password } = ada;
  const login = await site.browser().post("/auth/login", { email, password });
  site.proxyAddress = undefined;
  must(
    login.succeeded && login.sessionCookie,
    `a proxy on another machine is not believed: a login over https is answered ${login.succeeded ? "without a cookie" : login.status}.`,
    ["the proxy asks from 10.0.0.2, with X-Forwarded-Proto: https", login],
    "`loopback` is this machine, and in a container the app is alone on it. One hop, 1, is the nearest proxy, wherever it stands.",
  );
}

/** A client that is sent on goes on as before: nobody hears that its password was to be read by everybody. */
async function loginInTheClear(site: Site): Promise<void> {
  const { email, password } = ada;
  const headers = { "X-Forwarded-Proto": "http" };
  const login = await site.browser().post("/auth/login", { email, password }, { headers });
  must(
    login.status < 300 || login.status >= 400,
    "a login over plain http is sent on to https, and not refused.",
    login,
    "The password has already travelled in the clear, and with each login it does so again: whoever is sent on never notices. Refuse it, as `requireHttps` does. To send people on is for pages that they open.",
  );
}

/** An address in a header is what somebody wrote there. */
async function inTheClearFromInside(site: Site): Promise<void> {
  const member = site.browser();
  await member.logIn(ada);
  const cookie = await member.cookieHeader();
  for (const address of ["10.1.2.3", "172.16.0.9", "192.168.1.5", "127.0.0.1", "::1"]) {
    const headers = { "X-Forwarded-Proto": "http", "X-Forwarded-For": address, Cookie: cookie };
    const answer = await site.browser().get("/me", { headers });
    must(
      !answer.succeeded,
      `over plain http, somebody who claims to be ${address} is let in.`,
      [`X-Forwarded-For: ${address}`, "X-Forwarded-Proto: http", answer],
      "The cookie travels in the clear, which is as bad in a network of your own. And an address can be claimed.",
    );
  }
}

/** What somebody else asks over http meanwhile changes nothing of a login over https. */
async function besideOneInTheClear(site: Site): Promise<void> {
  const browser = site.browser();
  await browser.get("/visits");
  const hold = site.commands.hold("read");
  const { email, password } = ada;
  const login = browser.begin("POST", "/auth/login", { email, password });
  await Promise.race([hold.reached, login.answer]);
  const headers = { "X-Forwarded-Proto": "http" };
  const other = await site.browser().get("/visits", { headers });
  hold.release();
  const answer = await login.answer;
  must(
    !answer.succeeded || (await browser.sessionCookie()),
    "while somebody else asks over plain http, a login over https sets a cookie that no browser keeps.",
    [other, answer],
    "What belongs to one request stays with it: flags that a request writes into an object of the app are everybody's.",
  );
}

async function otherSpellings({ open, step }: WorldGoal): Promise<void> {
  const site = await open();
  for (const path of ["/visits/", "/VISITS", "/visits?theme=dark.css", "/visits?v=1.js#x"]) {
    await mustCountOn(site.browser(), path);
  }
  if (step < 4) return;
  const contract = new Contract(step);
  const member = new Actor(contract, site);
  await member.doesAll([visit, logIn]);
  const stranger = new Actor(contract, site);
  await stranger.does(visit);
  const spellings = (path: string) => [
    `${path}/`,
    // The id stays what it is.
    path.replaceAll(/(?<=\/)[a-z]+(?=\/|$)/g, (word) => word.toUpperCase()),
    `${path}/?x=/health`,
    `/${path}`,
    `/%${path.charCodeAt(1).toString(16)}${path.slice(2)}`,
    `${path};/visits`,
    `${path}/health`,
    `${path}/../health`,
    `${path}%2fhealth`,
    `/health/..${path}`,
    `${path}?from=/health&next=/auth/login&to=/visits`,
    `${path}?${"/visits".repeat(3)}`,
  ];
  for (const path of spellings("/me")) {
    for (const [method, body] of [["GET"], ["PATCH", { displayName: "Mallory" }]] as const) {
      const answer = await stranger.browser.begin(method, path, body).answer;
      must(
        answer.status < 500,
        `${answer.route} passes the guard without a user, and crashes.`,
        answer,
        "However an address is written, whoever is not logged in is stopped by the guard. Put it on the route, where Express has understood the address; not on a list of texts.",
      );
      must(
        // Some of them lead elsewhere, or to a page.
        !answer.succeeded || answer.data.ok === true || answer.body === undefined,
        `${answer.route} lets in somebody who is not logged in.`,
        answer,
        "However an address is written, it leads through the guard. Put it on the route, where Express has understood the address; not on a list of texts.",
      );
    }
  }
  const headers = { Accept: "text/html,application/xhtml+xml", "Sec-Fetch-Mode": "navigate" };
  // Whoever has been here before has a session already.
  const typed = await site.browser().get("/me", { headers });
  typed.mustBe(
    401,
    `GET /me answers ${typed.status}, not 401, when its address is typed into a browser.`,
    "The contract knows one answer for somebody who is not logged in, whatever the client would like to read.",
    `with Accept: ${headers.Accept}`,
  );
  if (step < 5) return;
  for (const path of [
    "/auth/logout/x",
    "/auth/logoutx",
    "/auth/logout/../../health",
    "/x/auth/logout",
  ]) {
    const answer = await member.browser.begin("POST", path).answer;
    await mustStayLoggedIn(member, answer);
  }
  if (step < 7) return;
  for (const path of ["/auth/logout-all/x", "/auth/logout-allx", "/x/auth/logout-all"]) {
    await mustStayLoggedIn(member, await member.browser.post(path));
  }
  const unknown = await member.browser.post("/admin/users/nobody/ban");
  unknown.mustBe(
    403,
    `a member who would ban somebody unknown is answered ${unknown.status}, not 403.`,
    "Whoever gets 404 for one id and 403 for another learns who has an account. First who asks, then whether there is such a user.",
  );
  for (const path of spellings(banOfAlan)) {
    for (const { browser } of [member, stranger]) {
      const answer = await browser.post(path);
      const user = await site.db.users.findById(alan.id);
      must(
        !user?.banned,
        `${answer.route} bans for somebody who is no administrator.`,
        answer,
        "However an address is written, both guards stand before the route.",
      );
    }
  }
}

/** Express takes these for the same address, unless it is told not to. */
async function mustCountOn(browser: Browser, path: string): Promise<void> {
  const answers = [await browser.get(path), await browser.get(path)];
  const [, second] = answers;
  must(
    second?.status === 404 || second?.data.visits === 2,
    `GET ${path} leads to the handler, and ${second?.succeeded ? `the second visit counts ${String(second.data.visits)}` : "it fails"}.`,
    answers,
    "Express takes `/visits/` and `/VISITS` for `/visits`. Whatever stands before the handler has to as well: mount it with `app.use`, or at the route, instead of comparing texts.",
  );
}

async function otherMethods({ open, step }: WorldGoal): Promise<void> {
  const site = await open();
  await mustCountOneRoute(site);
  if (step < 3) return;
  const contract = new Contract(step);
  const member = new Actor(contract, site);
  await member.doesAll([visit, logIn]);
  const { email, password } = ada;
  const inAddress = new URLSearchParams({ email, password }).toString();
  const guest = site.browser();
  const login = await guest.get(`/auth/login?${inAddress}`);
  must(
    !(await guest.sessionCookie()),
    "GET /auth/login logs in, with the password in the address.",
    login,
    "Addresses stand in histories, logs and links. A login is a POST, and its password in the body.",
  );
  if (step >= 4) await mustRefuseHead(site.browser());
  if (step >= 7) await mustNotBan(site);
  const own: Record<string, string[]> = {
    "/auth/login": ["POST"],
    ...(step >= 4 && { "/me": ["GET", "HEAD", "PATCH"] }),
    ...(step >= 5 && { "/auth/logout": ["POST"] }),
    ...(step >= 7 && {
      "/auth/logout-all": ["POST"],
      "/me/password": ["POST"],
      [banOfAlan]: ["POST", "DELETE"],
    }),
  };
  for (const [path, methods] of Object.entries(own)) {
    for (const method of ["GET", "HEAD", "OPTIONS", "PUT", "DELETE", "PATCH", "POST"]) {
      if (methods.includes(method)) continue;
      const answer = await member.browser.begin(method, path).answer;
      must(
        answer.status < 500 || answer.status === 501,
        `${answer.route} crashes.`,
        answer,
        "A method that a route does not know is none of its business: 404 or 405.",
      );
      if (step >= 4) await mustStayLoggedIn(member, answer);
      const stranger = await site.browser().begin(method, path).answer;
      must(
        !(stranger.succeeded && /@example\.com/.test(stranger.text)),
        `${stranger.route} lets in somebody who is not logged in.`,
        stranger,
        "The guard stands before every method of a personal route.",
      );
    }
  }
}

/** `app.use` takes every method, and whatever is below its path. */
async function mustCountOneRoute(site: Site): Promise<void> {
  const visitor = site.browser();
  await visitor.get("/visits");
  await mustNotEcho(visitor);
  const head = await visitor.begin("HEAD", "/visits").answer;
  must(
    head.status < 500,
    "HEAD /visits crashes.",
    head,
    "Express answers HEAD with the route of GET, without the body: whatever that route needs has to be there for both.",
  );
  for (const route of ["POST /visits", "DELETE /visits", "GET /visits/of/somebody"]) {
    const [method = "", path = ""] = route.split(" ");
    const answer = await visitor.begin(method, path).answer;
    must(
      !answer.succeeded || answer.data.visits === undefined,
      `${route} counts a visit, as GET /visits does.`,
      answer,
      "A route is a method and a path: `app.get`. `app.use` mounts something for every method and for all that begins with the path, and `app.all` for every method.",
    );
  }
}

/** What the browser keeps from scripts must not come back in a body. */
async function mustNotEcho(visitor: Browser): Promise<void> {
  const id = await visitor.sessionId();
  const trace = await visitor.begin("TRACE", "/visits").answer;
  must(
    !id || !trace.text.includes(id),
    "TRACE answers with the session cookie.",
    trace,
    "A script that gets somebody's browser to ask so reads the cookie in the answer, and HttpOnly is worth nothing (cross-site tracing). Nobody needs TRACE: leave it to Express, which knows no such route.",
  );
}

/** Crawlers, previews and links send the others. */
async function mustNotBan(site: Site): Promise<void> {
  const administrator = await loggedIn(site, grace);
  const { email, password } = alan;
  for (const [method, status] of [
    ["POST", 403],
    ["DELETE", 200],
  ] as const) {
    const asked = (await administrator.begin(method, banOfAlan).answer).orNotJudged(
      204,
      "a ban does not work yet",
    );
    const others: Answer[] = [];
    for (const other of ["GET", "HEAD", "OPTIONS", "PUT", "PATCH"]) {
      others.push(await administrator.begin(other, banOfAlan).answer);
    }
    const login = await site.browser().post("/auth/login", { email, password });
    must(
      login.status === status,
      `a method beside POST and DELETE ${status === 200 ? "bans" : "lifts a ban"}.`,
      [asked, ...others, login],
      "Each method of a route is one of its own: `app.all` takes every one that no handler before it has taken.",
    );
  }
}

/** HEAD is answered by the handler of GET, unless somebody stops it. */
async function mustRefuseHead(stranger: Browser): Promise<void> {
  const head = await stranger.begin("HEAD", "/me").answer;
  must(
    !head.succeeded,
    "HEAD /me lets in somebody who is not logged in.",
    head,
    "Express answers HEAD with the handler of GET. The guard stands before the route, whatever the method.",
  );
  must(
    head.status < 500,
    "HEAD /me passes the guard, and crashes.",
    head,
    "Express answers HEAD with the handler of GET. The guard stands before the route, whatever the method.",
  );
}

async function mustStayLoggedIn(member: Actor, answer: Answer): Promise<void> {
  const me = await member.browser.get("/me");
  must(
    me.status === 200,
    `${answer.route} logs out.`,
    [answer, me],
    "Only POST /auth/logout does. Browsers, crawlers and pages of other sites send the other methods and spellings on their own.",
  );
}

async function otherSites({ open, step }: WorldGoal): Promise<void> {
  for (const env of ["development", "production"] as const) {
    const site = await open({ env });
    await logoutsInOtherSpellings(site);
    if (step >= 7) await revocationsFromOtherSites(site);
    const { email, password } = ada;
    // A page can send these without asking first: anything else takes a preflight.
    for (const headers of [
      { Origin: "https://mallory.example", "Sec-Fetch-Site": "cross-site" },
      fromNeighbour(site),
    ]) {
      for (const [contentType, rawBody] of [
        ["application/x-www-form-urlencoded", new URLSearchParams({ email, password }).toString()],
        ["text/plain", JSON.stringify({ email, password })],
      ] as const) {
        const victim = site.browser();
        const login = await victim.post("/auth/login", undefined, {
          rawBody,
          contentType,
          headers,
        });
        must(
          !login.succeeded && !(await victim.sessionCookie()),
          "a form logs people in, whoever sends it.",
          [`Origin: ${headers.Origin}`, `Content-Type: ${contentType}`, login],
          "Whoever is logged in to somebody else's account tells it what they would tell their own: addresses, cards, searches. Refuse what another site sends before you look at it.",
        );
      }
      const asked = site.browser();
      const login = await asked.post("/auth/login", { email, password }, { headers });
      must(
        !login.succeeded && !(await asked.sessionCookie()),
        `a login that comes from another site is answered ${login.status}, and lets people in.`,
        [`Origin: ${headers.Origin}`, `Sec-Fetch-Site: ${headers["Sec-Fetch-Site"]}`, login],
        "Whoever is logged in to somebody else's account tells it what they would tell their own. What changes something is refused when the browser says that it comes from elsewhere: `refuseOtherSites`, mounted for the whole app.",
      );
    }
  }
}

/** Express takes them for the same address, and so has whoever looks where a request comes from. */
async function logoutsInOtherSpellings(site: Site): Promise<void> {
  const member = site.browser();
  await member.logIn(ada);
  const headers = fromNeighbour(site);
  for (const path of ["/auth/logout", "/auth/logout/", "/AUTH/LOGOUT", "/auth/logout?"]) {
    const answer = await member.post(path, undefined, { headers });
    const still = await member.get("/me");
    const asSpelled = path === "/auth/logout";
    must(
      still.status === 200,
      `a page of another site can log people out${asSpelled ? "" : `: it posts to ${path}`}.`,
      [`Origin: ${headers.Origin}`, answer, still],
      asSpelled
        ? "SameSite=Lax does not keep a neighbouring subdomain from sending the cookie. What changes something is refused when the browser says that it comes from elsewhere: `refuseOtherSites`, mounted for the whole app."
        : "Express takes it for /auth/logout. Mount the check for the whole app, or on the route itself, and compare no addresses.",
    );
  }
}

/** Under SameSite=Lax a neighbouring subdomain's page still sends the cookie along. */
async function revocationsFromOtherSites(site: Site): Promise<void> {
  const administrator = site.browser();
  await administrator.logIn(grace);
  const body = { currentPassword: grace.password, newPassword: "difference engine" };
  const headers = fromNeighbour(site);
  for (const [method, path] of [
    ["POST", banOfAlan],
    ["DELETE", banOfAlan],
    ["POST", "/me/password"],
    ["POST", "/auth/logout-all"],
  ] as const) {
    const answer = await administrator.begin(method, path, body, { headers }).answer;
    must(
      answer.status === 403 || answer.status === 501,
      `A page of another site can send ${method} ${path}: the answer is ${answer.status}, not 403.`,
      [`Origin: ${headers.Origin}`, answer],
      "The browser of an administrator who reads that page sends the cookie along. Routes that change something stand behind `refuseOtherSites`.",
    );
  }
}

/** What a browser says of a page of a subdomain beside the app's. */
function fromNeighbour({ origin }: Site) {
  return { Origin: origin.replace("://", "://blog."), "Sec-Fetch-Site": "same-site" };
}
