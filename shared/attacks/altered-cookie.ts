import { forge, sessionIdIn, signedValue } from "../testing/cookies.ts";
import { attack, NotPlayable, type Stage, type Visitor } from "./attack.ts";

export const alteredCookie = attack({
  name: "forge a cookie",
  story: "Whoever can write the cookie of a known id needs no password.",
  needs: { step: 1 },
  async play({ browser, tell }: Stage<Visitor>) {
    const ada = browser("ada");
    const mallory = browser("mallory");
    await tell("Ada visits twice.");
    await ada.get("/visits");
    const count = (await ada.get("/visits")).body?.data?.visits;
    const cookie = await ada.cookieHeader();
    const name = cookie.slice(0, cookie.indexOf("="));
    const value = cookie.slice(cookie.indexOf("=") + 1);
    const id = sessionIdIn(value);
    if (count !== 2 || !id) throw new NotPlayable("visits are not counted by a signed cookie");
    const forged = {
      "with a changed signature": forge(value),
      "without a signature": encodeURIComponent(`s:${id}`),
      "and nothing else": encodeURIComponent(id),
      "signed with the secret of the first steps": signedValue(id, "only for the first steps"),
    };
    for (const [how, value] of Object.entries(forged)) {
      await tell(`Mallory sends Ada's id ${how}.`);
      const { body } = await mallory.get("/visits", { cookie: `${name}=${value}` });
      if (body?.data?.visits === count + 1) return { taken: how };
    }
    return { taken: undefined };
  },
  verdict({ taken }) {
    if (taken) {
      return {
        worked: true,
        by: "nothing: the signature is not checked, or its secret is known",
        says: `Ada's id was taken ${taken}.`,
      };
    }
    return {
      worked: false,
      by: "the signature, and a secret that nobody knows",
      says: "Each forged cookie was treated as none: its visits start at 1.",
    };
  },
});
