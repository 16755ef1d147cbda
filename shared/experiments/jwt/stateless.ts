// JWT as it is advertised: the token is the login, and the server remembers nothing.
import { randomUUID } from "node:crypto";
import type { Express } from "express";
import type { Services } from "../../app/services.ts";
import type { Logins } from "./logins.ts";
import { createTokenApp } from "./token-app.ts";

export { connectRedis } from "../../../solutions/07-revocation/app.ts";
export { loginIdIn } from "./token-app.ts";

// Nothing can end a token before its time, so its time is short.
const lifeSeconds = 15 * 60;

const remembersNothing: Logins = {
  begin: async (userId) => ({ id: randomUUID(), userId }),
  renew: async () => undefined,
  hasEnded: async () => false,
  end: async () => {},
  endAllOf: async () => {},
};

export function createApp({ db, config }: Services): Express {
  return createTokenApp({ db, config, logins: remembersNothing, lifeSeconds });
}
