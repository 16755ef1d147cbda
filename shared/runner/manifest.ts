export type Verdict = "met" | "unmet" | "not judged";

export interface GoalEntry {
  /** The name of the test that judges it. */
  name: string;
  /** The TODO that meets it: 2 stands for `TODO 3.2` in step 3. */
  todo: number;
  /** What the starter gets before anybody touched it. */
  starter: Verdict;
  hardening?: true;
  /** Displayed, and never counted. */
  shown?: true;
  /** Worth doing, and not counted: who leaves it out is told why, and passes. */
  advised?: true;
}

export interface StepEntry {
  number: number;
  slug: string;
  title: string;
  /** What the learner sees in the browser or with curl once the step is passed. */
  tryIt: readonly string[];
  goals: readonly GoalEntry[];
  /** Beyond the core: it is offered, and nobody has to. */
  bonus?: true;
}

/** The workshop: order, titles and goals. Nothing else keeps a list of steps. */
export const steps: readonly StepEntry[] = [
  {
    number: 1,
    slug: "01-memory-store",
    title: "Remember a visitor",
    tryIt: ["curl -c jar -b jar {url}/visits", "curl -c jar -b jar {url}/visits"],
    goals: [
      { name: "a second visit counts 2", todo: 2, starter: "unmet" },
      { name: "two browsers count apart", todo: 2, starter: "not judged" },
      { name: "a health check gets no cookie", todo: 1, starter: "not judged" },
      {
        name: "a visitor with nothing to remember gets no cookie",
        todo: 1,
        starter: "not judged",
      },
      { name: "a forged or unsigned cookie starts over", todo: 1, starter: "not judged" },
      { name: "a restart forgets everybody", todo: 1, starter: "not judged", shown: true },
    ],
  },
  {
    number: 2,
    slug: "02-redis-store",
    title: "Survive a deploy",
    tryIt: [
      "curl -c jar -b jar {url}/visits",
      "# save app.ts: the app restarts",
      "curl -c jar -b jar {url}/visits",
    ],
    goals: [
      { name: "a visitor is remembered after a restart", todo: 2, starter: "unmet" },
      { name: "two instances share their visitors", todo: 2, starter: "not judged" },
      {
        name: "the session lives in Redis for a day, like its cookie",
        todo: 3,
        starter: "not judged",
      },
      {
        name: "a request that only reads does not rewrite the session",
        todo: 2,
        starter: "not judged",
      },
      { name: "an anonymous request leaves no key", todo: 2, starter: "not judged" },
      { name: "a health check asks Redis nothing", todo: 2, starter: "not judged" },
      {
        name: "the first request after a start waits for the connection",
        todo: 1,
        starter: "not judged",
      },
      { name: "a lost connection is logged in a line of your own", todo: 1, starter: "unmet" },
      {
        name: "without Redis, a visitor gets an error within 3 s, and is back when Redis is",
        todo: 1,
        starter: "not judged",
      },
      {
        name: "the cookie is prolonged with its session",
        todo: 3,
        starter: "not judged",
        advised: true,
      },
    ],
  },
  {
    number: 3,
    slug: "03-login",
    title: "Log in",
    tryIt: [
      `curl -i -c jar -b jar {url}/auth/login -H "Content-Type: application/json" -d "{\\"email\\":\\"ada@example.com\\",\\"password\\":\\"analytical engine\\"}"`,
      `curl -i {url}/auth/login -H "Content-Type: application/json" -d "{\\"email\\":\\"ada@example.com\\",\\"password\\":\\"wrong\\"}"`,
    ],
    goals: [
      { name: "the right password logs in", todo: 2, starter: "unmet" },
      { name: "a wrong password answers 401", todo: 2, starter: "not judged" },
      { name: "a body that is no login answers 400", todo: 1, starter: "not judged" },
      { name: "an email may be typed with capitals and blanks", todo: 1, starter: "not judged" },
      {
        name: "an unknown email and a wrong password answer alike",
        todo: 2,
        starter: "not judged",
      },
      { name: "no password hash leaves the server", todo: 4, starter: "not judged" },
      { name: "of the user, the session holds the id alone", todo: 4, starter: "not judged" },
      {
        name: "the session id from before login is nobody afterwards",
        todo: 3,
        starter: "not judged",
      },
      { name: "a failed login stores nothing", todo: 2, starter: "not judged" },
      {
        name: "an unknown email takes as long as a known one",
        todo: 2,
        starter: "not judged",
        hardening: true,
      },
      {
        name: "nobody logs in on the first 72 bytes of a password",
        todo: 1,
        starter: "not judged",
        hardening: true,
      },
      {
        name: "the answer waits until the session is stored",
        todo: 4,
        starter: "not judged",
        hardening: true,
      },
      {
        name: "a login that cannot be stored is an error",
        todo: 4,
        starter: "not judged",
        hardening: true,
      },
      {
        name: "a login keeps nobody else waiting",
        todo: 2,
        starter: "not judged",
        hardening: true,
      },
    ],
  },
  {
    number: 4,
    slug: "04-require-auth",
    title: "Ask who is asking",
    tryIt: [
      "curl -i {url}/me",
      `curl -c jar -b jar {url}/auth/login -H "Content-Type: application/json" -d "{\\"email\\":\\"ada@example.com\\",\\"password\\":\\"analytical engine\\"}"`,
      "curl -i -b jar {url}/me",
    ],
    goals: [
      { name: "after login, /me answers with the profile", todo: 1, starter: "unmet" },
      {
        name: "two people at the same time get each their own profile",
        todo: 1,
        starter: "not judged",
      },
      { name: "without a session, /me answers 401", todo: 1, starter: "not judged" },
      {
        name: "a store that cannot be read is an error, not a stranger",
        todo: 1,
        starter: "not judged",
      },
      { name: "a forged cookie answers 401", todo: 1, starter: "not judged" },
      { name: "an unknown or expired session answers 401", todo: 1, starter: "not judged" },
      {
        name: "a deleted user is out at once, and the session is gone",
        todo: 1,
        starter: "not judged",
      },
      { name: "a changed name shows on the next request", todo: 1, starter: "not judged" },
      { name: "PATCH /me changes the display name and nothing else", todo: 3, starter: "unmet" },
      { name: "a display name has 1 to 80 characters", todo: 3, starter: "not judged" },
      {
        name: "a refused request is answered once, and its handler never runs",
        todo: 1,
        starter: "not judged",
      },
      { name: "no password hash leaves the server", todo: 2, starter: "not judged" },
    ],
  },
  {
    number: 5,
    slug: "05-logout",
    title: "Log out",
    tryIt: [
      `curl -c jar -b jar {url}/auth/login -H "Content-Type: application/json" -d "{\\"email\\":\\"ada@example.com\\",\\"password\\":\\"analytical engine\\"}"`,
      "curl -i -b jar -X POST {url}/auth/logout",
      "curl -i -b jar {url}/me",
    ],
    goals: [
      { name: "logging out answers 204", todo: 1, starter: "unmet" },
      { name: "the cookie from before logout is refused", todo: 1, starter: "not judged" },
      { name: "the answer waits until the session is deleted", todo: 1, starter: "not judged" },
      { name: "the browser drops its cookie", todo: 2, starter: "not judged" },
      { name: "other devices stay logged in", todo: 1, starter: "not judged" },
      { name: "GET does not log out", todo: 1, starter: "not judged" },
      { name: "a store that fails answers 500", todo: 1, starter: "not judged" },
      { name: "logging out without a session is harmless", todo: 1, starter: "not judged" },
      { name: "a page of another site cannot log anybody out", todo: 3, starter: "not judged" },
      {
        name: "a request under way does not bring the session back",
        todo: 4,
        starter: "not judged",
        hardening: true,
      },
    ],
  },
  {
    number: 6,
    slug: "06-cookie-flags",
    title: "Guard the cookie",
    tryIt: [
      `curl -i {url}/auth/login -H "Content-Type: application/json" -d "{\\"email\\":\\"ada@example.com\\",\\"password\\":\\"analytical engine\\"}"`,
    ],
    goals: [
      { name: "page scripts cannot read the cookie", todo: 3, starter: "met" },
      { name: "in production the cookie travels over https alone", todo: 3, starter: "unmet" },
      { name: "another site's requests do not carry the cookie", todo: 3, starter: "unmet" },
      { name: "in production the cookie is bound to its host: __Host-", todo: 3, starter: "unmet" },
      {
        name: "in development the cookie sticks on http, under a name of your own",
        todo: 3,
        starter: "unmet",
      },
      { name: "logging out still ends the cookie", todo: 3, starter: "met" },
      { name: "the session still lasts a day", todo: 3, starter: "met" },
      { name: "behind a TLS proxy, logging in sets the cookie", todo: 2, starter: "met" },
      { name: "createApp insists on SESSION_SECRET", todo: 1, starter: "unmet" },
      {
        name: "a client cannot claim another address or https",
        todo: 2,
        starter: "not judged",
        hardening: true,
      },
      {
        name: "after a rotation, cookies signed with the previous secret still work",
        todo: 4,
        starter: "unmet",
        hardening: true,
      },
    ],
  },
  {
    number: 7,
    slug: "07-revocation",
    title: "Log out everywhere",
    bonus: true,
    tryIt: [
      `curl -c jar {url}/auth/login -H "Content-Type: application/json" -d "{\\"email\\":\\"ada@example.com\\",\\"password\\":\\"analytical engine\\"}"`,
      `curl -c phone {url}/auth/login -H "Content-Type: application/json" -d "{\\"email\\":\\"ada@example.com\\",\\"password\\":\\"analytical engine\\"}"`,
      "curl -i -b jar -X POST {url}/auth/logout-all",
      "curl -i -b phone {url}/me",
    ],
    goals: [
      { name: "logging out everywhere ends every session of this user", todo: 2, starter: "unmet" },
      { name: "other people's sessions live on", todo: 2, starter: "not judged" },
      {
        name: "an ended session is gone from Redis, and from the index",
        todo: 1,
        starter: "not judged",
      },
      {
        name: "a session that was in use for days can still be ended",
        todo: 1,
        starter: "not judged",
      },
      {
        name: "the index of somebody who never logs out does not grow",
        todo: 1,
        starter: "not judged",
      },
      {
        name: "the cost does not grow with other people's sessions",
        todo: 2,
        starter: "not judged",
      },
      {
        name: "a store that fails halfway is an error, and nothing escapes the next attempt",
        todo: 2,
        starter: "not judged",
      },
      {
        name: "a new password ends every other session, and this one goes on under a new id",
        todo: 3,
        starter: "unmet",
      },
      { name: "changing the password takes the current one", todo: 3, starter: "not judged" },
      {
        name: "a new password has 8 characters at least, and 72 bytes at most",
        todo: 3,
        starter: "not judged",
      },
      {
        name: "a banned user is out at the next request, and stays out",
        todo: 4,
        starter: "unmet",
      },
      { name: "only administrators ban, and lift a ban", todo: 4, starter: "not judged" },
      { name: "the last administrator cannot be locked out", todo: 4, starter: "not judged" },
      {
        name: "a banned user cannot log in, and learns why with the right password alone",
        todo: 5,
        starter: "not judged",
      },
      {
        name: "a login meanwhile is ended, or stays within reach",
        todo: 2,
        starter: "not judged",
        hardening: true,
      },
      {
        name: "a request under way does not bring an ended session back",
        todo: 1,
        starter: "not judged",
        hardening: true,
      },
      {
        name: "a login under way survives neither a new password nor a ban",
        todo: 5,
        starter: "not judged",
        hardening: true,
      },
    ],
  },
];

/** The step that an argument means: `3`, `03`, `login` or `03-login`; undefined when none. */
export function findStep(argument: string): StepEntry | undefined {
  const wanted = argument.trim().toLowerCase();
  return steps.find(
    ({ number, slug }) =>
      (/^0?\d$/.test(wanted) && Number(wanted) === number) ||
      wanted === slug ||
      wanted === slug.slice(3),
  );
}

/** The step whose goals a test file judges. */
export function stepOfTest(file: string): StepEntry | undefined {
  return steps.find(({ slug }) => file.includes(`/steps/${slug}/`));
}
