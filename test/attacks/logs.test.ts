// What the log tells whoever reads it: a password of Redis, a session id, who is logged in.
import { vi } from "vitest";
import type { RelayedCommand } from "./command-relay.ts";
import { ada } from "./people.ts";
import { attack } from "./production.ts";

const refusals = {
  OOM: "OOM command not allowed when used memory > 'maxmemory'.",
  READONLY: "READONLY You can't write against a read only replica.",
  WRONGTYPE: "WRONGTYPE Operation against a key holding the wrong kind of value",
  ERR: "ERR unknown command 'SET', with args beginning with: 'sess:0123456789abcdef' 'ada'",
  timeout: undefined,
};

attack.for(Object.entries(refusals))(
  "a Redis in trouble (%s) gives nothing away",
  async ([, words], { server, relay, keys, expect }) => {
    const cookie = await server.logIn();
    const [key = ""] = await keys.keys();

    const writes = ({ name }: RelayedCommand) => ["SET", "DEL", "EXPIRE"].includes(name);
    relay.fate = (command) => (writes(command) ? (words ? { refuse: words } : "hold") : "pass");
    for (const [method, path, body] of [
      ["GET", "/visits", undefined],
      ["POST", "/auth/login", { email: ada.email, password: ada.password }],
      ["POST", "/auth/logout", undefined],
      ["POST", "/auth/login", `{"email":"${ada.email}","password":"${ada.password}`],
    ] as const) {
      await server.send(method, path, { cookie, body });
    }
    expect(server.log).not.toBe("");
    expectNoSecrets(server.log, [key.slice("sess:".length), cookie, ada.password, '"userId"']);
  },
);

attack("a wrong password of Redis gives nothing away", async ({ start, relay, redisUrl }) => {
  relay.fate = ({ name }) =>
    name === "AUTH" || name === "HELLO"
      ? { refuse: "WRONGPASS invalid username-password pair or user is disabled." }
      : { refuse: "NOAUTH Authentication required." };
  const address = new URL(relay.through(redisUrl));
  address.username = "default";
  address.password = "the-password-of-redis";
  const server = await start(address.href);
  for (const path of ["/visits", "/me"]) await server.get(path).catch(() => {});
  await vi.waitUntil(() => /WRONGPASS|NOAUTH/.test(server.log), { timeout: 30_000 });
  expectNoSecrets(server.log, ["the-password-of-redis"]);
});

function expectNoSecrets(log: string, secrets: readonly string[]): void {
  for (const secret of secrets) {
    if (log.includes(secret)) throw new Error(`The log holds ${JSON.stringify(secret)}:\n${log}`);
  }
}
