// A short access token, and a refresh token that Redis knows: who logs out gets no further one.
import type { Express } from "express";
import type { Services } from "../../app/services.ts";
import { RefreshTokens } from "./refresh-tokens.ts";
import { createTokenApp } from "./token-app.ts";

export { connectRedis } from "../../../solutions/07-revocation/app.ts";
export { loginIdIn } from "./token-app.ts";

const lifeSeconds = 5 * 60;

export function createApp({ redis, db, config }: Services): Express {
  return createTokenApp({ db, config, logins: new RefreshTokens(redis), lifeSeconds });
}
