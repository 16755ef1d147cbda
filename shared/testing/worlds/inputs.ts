import { once } from "node:events";
import { seededUsers } from "../../app/database.ts";
import { unhandled, type Answer } from "../answer.ts";
import type { Browser } from "../browser.ts";
import { Actor, Contract } from "../contract.ts";
import { threadProcessorMs } from "../processor-time.ts";
import { describeDuration } from "../cookies.ts";
import type { Site } from "../site.ts";
import { pause } from "../time.ts";
import { must } from "../verdict.ts";
import { logIn, openAfresh, patiently } from "./scenes.ts";
import { bannedPeople, nearMisses, otherKeyboards, typedEmails } from "./credentials.ts";
import { sendHead } from "./wire.ts";
import type { World, WorldGoal } from "./world.ts";

const { ada } = seededUsers;

/** Worlds of inputs that nobody should send. */
export const inputs: readonly World[] = [
  { name: "With a body that nobody asked for", visit: unaskedBody },
  { name: "With inputs of every kind", visit: everyKind },
];

const unaskedBytes = 1_000_000;

/** Whoever sends very much is answered before all of it has come, or told that it is too much. */
async function unaskedBody({ open }: WorldGoal): Promise<void> {
  const site = await open();
  await bodyOfAVisit(site);
  await namesOfPrototypes(site);
  for (const type of [
    "application/json",
    "text/plain",
    "application/x-www-form-urlencoded",
    "application/octet-stream",
    "application/vnd.api+json",
  ]) {
    const { answer, isEarly } = await sendMuch(site, type);
    must(
      !answer.toLowerCase().includes(unhandled),
      `no error handler is reached when ${type} is refused.`,
      [
        `POST /visits, Content-Type: ${type}, Content-Length: ${unaskedBytes}`,
        "→ the error of express.json",
      ],
      "Express looks for an error handler behind the middleware that failed: `app.use(errorHandler)` stands last.",
    );
    must(
      // A parser with a limit lets all of it pass by before it says so.
      isEarly || answer.startsWith("HTTP/1.1 413"),
      `the app reads a megabyte that calls itself ${type}.`,
      [
        `POST /visits, Content-Type: ${type}, Content-Length: ${unaskedBytes}`,
        "→ no answer before all of it has come, and then it is not 413",
      ],
      "Whoever sends much fills the memory and keeps the server at work, also without an account. The limit of `express.json` holds for JSON alone: each other parser needs its own, and the best one is none.",
    );
  }
}

/** GET may have a body, which means nothing. */
async function bodyOfAVisit(site: Site): Promise<void> {
  const visitor = site.browser();
  await visitor.get("/visits");
  const visit = await visitor.begin("GET", "/visits", { anything: "at all" }).answer;
  must(
    visit.data.visits === 2,
    `GET /visits with a body is answered ${visit.status}, and counts ${String(visit.data.visits)}, not 2.`,
    visit,
    "A body means nothing to GET, and some clients send one. A request whose body was read is no request whose client has left: `req.destroyed` is true for both.",
  );
}

/** Every object inherits from one: what is written there, everybody has. */
async function namesOfPrototypes(site: Site): Promise<void> {
  const planted = { visits: 41, userId: "planted", role: "admin" };
  for (const [name, rawBody] of [
    ["__proto__", `{"__proto__":${JSON.stringify(planted)}}`],
    ["constructor", JSON.stringify({ constructor: { prototype: planted } })],
  ] as const) {
    for (const [method, path] of [
      ["POST", "/nothing-here"],
      ["POST", "/visits"],
      ["POST", "/auth/login"],
      ["PATCH", "/me"],
    ] as const) {
      const sent = { rawBody, contentType: "application/json" };
      const answer = await site.browser().begin(method, path, undefined, sent).answer;
      const found = Object.keys(planted).filter((field) => field in {});
      const next = await site.browser().get("/visits");
      for (const field of found) Reflect.deleteProperty(Object.prototype, field);
      must(
        found.length === 0 && next.data.visits === 1,
        `whoever sends ${name} to ${path} writes into the session of everybody.`,
        [answer, "then, somebody new:", next],
        "`Object.assign` and a merge of one's own follow `__proto__` and `constructor` to what all objects inherit from (prototype pollution). A schema lets in the fields that it names.",
      );
    }
  }
}

/** Sends a megabyte, but for most of it only when the beginning is not answered. */
async function sendMuch(site: Site, type: string): Promise<{ answer: string; isEarly: boolean }> {
  const socket = await sendHead(site, "POST /visits", {
    Origin: site.origin,
    "Content-Type": type,
    "Content-Length": String(unaskedBytes),
  });
  socket.on("error", () => {});
  const state = { answer: "" };
  socket.on("data", (part) => (state.answer += part.toString()));
  socket.write(" ".repeat(1_000));
  // What is asked after that is answered: by then, so would this be.
  for (let look = 0; look < 20 && !state.answer; look++) await site.browser().get("/health");
  const isEarly = state.answer !== "";
  if (!isEarly) {
    socket.write(" ".repeat(unaskedBytes - 1_000));
    await Promise.race([once(socket, "data"), once(socket, "close")]);
  }
  socket.destroy();
  return { answer: state.answer, isEarly };
}

/** What the ids of a database look like is its own affair. */
async function otherIds(site: Site, administrator: Browser | undefined): Promise<void> {
  for (const [n, id] of ["42", "01HF3V8T9ZJ4Q2R7XW5YB6KCDE", "auth0|65a1b2c3"].entries()) {
    const person = { email: `imported-${n}@example.com`, password: "an imported password" };
    await site.db.users.add({ ...person, id, displayName: "Ida" });
    const browser = site.browser();
    const login = await browser.post("/auth/login", person);
    const me = await browser.get("/me");
    must(
      login.data.id === id && me.data.id === id,
      `a user whose id is ${JSON.stringify(id)} is not let in.`,
      [login, me],
      "Users may come from an older system: the id is whatever the database says. It is looked up, and found or not.",
    );
    if (!administrator) continue;
    const ban = await administrator.post(`/admin/users/${encodeURIComponent(id)}/ban`);
    const user = await site.db.users.findById(id);
    must(
      user?.banned,
      `a user whose id is ${JSON.stringify(id)} cannot be banned.`,
      ban,
      "Users may come from an older system: the id is whatever the database says. It is looked up, and found or not.",
    );
  }
}

const odd: readonly unknown[] = [
  null,
  true,
  0,
  [],
  {},
  [[["deep"]]],
  { $gt: "" },
  { toString: "x" },
  "",
  " ",
  "\u0000",
  "ada@example.com\u0000",
  "%00",
  "__proto__",
  "constructor",
  "ⓐda@example.com",
  "\ud800",
  "' OR 1=1 --",
  "*",
  "x".repeat(300),
];

async function everyKind(goal: WorldGoal): Promise<void> {
  await everyKindOfLogin(await goal.open());
  if (goal.step >= 4) await everyKindOfChange(await openAfresh(goal), goal.step);
}

async function everyKindOfLogin(site: Site): Promise<void> {
  await typedEmails(site);
  await nearMisses(site);
  await bannedPeople(site);
  await otherKeyboards(site);
  await wishesOfOthers(site);
  const asText = { rawBody: JSON.stringify(credentialsOf(ada)), contentType: "text/plain" };
  const plain = await site.browser().post("/auth/login", undefined, asText);
  must(
    !plain.succeeded,
    "JSON that calls itself text/plain logs in.",
    [plain, "Content-Type: text/plain"],
    "A form may send text/plain anywhere without asking, and leave your user in the account of somebody else, who reads along. A browser asks first (CORS) before it sends application/json for another site.",
  );
  const long = laborious("a");
  for (const email of long) {
    await mustRefuse(site.browser(), "POST", "/auth/login", { email, password: ada.password });
  }
  for (const value of odd) {
    for (const body of [
      { email: value, password: ada.password },
      { email: ada.email, password: value },
      value,
    ]) {
      await mustRefuse(site.browser(), "POST", "/auth/login", body);
    }
  }
}

/** What one login asks for changes nobody else's session. */
async function wishesOfOthers(site: Site): Promise<void> {
  const visitOfSomebodyNew = () => site.browser().get("/visits");
  const before = await visitOfSomebodyNew();
  const wishes = {
    remember: false,
    rememberMe: false,
    remember_me: false,
    maxAge: 1,
    persistent: false,
  };
  await site.browser().post("/auth/login", { ...credentialsOf(ada), ...wishes });
  const after = await visitOfSomebodyNew();
  const lifeOf = ({ sessionCookie }: Answer) => sessionCookie?.livesMs ?? 0;
  must(
    Math.abs(lifeOf(before) - lifeOf(after)) < 60_000,
    `after somebody else's login, a visitor's cookie lives ${describeDuration(lifeOf(after))}, not ${describeDuration(lifeOf(before))}.`,
    [`POST /auth/login with ${JSON.stringify(wishes)}`, "then, somebody new:", after],
    "The options of `session()` are everybody's. What is meant for one session is set on `req.session.cookie`.",
  );
}

async function everyKindOfChange(site: Site, step: number): Promise<void> {
  const member = new Actor(new Contract(step), site);
  const administrator = step >= 7 ? new Actor(member.contract, site) : undefined;
  await administrator?.does({ does: "log in", as: "grace" });
  await otherIds(site, administrator?.browser);
  await member.does(logIn);
  // Other letters than in what is typed as a password.
  for (const displayName of laborious("n")) {
    const judge = displayName.trim().length > 80 ? mustRefuse : mustBear;
    await judge(member.browser, "PATCH", "/me", { displayName });
  }
  for (const value of odd) {
    if (typeof value === "string" && value.trim().length > 0 && value.length <= 80) continue;
    await mustRefuse(member.browser, "PATCH", "/me", { displayName: value });
    await mustRefuse(member.browser, "PATCH", "/me", value);
  }
  await otherNamesOfJson(member.browser);
  await inherited(member.browser);
  await oddNames(site, member.browser);
  await mustLetNothingIn(site, member.browser);
  if (!administrator) return;
  for (const value of [...laborious("a", [28, 2_000]), ...odd]) {
    for (const body of [
      { currentPassword: value, newPassword: "difference engine" },
      ...(odd.includes(value) ? [value] : []),
    ]) {
      await mustRefuse(member.browser, "POST", "/me/password", body);
    }
    if (typeof value !== "string" || value === "\ud800" || value.length > 2_000) continue;
    const ban = `/admin/users/${encodeURIComponent(value)}/ban`;
    for (const method of ["POST", "DELETE"] as const) {
      const answer = await mustBear(administrator.browser, method, ban, undefined);
      must(
        !answer.succeeded,
        `${method} /admin/users/:id/ban answers ${answer.status} for an id that nobody has.`,
        answer,
        "Whether there is such a user, `db.users` says: look at what it resolves to, and answer 404.",
      );
    }
  }
}

/** Wherever it stands in the body: what nobody asked for changes nothing. */
async function mustLetNothingIn(site: Site, member: Browser): Promise<void> {
  const wanted = { role: "admin", email: "mallory@example.com", passwordHash: "x", banned: false };
  const places = ["user", "profile", "preferences", "settings", "data", "attributes", "changes"];
  const before = await site.db.users.findById(ada.id);
  const answer = await member.patch("/me", {
    displayName: ada.displayName,
    ...Object.fromEntries(places.map((place) => [place, wanted])),
  });
  const after = await site.db.users.findById(ada.id);
  must(
    after?.role === before?.role &&
      after?.email === before?.email &&
      after?.passwordHash === before?.passwordHash,
    "PATCH /me changes what nobody asked for, from a part of the body.",
    answer,
    "Whatever a body carries beside the name was put there by somebody who is curious. Hand `db.users.update` the one field that may change.",
  );
}

/** What a body only inherits, it does not say. */
async function inherited(member: Browser): Promise<void> {
  const rawBody = '{"__proto__":{"displayName":"Mallory"}}';
  const answer = await member.patch("/me", undefined, { rawBody, contentType: "application/json" });
  must(
    !answer.succeeded,
    "PATCH /me takes a name from `__proto__`.",
    [rawBody, answer],
    "JSON.parse makes a field of that name; whoever copies it by assignment makes it what the copy inherits from. Hand `req.body` to the schema as it is.",
  );
}

/** However a body calls itself: what is read as JSON is held against the schema. */
async function otherNamesOfJson(member: Browser): Promise<void> {
  for (const type of ["merge-patch+json", "vnd.api+json", "json-patch+json", "json5"]) {
    for (const displayName of [null, 42, " "]) {
      const contentType = `application/${type}`;
      const rawBody = JSON.stringify({ displayName });
      const answer = await member.patch("/me", undefined, { rawBody, contentType });
      must(
        !answer.succeeded,
        `PATCH /me accepts what is none of the contract, when it calls itself ${contentType}.`,
        [answer, `Content-Type: ${contentType}`],
        "The schema is for whatever is read as a body, whichever parser has read it.",
      );
    }
  }
}

// Letters with marks of their own, in one character or in several, and what is no letter at all.
const names = [
  "Smith & Sons",
  "O'Hara & So\u0308hne",
  "Ζωή",
  "राम कुमार",
  // A half-space, without which the parts of this name would run together.
  "مهدی\u200cزاده",
  "李",
  "Ada 🧮",
  "x".repeat(80),
];

/** What can be read is welcome. Whatever becomes of a name on its way: what is stored is one, and what the answer says. */
async function oddNames(site: Site, member: Browser): Promise<void> {
  for (const displayName of [...names, "<b></b>", "\ufdfa".repeat(80)]) {
    const answer = await member.patch("/me", { displayName });
    // Whoever changes the name this often may well be asked to wait.
    if (answer.status === 429) return;
    must(
      answer.succeeded || !names.includes(displayName),
      `PATCH /me refuses the name ${displayName}${displayName.includes("\u200c") ? " (with U+200C, which nobody sees, in the middle)" : ""}.`,
      answer,
      "People are called what they are called, in every script there is. The lesson draws the line at 80 characters, and at what cannot be read: `isReadable`.",
    );
    if (!answer.succeeded) continue;
    const stored = (await site.db.users.findById(ada.id))?.displayName ?? "";
    const characters = [...stored].length;
    must(
      stored === displayName || !/^[\w &]+$/.test(displayName),
      `PATCH /me stores another name than ${displayName}.`,
      [answer, `displayName in the database: ${JSON.stringify(stored)}`],
      "A name is stored as it is. What a page has to write in another way is the matter of the page: escaped twice, it is shown wrong, and escaped here, it is wrong everywhere else.",
    );
    must(
      characters >= 1 && characters <= 80 && answer.data.displayName === stored,
      `PATCH /me stores a name of ${characters} characters.`,
      [answer, `displayName in the database: ${JSON.stringify(stored.slice(0, 100))}`],
      "Whatever is done to a text comes before it is counted: what is taken away or spelled out afterwards is stored unchecked.",
    );
  }
}

// Where the work doubles with each character, what is too much is met while it is little: more would be
// taken for a loop without end. The long ones are for work that grows with the square of their number.
const laboriousLengths = [...Array.from({ length: 15 }, (_, i) => 16 + i), 40, 300, 2_000, 20_000];

/** What makes an expression that backtracks, or a loop in a loop, work for long. */
function laborious(letter: string, lengths: readonly number[] = laboriousLengths): string[] {
  return lengths.flatMap((length) => {
    const many = letter.repeat(length);
    const pairs = (other: string) => `${letter}${other}`.repeat(length / 2);
    return [
      `${many}!`,
      `${many}@`,
      `${many}\u0000`,
      `${pairs(".")}!`,
      `${letter}@${many}!`,
      `${letter}@${pairs(".")}!`,
      `${letter}@${pairs("-")}`,
      `${" ".repeat(length)}x${" ".repeat(length)}!`,
    ];
  });
}

/** For one request, in processor time: some fifty times as much as it takes. */
const tooMuchMs = 100;

type Sending = [browser: Browser, method: "POST" | "PATCH" | "DELETE", path: string, body: unknown];

/** Demands that what was sent neither crashes the app nor keeps it at work. */
async function mustBear(...[browser, method, path, body]: Sending): Promise<Answer> {
  const measured = async () => {
    const before = threadProcessorMs();
    const answer = await browser.begin(method, path, body, patiently).answer;
    const workMs = threadProcessorMs() - before;
    // A thread that has worked for long rests, or all that follows is taken for one long work.
    if (workMs > tooMuchMs / 5) await pause(5);
    return { answer, workMs };
  };
  const { answer, workMs: firstMs } = await measured();
  // Garbage is collected now and then, and not twice in a row.
  const workMs = firstMs > tooMuchMs ? Math.min(firstMs, (await measured()).workMs) : firstMs;
  must(
    workMs <= tooMuchMs,
    `${answer.route} works for ${Math.round(workMs)} ms on a text of ${answer.request.body?.length} characters, and nobody else is served meanwhile.`,
    answer,
    "A pattern that can match the same text in many ways tries them all before it gives up: a little more text, and the server stands still for hours. Let zod's `z.email()` look at emails, and limit the length first.",
  );
  must(
    answer.status < 500,
    `${answer.route} crashes at what it was sent.`,
    answer,
    "Whatever arrives is somebody else's choice. Check its shape before you use it.",
  );
  return answer;
}

async function mustRefuse(...sending: Sending): Promise<void> {
  const answer = await mustBear(...sending);
  must(
    !answer.succeeded,
    `${answer.route} accepts what is none of the contract.`,
    answer,
    "A schema says what is let in; everything else is refused.",
  );
}

function credentialsOf({ email, password }: { email: string; password: string }) {
  return { email, password };
}
