import { seededUsers } from "../app/database.ts";
import type { KeySpace } from "../redis/key-space.ts";
import type { Site } from "./site.ts";
import type { Answer } from "./answer.ts";
import { sessionIdIn } from "./cookies.ts";
import { containsHash } from "./hashes.ts";
import { printedDuring } from "./output.ts";
import { openedBesideTheCookie } from "./planted.ts";
import { must, notJudged } from "./verdict.ts";

const { ada, alan, grace } = seededUsers;
const day = 24 * 60 * 60;
const why =
  "Each step builds on the ones before. Compare with the starter: npm run diff, or its lesson.";

/** What steps 2 and 3 established, and, from step 5 on, what step 4 did. In step 6, step 5 as well. */
export async function earlierStepsStillHold(
  step: 4 | 5 | 6,
  site: Site,
  redis: KeySpace,
): Promise<void> {
  const victim = site.browser();
  const visit = await victim.get("/visits");
  const planted = await victim.sessionCookie();
  if (!visit.succeeded || !planted) notJudged("visits are not counted any more");
  await site.restart();
  const again = await victim.get("/visits");
  must(
    again.data.visits === 2,
    "Step 2 no longer holds: a restart forgets visitors.",
    [visit, again],
    why,
  );
  mustNotBeStored(again, 1);
  const [key = notJudged("no session is in Redis")] = await redis.keys();
  const ttl = (await redis.ttlSeconds(key)) ?? Infinity;
  must(
    Math.abs(ttl - day) < 300,
    "Step 2 no longer holds: a session does not last a day.",
    `TTL ${ttl} s`,
    why,
  );

  let login: Answer | undefined;
  const printed = await printedDuring(async () => {
    login = await victim.logIn(ada);
    await victim.get("/me");
  });
  must(
    !printed.some((line) => line.includes(ada.password)),
    "Step 3 no longer holds: the log shows the password.",
    "a line of the log that holds it",
    why,
  );
  must(
    !containsHash(login?.text ?? ""),
    "Step 3 no longer holds: the answer to a login contains a password hash.",
    login ?? "",
    why,
  );
  const secrets = (login?.setCookies ?? []).filter(({ value }) => sessionIdIn(value));
  must(
    !secrets.some(({ value }) =>
      printed.some((line) => line.includes(value) || line.includes(decodeURIComponent(value))),
    ),
    "The log shows session cookies: whoever reads it can be anybody.",
    "POST /auth/login and GET /me were logged, with the value of the cookie",
    "Logs are copied, searched and kept, and read by many. A cookie is as good as a password: method, path and status are enough.",
  );
  must(
    (await victim.sessionCookie()) !== planted,
    "Step 3 no longer holds: a login keeps the session id from before.",
    [],
    why,
  );
  const wrong = await site
    .browser()
    .post("/auth/login", { email: ada.email, password: "not her password" });
  wrong.mustBe(401, "Step 3 no longer holds: a wrong password is not refused.", why);
  if (step === 4) return;

  const me = await victim.get("/me");
  me.orNotJudged(200, "/me does not answer those who are logged in");
  mustNotBeStored(me, 4);
  must(
    !containsHash(me.text),
    "Step 4 no longer holds: the answer to GET /me contains a password hash.",
    me,
    why,
  );
  const old = await site.browser().get("/me", { headers: { Cookie: planted } });
  old.mustBe(401, "Step 3 no longer holds: the session id from before login is logged in.", why);
  (await site.browser().get("/me")).mustBe(
    401,
    "Step 4 no longer holds: /me answers anybody.",
    why,
  );
  (await site.browser().patch("/me", {})).mustBe(
    401,
    "Step 4 no longer holds: PATCH /me does not ask who is asking.",
    why,
  );
  const opening = await openedBesideTheCookie(
    site,
    {
      "Ada's id": ada.id,
      "the id of Ada's session": (await victim.sessionId()) ?? "",
      "the value of Ada's cookie": decodeURIComponent(
        (await victim.sessionCookie())?.split("=")[1] ?? "",
      ),
    },
    (answer) => answer.succeeded,
  );
  must(
    !opening,
    `Step 4 no longer holds: without a session cookie, ${opening?.what} in ${opening?.where} opens /me.`,
    opening?.evidence,
    why,
  );
  const other = site.browser();
  await other.logIn(grace);
  (await other.get("/me")).orNotJudged(200, "/me does not answer those who are logged in");
  await site.db.users.remove(grace.id);
  (await other.get("/me")).mustBe(401, "Step 4 no longer holds: a deleted user is let in.", why);

  const third = site.browser();
  await third.logIn(alan);
  (await third.get("/me")).orNotJudged(200, "/me does not answer those who are logged in");
  const id = (await third.sessionId()) ?? "";
  await redis.remove(...(await redis.keys()).filter((each) => each.includes(id)));
  (await third.get("/me")).mustBe(
    401,
    "Step 4 no longer holds: a session that is gone from Redis is let in.",
    why,
  );
  if (step === 5) return;

  const link = await victim.get("/auth/logout");
  (await victim.get("/me")).mustBe(
    200,
    `Step 5 no longer holds: GET /auth/logout, answered with ${link.status}, logs out.`,
    why,
  );
  site.commands.fail("delete");
  const failed = await victim.post("/auth/logout");
  site.commands.releaseAll();
  must(
    failed.status >= 500,
    `Step 5 no longer holds: logging out answers ${failed.status} although Redis refused to delete the session.`,
    failed,
    why,
  );
  await victim.logIn(ada);
  const cookie = await victim.cookieHeader();
  (await victim.post("/auth/logout")).orNotJudged([200, 204], "logging out does not work any more");
  const replay = await site.browser().get("/me", { headers: { Cookie: cookie } });
  replay.mustBe(
    401,
    "Step 5 no longer holds: after logout, a copy of the cookie still works.",
    why,
  );
}

function mustNotBeStored(answer: Answer, since: number): void {
  const caching = String(answer.headers["cache-control"] ?? "");
  must(
    /\bno-store\b/i.test(caching),
    `Step ${since} no longer holds: caches may keep the answer to ${answer.route}.`,
    [answer, `Cache-Control: ${caching || "(none)"}`],
    why,
  );
}
