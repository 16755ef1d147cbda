import crypto, { createSecretKey } from "node:crypto";
import { sign, unsign } from "cookie-signature";
import { expect, test } from "vitest";
import { bytesOf, keysUsedDuring } from "../../shared/testing/signing-keys.ts";

const texts = (keys: Awaited<ReturnType<typeof keysUsedDuring>>) =>
  keys.map((key) => bytesOf(key).toString());

test("the keys that sign and verify cookies are seen, each once", async () => {
  const signed = sign("id", "first");
  const keys = await keysUsedDuring(() => {
    sign("another id", "first");
    for (const secret of ["second", "first"]) unsign(signed, secret);
  });
  expect(texts(keys)).toEqual(["first", "second"]);
});

test("keys may be texts, bytes or key objects", async () => {
  const keys = await keysUsedDuring(() => {
    crypto.createHmac("sha256", Buffer.from("bytes"));
    crypto.createHmac("sha256", createSecretKey(Buffer.from("an object")));
    crypto.createHmac("sha256", "text");
  });
  expect(texts(keys)).toEqual(["bytes", "an object", "text"]);
});

test("afterwards nobody looks on, even if something failed", async () => {
  const { createHmac } = crypto;
  await expect(keysUsedDuring(() => Promise.reject(new Error("failed")))).rejects.toThrow("failed");
  expect(crypto.createHmac).toBe(createHmac);
});
