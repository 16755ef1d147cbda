// A session that has ended comes back: whoever holds a copy of the cookie keeps asking while it ends.
import { inject } from "vitest";
import { Relay } from "../../shared/testing/relay.ts";
import { attack, tries, type Production } from "./production.ts";

const endings: Record<string, (at: Production[], cookie: string) => Promise<void>> = {
  "a logout": async ([first], cookie) => {
    await first?.send("POST", "/auth/logout", { cookie });
  },
  "a new login": async ([first], cookie) => {
    const fresh = await first?.logIn(cookie);
    if ((await first?.get("/me", fresh))?.status !== 200) throw new Error("The new login is lost.");
  },
  "the user's end": async (servers, cookie) => {
    for (const server of servers) await server.send("POST", "/arranged/leave");
    for (const server of servers) await server.get("/me", cookie);
    for (const server of servers) await server.send("POST", "/arranged/enter");
  },
};

attack(
  "no ended session survives, however far away Redis is",
  async ({ start, redisUrl, expect }) => {
    const relay = await Relay.to(inject("redisUrl"));
    const through = relay.through(redisUrl);
    const servers = await Promise.all([start(through), start(through)]);
    for (const latencyMs of [0, 1, 5]) {
      relay.latencyMs = latencyMs;
      for (const [ending, end] of Object.entries(endings)) {
        let survivors = 0;
        for (let round = 0; round < tries; round++) {
          const cookie = await servers[0].logIn();
          await whileAsking([...servers, ...servers], cookie, () => end(servers, cookie));
          const answers = await Promise.all(servers.map((server) => server.get("/me", cookie)));
          if (answers.some(({ status }) => status !== 401)) survivors += 1;
        }
        expect(survivors, `${ending}, ${tries} times, Redis ${latencyMs} ms away`).toBe(0);
      }
    }
    await relay.close();
  },
);

/** Keeps one request in flight at each server, from before `end` begins until it is done. */
async function whileAsking(
  servers: readonly Production[],
  cookie: string,
  end: () => Promise<void>,
): Promise<void> {
  const stop = new AbortController();
  let begun = 0;
  let reach = () => {};
  const wellUnderWay = new Promise<void>((resolve) => (reach = resolve));
  const asking = servers.map(async (server) => {
    while (!stop.signal.aborted) {
      begun += 1;
      if (begun > servers.length) reach();
      await server.get("/visits", cookie);
    }
  });
  await wellUnderWay;
  await end();
  stop.abort();
  await Promise.all(asking);
}
