import { createHash, createSecretKey, type KeyObject } from "node:crypto";
import { errors, jwtVerify, SignJWT, type JWTPayload } from "jose";

const algorithm = "HS256";
const issuer = "session-auth-workshop";

/**
 * Signs tokens, and reads the ones that it signed. Each names its key (`kid`), so that keys can change:
 * the first secret signs, the others still open what they signed before a rotation.
 */
export class TokenKeys {
  readonly #keys: ReadonlyMap<string, KeyObject>;

  /** @param secrets The one that signs, then those of the time before; 32 characters or more each. */
  constructor(secrets: readonly [string, ...string[]]) {
    this.#keys = new Map(
      secrets.map((secret) => [nameOf(secret), createSecretKey(Buffer.from(secret))]),
    );
  }

  /** @param audience What the token is for: one that was made for another purpose opens nothing. */
  sign(claims: JWTPayload, audience: string, lifeSeconds: number): Promise<string> {
    const [[kid, key] = fail()] = this.#keys;
    const now = Math.floor(Date.now() / 1000);
    return new SignJWT(claims)
      .setProtectedHeader({ alg: algorithm, kid })
      .setIssuer(issuer)
      .setAudience(audience)
      .setIssuedAt(now)
      .setExpirationTime(now + lifeSeconds)
      .sign(key);
  }

  /** What a token says; undefined when it is forged, over, for another purpose or no token at all. */
  async read(token: string | undefined, audience: string): Promise<JWTPayload | undefined> {
    if (token === undefined) return undefined;
    try {
      const { payload } = await jwtVerify(token, ({ kid = "" }) => this.#keyOf(kid), {
        // Whoever takes the algorithm from the token lets its sender choose "none".
        algorithms: [algorithm],
        issuer,
        audience,
      });
      return payload;
    } catch (error) {
      if (error instanceof errors.JOSEError) return undefined;
      throw error;
    }
  }

  #keyOf(kid: string): KeyObject {
    const key = this.#keys.get(kid);
    if (!key) throw new errors.JWKSNoMatchingKey();
    return key;
  }
}

/** The same for each process that has the secret, and of no use to whoever looks for it. */
function nameOf(secret: string): string {
  return createHash("sha256").update(secret).digest("base64url").slice(0, 8);
}

function fail(): never {
  throw new Error("There is no key to sign with.");
}
