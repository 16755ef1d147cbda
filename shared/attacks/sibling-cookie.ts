import { siteName } from "../inspector/events.ts";
import { attack, NotPlayable } from "./attack.ts";

export const siblingCookie = attack({
  name: "plant a cookie from a subdomain",
  story:
    "Any subdomain can set a cookie for the whole domain, and so put its own session under somebody else's browser.",
  needs: { step: 6, production: true },
  async play({ browser, tell }) {
    const mallory = browser("mallory");
    const ada = browser("ada");
    await tell("Mallory visits twice, and so has a session that counts 2.");
    await mallory.get("/visits");
    const { body } = await mallory.get("/visits");
    const cookie = await mallory.cookieHeader();
    if (body?.data?.visits !== 2 || !cookie) throw new NotPlayable("visits are not counted");
    await tell(`Mallory's subdomain sets that cookie for all of ${siteName}.`);
    const kept = await ada.accept(
      `${cookie}; Domain=${siteName}; Path=/; Secure`,
      `https://mallory.${siteName}/`,
    );
    await tell("Ada visits for the first time.");
    const first = await ada.get("/visits");
    return { kept, cookie, visits: first.body?.data?.visits };
  },
  verdict({ kept, cookie, visits }) {
    if (visits === 3) {
      return {
        worked: true,
        by: "nothing: the name has no __Host-",
        says: "Ada's first visit counted 3: she uses Mallory's session.",
      };
    }
    return {
      worked: false,
      by: kept
        ? "the app did not take the cookie"
        : `${cookie.split("=")[0]}: a browser refuses a Domain for it`,
      says: "Ada's first visit counted 1, in a session of her own.",
    };
  },
});
