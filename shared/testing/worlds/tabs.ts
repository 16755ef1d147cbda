import { seededUsers } from "../../app/database.ts";
import type { Answer } from "../answer.ts";
import type { Browser } from "../browser.ts";
import { atEveryMoment } from "../moments.ts";
import type { Site } from "../site.ts";
import { must } from "../verdict.ts";
import type { World, WorldGoal } from "./world.ts";

const { ada } = seededUsers;
const credentials = { email: ada.email, password: ada.password };

/** Worlds in which one browser asks for several things at once, with one cookie. */
export const tabs: readonly World[] = [{ name: "In two tabs of one browser", visit: twoTabs }];

/** Which of two requests at once is counted last is left open; that somebody is known is not. */
async function twoTabs({ open, step }: WorldGoal): Promise<void> {
  const site = await open();
  const browser = site.browser();
  if (step >= 3) await browser.logIn(ada);
  await browser.get("/visits");
  const before = await browser.get("/visits");
  const tabs = await Promise.all([browser.get("/visits"), browser.get("/visits")]);
  const after = await browser.get("/visits");
  const isRenewed =
    tabs[0].sessionCookie && tabs[0].sessionCookie.value !== tabs[1].sessionCookie?.value;
  must(
    Number(after.data.visits) > Number(before.data.visits) + 1,
    `after two visits at once, the next one counts ${String(after.data.visits)}${isRenewed ? ": each visit begins another session" : ""}.`,
    [before, ...tabs, after],
    "A page asks for several things at once, and each request brings the same cookie. A session keeps its id until a login or a logout: a new one with each visit loses whoever comes twice.",
  );
  await mustBearDelay(browser);
  if (step < 4) return;
  await mustBearALogin(site);
  if (step >= 5) {
    await mustStayEnded(site);
    await mustEndOnce(site);
    await visitsMustStayEnded(site);
  }
  await mustOnlyRead(site, browser);
  const profiles = await Promise.all([browser.get("/me"), browser.get("/me")]);
  must(
    profiles.every(({ data }) => data.id === ada.id),
    "somebody who is logged in is not known to both.",
    profiles,
    "A page asks for several things at once, and each request brings the same cookie.",
  );
}

/** A look at the profile takes back nothing that another tab has counted meanwhile. */
async function mustOnlyRead(site: Site, browser: Browser): Promise<void> {
  await atEveryMoment(site, async () => {
    const before = await browser.get("/visits");
    return {
      first: () => browser.begin("GET", "/me"),
      second: () => browser.begin("GET", "/visits"),
      async afterwards(me, visit) {
        const after = await browser.get("/visits");
        must(
          after.data.visits === Number(before.data.visits) + 2,
          "GET /me takes back a visit that was counted meanwhile.",
          [before, "GET /me reads the session", visit, me, after],
          "What reads does not write: the whole session is stored, with all that was in it when it was read. A time of the last look belongs under a key of its own, or into the database.",
        );
      },
    };
  });
}

/** Somebody clicks twice: what one of the two has ended, the other one finds ended. */
async function mustEndOnce(site: Site): Promise<void> {
  await atEveryMoment(site, async () => {
    const browser = site.browser();
    await browser.logIn(ada);
    const headers = { Cookie: await browser.cookieHeader() };
    const logOut = () => browser.begin("POST", "/auth/logout", undefined, { headers });
    return {
      first: logOut,
      second: logOut,
      async afterwards(...answers) {
        must(
          answers.every(({ status }) => status < 500),
          "of two logouts of one session at once, one fails.",
          answers,
          "A session that is gone is what both of them asked for. `DEL` says how many keys there were, and none is no error.",
        );
      },
    };
  });
}

/** One tab logs in once more while another one asks for the profile: the session of before ends. */
async function mustBearALogin(site: Site): Promise<void> {
  await atEveryMoment(site, async () => {
    const browser = site.browser();
    await browser.logIn(ada);
    const headers = { Cookie: await browser.cookieHeader() };
    return {
      first: () => browser.begin("GET", "/me", undefined, { headers }),
      second: () => browser.begin("POST", "/auth/login", credentials, { headers }),
      async afterwards(me, login) {
        mustNotCrash(me, login);
      },
    };
  });
}

function mustNotCrash(me: Answer, end: Answer): void {
  must(
    me.status < 500,
    `GET /me crashes when its session ends meanwhile, by ${end.route}.`,
    ["GET /me reads the session", end, me],
    "A session may be gone at any moment, also between two looks at it: whoever looks again answers as if there had been none, with 401.",
  );
}

/** What somebody has counted who is not logged in ends as well: with a logout, or at the login. */
async function visitsMustStayEnded(site: Site): Promise<void> {
  for (const path of ["/auth/logout", "/auth/login"]) {
    await atEveryMoment(site, async () => {
      const browser = site.browser();
      await browser.get("/visits");
      await browser.get("/visits");
      const headers = { Cookie: await browser.cookieHeader() };
      const body = path === "/auth/login" ? credentials : undefined;
      return {
        first: () => browser.begin("GET", "/visits", undefined, { headers }),
        second: () => browser.begin("POST", path, body, { headers }),
        async afterwards(visit, end) {
          const replay = await site.browser().get("/visits", { headers });
          must(
            !end.succeeded || !(Number(replay.data.visits) > 1),
            `GET /visits brings back the session of a visitor that POST ${path} has ended meanwhile.`,
            [
              "GET /visits reads the session",
              end,
              visit,
              "then, with the cookie from before:",
              replay,
            ],
            "Whoever it belongs to: what changes a session is written only where its key is still there.",
          );
        },
      };
    });
  }
}

/** One tab logs out while another one asks for the profile. */
async function mustStayEnded(site: Site): Promise<void> {
  await atEveryMoment(site, async () => {
    const browser = site.browser();
    await browser.logIn(ada);
    const headers = { Cookie: await browser.cookieHeader() };
    return {
      first: () => browser.begin("GET", "/me"),
      second: () => browser.begin("POST", "/auth/logout"),
      async afterwards(me, logout) {
        mustNotCrash(me, logout);
        const replay = await site.browser().get("/me", { headers });
        must(
          !logout.succeeded || replay.status === 401,
          "GET /me brings back a session that was logged out meanwhile.",
          ["GET /me reads the session", logout, me, "then, with the cookie from before:", replay],
          "What prolongs a session must not store it: `EXPIRE` does nothing to a key that is gone.",
        );
      },
    };
  });
}

/** Of two requests that leave together, one may arrive when the other has been answered. */
async function mustBearDelay(browser: Browser): Promise<void> {
  for (let time = 0; time < 40; time++) {
    const headers = { Cookie: await browser.cookieHeader() };
    const answers = [await browser.get("/visits"), await browser.get("/visits", { headers })];
    must(
      Number(answers[1]?.data.visits) > 1,
      "of two requests that leave with the same cookie, the later one begins another session.",
      answers,
      "A page asks for several things at once. Whoever gives a session another id in between lets the one before work a little longer, or leaves the id as it is: it is for a login to change it.",
    );
  }
}
