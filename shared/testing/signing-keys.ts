import crypto, { type BinaryLike, type KeyObject } from "node:crypto";

export type SigningKey = BinaryLike | KeyObject;

/**
 * The keys of every HMAC that is made while something happens. cookie-signature makes one to sign a
 * cookie, and one per secret to verify it, until one fits.
 */
export async function keysUsedDuring(happen: () => unknown): Promise<SigningKey[]> {
  const { createHmac } = crypto;
  const keys = new Map<string, SigningKey>();
  crypto.createHmac = (algorithm, key, options) => {
    keys.set(bytesOf(key).toString("hex"), key);
    return createHmac(algorithm, key, options);
  };
  try {
    await happen();
  } finally {
    crypto.createHmac = createHmac;
  }
  return [...keys.values()];
}

export function bytesOf(key: SigningKey): Buffer {
  if (typeof key === "string") return Buffer.from(key);
  if ("export" in key) return key.export();
  return Buffer.from(key.buffer, key.byteOffset, key.byteLength);
}
