// Refresh tokens, and a list in Redis of the logins whose access token must not open anything any more.
import type { Express } from "express";
import type { ChainableCommander, Redis } from "ioredis";
import type { Services } from "../../app/services.ts";
import { RefreshTokens } from "./refresh-tokens.ts";
import { createTokenApp } from "./token-app.ts";

export { connectRedis } from "../../../solutions/07-revocation/app.ts";
export { loginIdIn } from "./token-app.ts";

const lifeSeconds = 5 * 60;
// The clocks of two servers differ, and a token may be signed a moment after its login was ended.
const graceSeconds = 60;

class DenyList extends RefreshTokens {
  readonly #redis: Redis;

  constructor(redis: Redis) {
    super(redis);
    this.#redis = redis;
  }

  override async hasEnded(id: string): Promise<boolean> {
    return (await this.#redis.exists(denied(id))) > 0;
  }

  // An entry is of use until the last token of its login is over.
  protected override remove(transaction: ChainableCommander, id: string): void {
    transaction.set(denied(id), "1", "EX", lifeSeconds + graceSeconds);
    super.remove(transaction, id);
  }
}

const denied = (id: string) => `denied:${id}`;

export function createApp({ redis, db, config }: Services): Express {
  return createTokenApp({ db, config, logins: new DenyList(redis), lifeSeconds });
}
