// What the attacked processes run: the reference of step 6, untouched, with a user in its database, and
// beside it what an attack has to ask or arrange from outside.
import bcrypt from "bcrypt";
import express, { type Express } from "express";
import type { Services } from "../../shared/app/services.ts";
import * as reference from "../../solutions/06-cookie-flags/app.ts";
import { ada } from "./people.ts";

export const { connectRedis } = reference;

export function createApp(services: Services): Express {
  const { users } = services.db;
  const passwordHash = bcrypt.hashSync(
    ada.password.normalize("NFC"),
    Number(process.env.ADAS_COST),
  );
  const enter = () => users.add({ ...ada, passwordHash });
  void enter();

  let hashing = 0;
  let most = 0;
  let done = 0;
  const { compare } = bcrypt;
  bcrypt.compare = (async (password: string, hash: string) => {
    most = Math.max(most, ++hashing);
    try {
      return await compare(password, hash);
    } finally {
      hashing -= 1;
      done += 1;
    }
  }) as typeof compare;

  let longestNormalized = 0;
  const { normalize } = String.prototype;
  Reflect.set(String.prototype, "normalize", function (this: string, form?: string) {
    longestNormalized = Math.max(longestNormalized, this.length);
    return normalize.call(this, form);
  });

  return express()
    .get("/arranged/hashes", (_req, res) => void res.json({ hashing, most, done }))
    .get("/arranged/normalized", (_req, res) => void res.json({ longestNormalized }))
    .post("/arranged/leave", async (_req, res) => {
      await users.remove(ada.id);
      res.end();
    })
    .post("/arranged/enter", async (_req, res) => {
      await enter();
      res.end();
    })
    .use(reference.createApp(services));
}
