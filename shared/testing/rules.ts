import { seededUsers } from "../app/database.ts";
import type { StoredKey } from "../redis/key-space.ts";
import { unhandled } from "./answer.ts";
import { asTyped, fullRedis, isOf, type SentCommand, startingRedis } from "./commands.ts";
import {
  describeDuration,
  sessionIdIn,
  sessionIdsInHeader,
  splitAtFirst,
  type SetCookie,
} from "./cookies.ts";
import { tooLate, type Answered, type Happened } from "./happened.ts";
import { secretsIn, secretShownIn } from "./secrets.ts";
import { isJson } from "./session-keys.ts";
import type { Evidence } from "./verdict.ts";

/** What was seen when a rule was broken: the first line of the message, and what shows it. */
interface Breach {
  claim: string;
  evidence: Evidence;
}

/** What may never happen, whatever a goal is about. */
interface Rule {
  name: string;
  /** The first step whose lesson it belongs to. */
  since: number;
  /** Why, for whoever broke it. */
  why: string;
  breach(happened: Happened): Breach | undefined;
}

/** What a client writes into every field that nobody asked for. */
export const chosenByTheClient = "chosen-by-the-client";

/** What a client writes behind a line break. */
export const lineOfTheClient = "Ada is an administrator now";

const daySeconds = 24 * 60 * 60;
/** More than any app needs, and fewer than there are requests on a tour. */
const mostScripts = 10;
// Commands that look at everybody's keys, or take them away.
const overEverybody = /^(keys|scan|flushall|flushdb|randomkey|dbsize|monitor|swapdb)$/i;

// What a body that cannot be read is answered, is decided before any route is.
const userRoutes =
  /^(GET|PATCH) \/me$|^POST \/(me\/password|auth\/logout-all)$|^(POST|DELETE) \/admin\/users\/[\w-]+\/ban$/;

/** Checked on all that happens while any goal is judged. */
const rules: readonly Rule[] = [
  {
    name: "no secret in the log",
    since: 1,
    why: "Logs are copied, searched and kept, and read by many. A cookie or a session id in them opens the session, a password the account, and the password of Redis all of them. What is logged whole, a body or an error, carries more than it seems to: choose field by field. `describeError` does that for errors.",
    breach(happened) {
      const secrets = secretsIn(happened);
      for (const { text, during } of happened.lines) {
        const secret = secretShownIn(text, secrets);
        if (!secret) continue;
        return {
          claim: `The log shows ${secret.what}, written during ${during}.`,
          evidence: ["in the log:", excerpt(text, secret.value)],
        };
      }
      return undefined;
    },
  },
  {
    name: "no line in the log that a client wrote",
    since: 1,
    why: "Whoever reads the log believes each line of it, and so do the programs that raise an alarm. What a client has sent goes into it as JSON, or without control characters: `isReadable` lets none through.",
    breach({ lines }) {
      const forged = lines.find(({ text }) =>
        text.split(/[\r\n]+/).some((line) => line.startsWith(lineOfTheClient)),
      );
      return (
        forged && {
          claim: `During ${forged.during}, a client writes a line of its own into the log.`,
          evidence: [
            `sent in a text, behind a line break: ${lineOfTheClient}`,
            "in the log:",
            excerpt(forged.text, lineOfTheClient),
          ],
        }
      );
    },
  },
  {
    name: "no secret in an answer",
    since: 1,
    why: "Whatever is in an answer can be read by scripts of the page, by caches and by logs on the way. Answer with the fields that the contract names, and let the session id travel in its cookie alone.",
    breach(happened) {
      const secrets = secretsIn(happened);
      for (const { answer } of happened.exchanges) {
        for (const [place, text] of shownBy(answer)) {
          const secret = secretShownIn(text, secrets);
          if (!secret) continue;
          const where = place === "the body" ? "" : ` in ${place}`;
          return {
            claim: `The answer to ${answer.route} shows ${secret.what}${where}.`,
            evidence: [answer, place === "the body" ? "" : `${place}: ${text}`],
          };
        }
      }
      return undefined;
    },
  },
  {
    name: "no map of the server in an answer",
    since: 1,
    why: "Names of servers, files and packages are a map for whoever looks for a way in. What went wrong is for the log; the client gets a status and a code.",
    breach({ exchanges }) {
      for (const { answer, site } of exchanges) {
        const { host } = new URL(site.redisUrl);
        const text = shownBy(answer)
          .map(([place, part]) => `${place}: ${part}`)
          .join("\n");
        const what =
          text.includes(host) || /rediss?:\/\//.test(text)
            ? "the address of Redis"
            : site.config.env === "production" && /\n *at .+:\d+:\d+/.test(unescaped(answer.text))
              ? "where its files are, with the stack of an error"
              : /"(dev)?dependencies" *:|createApp\b.*\bexpress\b/is.test(answer.text)
                ? "the files of its own project"
                : /express/i.test(String(answer.headers["x-powered-by"] ?? ""))
                  ? "that Express runs here, in X-Powered-By"
                  : site.config.env === "production" &&
                      [fullRedis, startingRedis].some((words) => answer.text.includes(words))
                    ? "what Redis said"
                    : undefined;
        if (what) {
          return {
            claim: `The answer to ${answer.route} tells strangers ${what}.`,
            evidence: answer,
          };
        }
      }
      return undefined;
    },
  },
  {
    name: "errors reach the error handler",
    since: 1,
    why: "Express looks for an error handler behind the middleware that failed. `app.use(errorHandler)` stands last; otherwise Express answers by itself, with a page, and in development with the stack.",
    breach({ exchanges }) {
      const bare = exchanges.find(({ answer }) => unhandled in answer.headers);
      return (
        bare && {
          claim: `${bare.answer.route} fails, and no error handler is reached.`,
          evidence: bare.answer,
        }
      );
    },
  },
  {
    name: "nobody's profile for strangers",
    since: 3,
    why: "Whoever is not logged in learns nothing about those who have an account. Every route that shows a person stands behind the guard.",
    breach({ exchanges }) {
      for (const { answer, sent } of exchanges) {
        const asked = `${answer.request.path} ${answer.request.body} ${JSON.stringify(sent)}`;
        if (answer.request.cookie || !answer.succeeded) continue;
        const person = Object.values(seededUsers).find(
          ({ email }) => answer.text.includes(email) && !asked.includes(email),
        );
        if (!person || /login/i.test(answer.request.path)) continue;
        return {
          claim: `${answer.route} shows ${person.displayName}'s email to somebody who brings no session.`,
          evidence: answer,
        };
      }
      return undefined;
    },
  },
  {
    name: "no dialog of the browser",
    since: 1,
    why: "`WWW-Authenticate: Basic` has a browser ask for a password by itself, and send what is typed with each request from then on. Whoever is not logged in is told so in the body.",
    breach({ exchanges }) {
      const asks = exchanges.find(({ answer }) =>
        /^\s*(basic|digest)\b/i.test(String(answer.headers["www-authenticate"] ?? "")),
      );
      return (
        asks && {
          claim: `${asks.answer.route} has the browser ask for a password in a dialog of its own.`,
          evidence: [
            asks.answer,
            `WWW-Authenticate: ${String(asks.answer.headers["www-authenticate"])}`,
          ],
        }
      );
    },
  },
  {
    name: "the guard looks first",
    since: 4,
    why: "Whoever is not logged in is told that, and nothing else: neither which fields a route takes, nor who exists. `requireAuth` stands before `validate`, on every route that is for users.",
    breach({ exchanges }) {
      const told = exchanges.find(
        ({ answer: { request, status } }) =>
          !request.cookie &&
          [400, 404, 422].includes(status) &&
          userRoutes.test(`${request.method} ${request.path}`) &&
          (request.body === undefined || isJson(request.body)),
      );
      return (
        told && {
          claim: `${told.answer.route} answers ${told.answer.status} to somebody who brings no session, not 401.`,
          evidence: told.answer,
        }
      );
    },
  },
  {
    name: "nobody's role leaves",
    since: 3,
    why: "The contract names the fields of each answer. What leaves unnoticed today is a role, which tells a thief whose cookie is worth most; the next column may be a secret. Name the fields that may leave.",
    breach({ exchanges }) {
      const told = exchanges.find(({ answer }) => /"role" *:/.test(answer.text));
      return (
        told && {
          claim: `The answer to ${told.answer.route} tells the role, which the contract does not name.`,
          evidence: told.answer,
        }
      );
    },
  },
  {
    name: "nothing personal for caches",
    since: 1,
    why: "What a browser or a proxy keeps is shown later, and to the next person at this computer as well, after logging out. The starter's line with `noStore` sees to it for what begins with /auth, /me or /visits: it has to hold for every such answer, not for some.",
    breach({ exchanges }) {
      const kept = exchanges.find(
        ({ answer }) =>
          answer.status === 200 &&
          answer.text !== "" &&
          /^((GET|PATCH) \/(me|visits)|POST \/auth\/\w+)\/?(\?|$)/i.test(answer.route) &&
          answer.mayBeKept,
      );
      return (
        kept && {
          claim: /\bprivate\b/i.test(kept.answer.caching)
            ? `A browser may keep the answer of ${kept.answer.route}, and show it when nobody is logged in any more.`
            : `A cache may keep the answer of ${kept.answer.route}, and give it to somebody else.`,
          evidence: [kept.answer, `Cache-Control: ${kept.answer.caching}`],
        }
      );
    },
  },
  {
    name: "no other site reads along",
    since: 1,
    why: "With credentials, an answer is for the origins that you know, each by its full name: a page of any other origin could read what your users see. A neighbouring subdomain is another origin, and SameSite does not keep it out.",
    breach({ exchanges }) {
      const open = exchanges.find(
        ({ answer, sent, site }) =>
          sent.Origin !== undefined &&
          sent.Origin !== site.origin &&
          answer.headers["access-control-allow-origin"] === sent.Origin &&
          answer.headers["access-control-allow-credentials"] === "true",
      );
      return (
        open && {
          claim: `CORS lets pages of ${open.sent.Origin} read what your users see.`,
          evidence: [
            open.answer,
            `Access-Control-Allow-Origin: ${open.sent.Origin}`,
            "Access-Control-Allow-Credentials: true",
          ],
        }
      );
    },
  },
  {
    name: "every request is answered once",
    since: 1,
    why: "Answering does not end a function: whoever answers returns, and neither goes on nor calls next().",
    breach({ late }) {
      const again = late.find(
        ({ error, status }) =>
          /headers after they are sent/.test(error.message) &&
          // Whoever was told that it took too long has been answered; the work goes on.
          ![503, 504].includes(status),
      );
      return (
        again && {
          claim: tooLate(again),
          evidence: String(again.error),
        }
      );
    },
  },
  {
    name: "one cookie per answer",
    since: 1,
    why: "Of two Set-Cookie for the same cookie the later one wins, whichever was meant: a session that is changed after its cookie was cleared sets it again.",
    breach({ exchanges }) {
      const twice = exchanges.find(({ answer: { setCookies } }) => {
        const names = setCookies.map(({ name }) => name);
        return new Set(names).size < names.length;
      });
      if (!twice) return undefined;
      const { route, setCookies } = twice.answer;
      const begun = setCookies.at(-1);
      const clears = ({ livesMs = Infinity }: SetCookie) => livesMs <= 0;
      const isEnded = setCookies.some((each) => each.name === begun?.name && clears(each));
      return {
        claim:
          begun && isEnded && !clears(begun)
            ? `${route} clears a cookie and sends it anew: the session behind it goes on.`
            : `The answer to ${route} sends more than one Set-Cookie for the same cookie.`,
        evidence: twice.answer,
      };
    },
  },
  {
    name: "a health check is nobody's visit",
    since: 1,
    why: "A monitor asks every few seconds, and needs no session: mount `session()` after /health, so that neither a cookie nor the store is looked at.",
    breach({ exchanges }) {
      const check = exchanges.find(
        ({ answer }) =>
          answer.request.path === "/health" &&
          answer.setCookies.some(({ value }) => sessionIdIn(value) !== undefined),
      );
      return check && { claim: "GET /health sends a session cookie.", evidence: check.answer };
    },
  },
  {
    name: "JSON says that it is JSON",
    since: 1,
    why: "A browser shows what is called HTML as a page, and a name with tags in it runs as a script there. `res.json(…)` sets the type; `res.send` of a text says HTML.",
    breach({ exchanges }) {
      const posing = exchanges.find(
        ({ answer: { body, headers } }) =>
          typeof body === "object" &&
          body !== null &&
          /^(?:$|text\/html)/.test(String(headers["content-type"] ?? "")),
      );
      if (!posing) return undefined;
      const { route, headers } = posing.answer;
      return {
        claim: `The answer to ${route} is JSON, and says that it is ${headers["content-type"] ? "HTML" : "nothing at all"}.`,
        evidence: [posing.answer, `  Content-Type: ${String(headers["content-type"] ?? "(none)")}`],
      };
    },
  },
  {
    name: "no body is asked for where none belongs",
    since: 3,
    why: "A GET brings no body. `validate` belongs to the route whose body it checks; mounted for all of them, it refuses whatever else is asked.",
    breach({ exchanges }) {
      const refused = exchanges.find(
        ({ answer: { errorCode, request } }) =>
          request.method === "GET" &&
          errorCode === "invalid_body" &&
          // An address that cannot be read is bad by itself, and the error handler has one word for it.
          !/%(?![\da-f]{2})/i.test(request.path),
      );
      return (
        refused && {
          claim: `${refused.answer.route} is refused for its body, and has none.`,
          evidence: refused.answer,
        }
      );
    },
  },
  {
    name: "no session for who is refused",
    since: 1,
    why: "Whoever is refused has nothing to remember. A session for each refusal fills the store at the speed of whoever guesses. `regenerate` begins a new one; `destroy` ends the one there is.",
    breach({ exchanges, step }) {
      const started = exchanges.find(({ answer }) => {
        const { cookie, path } = answer.request;
        const known = sessionIdsInHeader(cookie);
        const begun = newSessionsIn(answer.setCookies).find(
          ({ value }) => !known.includes(sessionIdIn(value) ?? ""),
        );
        // A login may begin anew before it looks at the password.
        const byGuard = step >= 4 && answer.status === 401 && !/login/i.test(path);
        return begun && answer.refused && (!cookie || byGuard);
      });
      return (
        started && {
          claim: `${started.answer.route} is refused, and starts a session all the same.`,
          evidence: started.answer,
        }
      );
    },
  },
  {
    name: "a session is encoded once",
    since: 2,
    why: "What the store hands over as `value` is the text that it reads back. Turned into JSON once more, it comes back as a text, and not as a session.",
    breach({ keys }) {
      const twice = keys.find(({ value }) => isJsonOfJson(value));
      return (
        twice && {
          claim: "A session is stored as JSON of JSON, and nobody can read it back.",
          evidence: `${twice.name} = ${excerpt(twice.value)}`,
        }
      );
    },
  },
  {
    name: "a cookie ends with its session",
    since: 4,
    why: "A cookie that is cleared is gone from one browser. The session lives on, and every copy of the cookie opens it: destroy the session first, and clear the cookie when that has worked.",
    breach({ exchanges, keys }) {
      for (const { answer, cleared, sent } of clearings(exchanges)) {
        for (const name of cleared) {
          const id = sent.find((each) => each.name === name)?.id;
          const key = keys.find((each) => id && each.name.includes(id) && isLoggedIn(each));
          if (!key) continue;
          return {
            claim: `${answer.route} clears the cookie of a session that lives on.`,
            evidence: [answer, `${key.name} = ${key.value}`],
          };
        }
      }
      return undefined;
    },
  },
  {
    name: "the cookie that is cleared is the one that was sent",
    since: 4,
    why: "A browser finds a cookie by its name. Clearing another one does nothing: name it as `session()` does, in one place.",
    breach({ exchanges }) {
      for (const { answer, cleared, sent } of clearings(exchanges)) {
        const own = sent.flatMap(({ name, id }) => (id ? [name] : []));
        if (own.length === 0 || cleared.some((name) => own.includes(name))) continue;
        return {
          claim: `${answer.route} clears ${cleared[0]}, and the browser has ${own.join(", ")}.`,
          evidence: answer,
        };
      }
      return undefined;
    },
  },
  {
    name: "no key without an end",
    since: 2,
    why: "A key without a TTL outlives its visitor, and nothing will ever delete it: Redis fills up, one visitor at a time. Whatever belongs to a session ends when the session does.",
    breach(happened) {
      const endless = happened.keys.find(({ ttlSeconds }) => ttlSeconds === undefined);
      if (!endless) return undefined;
      const { name, value } = endless;
      const key = name.length > 20 ? `${name.slice(0, 18)}…` : name;
      const wrote = lastWrite(happened, name);
      return {
        claim: wrote
          ? `A key never expires: ${wrote.name.toUpperCase()} during ${wrote.during} gives ${key} no end.`
          : `A key never expires: ${key}.`,
        evidence: [wrote ? shownShort(wrote) : "", `${name} = ${excerpt(value)}, TTL −1`],
      };
    },
  },
  {
    name: "no session longer than a day",
    since: 2,
    why: "How long a session lives is decided by the server, in one place. Nothing that a client sends makes it longer.",
    breach(happened) {
      const long = happened.keys.find(
        ({ ttlSeconds = 0, value }) => ttlSeconds > daySeconds + 300 && value.includes('"cookie"'),
      );
      const wrote = long && lastWrite(happened, long.name);
      const dayMs = String(daySeconds * 1000);
      const isInMs =
        wrote?.args.includes(dayMs) && long?.value.includes(`"originalMaxAge":${dayMs}`);
      return (
        long && {
          claim: `A session lives ${describeDuration(Number(long.ttlSeconds) * 1000)}, not a day${isInMs ? ": EX counts seconds, and is given milliseconds" : ""}.`,
          evidence: [wrote ? shownShort(wrote) : "", `${long.name} = ${excerpt(long.value)}`],
        }
      );
    },
  },
  {
    name: "no copy of a person in Redis",
    since: 3,
    why: "A copy goes stale: change the role, and it still says what was true at login. And whoever reads Redis, or a backup of it, reads the copy. Store the id, look the rest up.",
    breach(happened) {
      const secrets = secretsIn(happened).filter(({ what }) => what !== "a session id");
      for (const { name, value } of writesOf(happened)) {
        const secret = secretShownIn(`${name}\n${value}`, secrets);
        if (secret) {
          return {
            claim: `${capitalized(secret.what)} is stored in Redis.`,
            evidence: `${name} = ${excerpt(value, secret.value)}`,
          };
        }
        const field = copiedFieldIn(value);
        if (!field) continue;
        return {
          claim: `Redis keeps a copy of the user's ${field}: ${name}.`,
          evidence: `${name} = ${excerpt(value)}`,
        };
      }
      return undefined;
    },
  },
  {
    name: "nothing in a session that the client chose",
    since: 3,
    why: "Whatever a body or an address carries beside the fields that you know was put there by somebody who is curious: a role, another id, a cookie that lives for ever. Take the fields that the schema names, one by one.",
    breach(happened) {
      const chosen = writesOf(happened).find(({ value }) => value.includes(chosenByTheClient));
      return (
        chosen && {
          claim: "What a client sent beside the login stands in the session.",
          evidence: `${chosen.name} = ${excerpt(chosen.value, chosenByTheClient)}`,
        }
      );
    },
  },
  {
    name: "nobody's keys but one's own",
    since: 2,
    why: "KEYS and SCAN read the names of everybody's keys, to find a few: the more visitors, the slower, for all of them. FLUSHDB takes everybody's away. Know the name of the key, or keep an index per user.",
    breach(happened) {
      const command = sentIn(happened).find(({ name }) => overEverybody.test(name));
      return (
        command && {
          claim: `During ${command.during}, the app goes through everybody's keys: ${command.name.toUpperCase()}.`,
          evidence: asTyped(command),
        }
      );
    },
  },
  {
    name: "Redis understands what it is told",
    since: 2,
    why: 'The client never heard of it: express-session saves after the answer. ioredis takes the words of a command in their order, `"EX", seconds, "XX"`. An object is how node-redis takes them, and connect-redis 9 and 10 with it: 8.1.0 is the last that speaks ioredis.',
    breach(happened) {
      const refused = sentIn(happened).find(({ refusal = "" }) =>
        /^(ERR (?!unknown command)|WRONGTYPE)/.test(refusal),
      );
      if (!refused) return undefined;
      const [, value = "", ...others] = refused.args;
      // `rewrite` is called with key, value and seconds, in this order.
      const isSwapped = /^\d+$/.test(value) && others.some((text) => text.startsWith("{"));
      return {
        claim: isSwapped
          ? `In ${refused.name.toUpperCase()}, the number of seconds stands where the session belongs, and the session where the seconds do.`
          : `Redis refused a command: ${refused.refusal}.`,
        evidence: shownShort(refused),
      };
    },
  },
  {
    name: "no WATCH on a connection that requests share",
    since: 2,
    why: "WATCH belongs to a connection, and so do MULTI and EXEC: on one that all requests share, the EXEC of one request ends what another one watches, and aborts it at its change. What has to be looked at and changed in one go is one command (`SET … XX`, `DEL`, which says how many), or a script.",
    breach(happened) {
      const watched = sentIn(happened).find(
        ({ name, shared }) => shared && name.toLowerCase() === "watch",
      );
      return (
        watched && {
          claim: "The app uses WATCH on the connection that all its requests share.",
          evidence: asTyped(watched),
        }
      );
    },
  },
  {
    name: "nothing is added with each request",
    since: 1,
    why: "What a request adds to something that outlives it has to go with it, or the process grows until it is killed. `session()`, a store and their listeners are made once, when the app is.",
    breach({ warnings }) {
      const leak = warnings.find(({ name }) => name === "MaxListenersExceededWarning");
      return (
        leak && {
          claim: "With each request, the app adds a listener that stays.",
          evidence: `Node warns: ${leak.message}`,
        }
      );
    },
  },
  {
    name: "a script is the same each time",
    since: 2,
    why: "Redis keeps every script that it was ever given, to run it again by its digest, and counts none of them for `maxmemory`. What changes belongs into KEYS and ARGV.",
    breach(happened) {
      const scripts = new Set(sentIn(happened).flatMap(({ script }) => script ?? []));
      const [script = ""] = [...scripts].slice(-1);
      return scripts.size <= mostScripts
        ? undefined
        : {
            claim: "A new script is made for each request: what changes stands in its text.",
            evidence: [`${scripts.size} scripts by now, the last one:`, excerpt(script)],
          };
    },
  },
  {
    name: "every connection has a listener",
    since: 2,
    why: 'A connection of its own reports its errors by itself. Without a listener for "error", ioredis writes "Unhandled error event" and a stack trace for every attempt to reconnect. Use the connection that `createApp` receives, or listen to each.',
    breach({ sites }) {
      const alone = sites
        .flatMap(({ duplicates }) => duplicates)
        .find((redis) => redis.status !== "end" && redis.listenerCount("error") === 0);
      return (
        alone && {
          claim: "Nobody listens for the errors of a second connection to Redis.",
          evidence: 'redis.duplicate().listenerCount("error") → 0',
        }
      );
    },
  },
  {
    name: "no session cookie that scripts can read",
    since: 1,
    why: "Every script in the page reads `document.cookie`: one that should not be there carries the session away. No page needs to know the id. express-session sends HttpOnly unless `httpOnly` is false.",
    breach({ exchanges }) {
      const readable = exchanges.find(({ answer }) =>
        newSessionsIn(answer.setCookies).some(({ httpOnly }) => !httpOnly),
      );
      return (
        readable && {
          claim: `${readable.answer.route} sends a session cookie without HttpOnly.`,
          evidence: readable.answer,
        }
      );
    },
  },
  {
    name: "a session cookie for this host alone",
    since: 1,
    why: "Without `Domain`, a cookie goes back to the host that has set it. With one, every subdomain gets it as well, and each of them can plant one of its own.",
    breach({ exchanges }) {
      for (const { answer } of exchanges) {
        const wide = newSessionsIn(answer.setCookies).find(({ domain }) => domain);
        if (!wide) continue;
        return {
          claim: `${answer.route} sends a session cookie for every subdomain: Domain=${wide.domain}.`,
          evidence: answer,
        };
      }
      return undefined;
    },
  },
  {
    name: "the same flags on every session cookie",
    since: 6,
    why: "Whoever gets the weaker cookie is the one who is attacked. The flags belong to the cookie, not to the person, the path or the moment.",
    breach({ exchanges }) {
      const sent = exchanges.flatMap((each) =>
        newSessionsIn(each.answer.setCookies).map((weak) => ({ ...each, weak })),
      );
      for (const { answer, site, sent: headers, weak } of sent) {
        const production = site.config.env === "production";
        // Over plain http, a browser keeps no __Host- cookie.
        const isPlain = production && headers["X-Forwarded-Proto"] !== "https";
        if (isPlain && weak.name.startsWith("__Host-")) continue;
        const lacks = !["lax", "strict"].includes(weak.sameSite ?? "")
          ? `with SameSite=${weak.sameSite ?? "(none)"}`
          : production && !weak.secure
            ? "without Secure"
            : production && !weak.name.startsWith("__Host-")
              ? "without a __Host- name"
              : undefined;
        if (!lacks) continue;
        return {
          claim: `In ${site.config.env}, ${answer.route} sends a session cookie ${lacks}.`,
          evidence: answer,
        };
      }
      return undefined;
    },
  },
  {
    name: "no session over plain http in production",
    since: 6,
    why: "What came over http has travelled in the clear, and so does the answer: whoever listens has password, profile and session. Refuse it in production before anything else looks at it: `requireHttps`, mounted above `session()`, for every path.",
    breach({ exchanges }) {
      const plain = exchanges.find(
        ({ site, sent, answer }) =>
          site.config.env === "production" &&
          sent["X-Forwarded-Proto"] !== "https" &&
          answer.succeeded &&
          !answer.request.path.startsWith("/health"),
      );
      return (
        plain && {
          claim: `In production, ${plain.answer.route} over plain http is answered ${plain.answer.status}.`,
          evidence: [
            plain.answer,
            `The proxy sends X-Forwarded-Proto: ${plain.sent["X-Forwarded-Proto"] || "(nothing)"}`,
            ...Object.entries(plain.sent)
              .filter(
                ([name]) =>
                  name !== "X-Forwarded-Proto" &&
                  /https|scheme|forwarded|ssl|user-agent/i.test(name),
              )
              .map(([name, value]) => `The client sends ${name}: ${value}`),
          ],
        }
      );
    },
  },
];

/** A rule that was broken, with what shows it. */
export interface BrokenRule extends Breach {
  rule: Rule;
}

/** The rules that were broken, in the order of their list. */
export function brokenRules(happened: Happened): BrokenRule[] {
  return rules
    .filter(({ since }) => since <= happened.step)
    .flatMap((rule) => {
      const breach = rule.breach(happened);
      return breach ? [{ rule, ...breach }] : [];
    });
}

/** What a client can read of an answer, beside the session cookie itself. */
function shownBy({
  text,
  headers,
  setCookies,
}: Answered["answer"]): [place: string, text: string][] {
  const { "set-cookie": _, ...others } = headers;
  return [
    ["the body", text],
    ...Object.entries(others).map(([name, value]): [string, string] => [name, String(value)]),
    ...setCookies
      .filter(({ value }) => sessionIdIn(value) === undefined)
      .map(({ name, value }): [string, string] => [`the cookie ${name}`, value]),
  ];
}

/** The last command that may have changed a key. */
function lastWrite(happened: Happened, name: string): SentCommand | undefined {
  return sentIn(happened).findLast(
    (command) => !isOf(command, "read") && command.args.some((arg) => arg.endsWith(name)),
  );
}

function shownShort(command: SentCommand): string {
  return asTyped({ ...command, args: command.args.map((arg) => excerpt(arg)) });
}

/** What the apps asked Redis for. */
function sentIn({ sites }: Happened): SentCommand[] {
  return sites.flatMap(({ commands }) => commands.sent);
}

/** What was written to Redis, whatever became of it. */
function writesOf(happened: Happened): { name: string; value: string }[] {
  return sentIn(happened)
    .filter((command) => isOf(command, "store", "other"))
    .map(({ name: command, args }) => {
      // A script comes with the number of its keys, its keys and its values.
      const [from, keys] = /^eval/i.test(command) ? [2, Number(args[1])] : [0, 1];
      return { name: args[from] ?? "", value: args.slice(from + keys).join(" ") };
    });
}

function newSessionsIn(setCookies: readonly SetCookie[]): SetCookie[] {
  return setCookies.filter(
    ({ value, livesMs = 1 }) => sessionIdIn(value) !== undefined && livesMs > 0,
  );
}

/** Answers that clear cookies, by name, with those that the request brought and that were handed out before. */
function clearings(exchanges: readonly Answered[]) {
  const handedOut = new Set(exchanges.flatMap(({ answer }) => answer.setCookies.map(pairOf)));
  return exchanges.flatMap(({ answer }) => {
    const cleared = answer.setCookies.filter(({ livesMs = 1 }) => livesMs <= 0);
    if (cleared.length === 0) return [];
    // A forged cookie names a session that it does not open.
    const pairs = answer.request.cookie.split("; ").filter((pair) => handedOut.has(pair));
    const sent = pairs.map((pair) => {
      const [name, value] = splitAtFirst(pair, "=");
      return { name, id: sessionIdIn(value) };
    });
    return [{ answer, cleared: cleared.map(({ name }) => name), sent }];
  });
}

function pairOf({ name, value }: SetCookie): string {
  return `${name}=${value}`;
}

function isLoggedIn({ value }: StoredKey): boolean {
  return Object.values(seededUsers).some(({ id }) => value.includes(id));
}

function copiedFieldIn(value: string): string | undefined {
  for (const { email, displayName, role } of Object.values(seededUsers)) {
    if (value.includes(email)) return "email";
    if (value.includes(JSON.stringify(displayName))) return "displayName";
    if (value.includes(`"role":"${role}"`)) return "role";
  }
  return undefined;
}

function isJsonOfJson(value: string): boolean {
  if (!value.startsWith('"')) return false;
  try {
    return isJson(JSON.parse(value));
  } catch {
    return false;
  }
}

function capitalized(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

function unescaped(text: string): string {
  return text.replaceAll("\\n", "\n");
}

/** The part of a text around a word: what is printed can be long. */
function excerpt(text: string, around = ""): string {
  const at = Math.max(0, text.indexOf(around) - 60);
  const part = text.slice(at, at + 200).trim();
  return `${at > 0 ? "… " : ""}${part}${at + 200 < text.length ? " …" : ""}`;
}
