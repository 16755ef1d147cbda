import { attack, NotPlayable } from "./attack.ts";

export const scriptReadsCookie = attack({
  name: "read the cookie from a script",
  story:
    "A script that was smuggled into a page (XSS) reads what document.cookie gives it, and sends it away.",
  needs: { step: 1 },
  async play({ step, browser, tell }) {
    const ada = browser("ada");
    await tell(step >= 3 ? "Ada logs in." : "Ada visits.");
    if (step >= 3) await ada.logIn("ada");
    else await ada.get("/visits");
    const held = await ada.cookieHeader();
    if (!held) throw new NotPlayable("Ada's browser holds no cookie");
    await tell("A script in the page reads document.cookie.");
    return { held, read: await ada.scriptReads() };
  },
  verdict({ held, read }) {
    if (held.split("; ").some((cookie) => read.split("; ").includes(cookie))) {
      return {
        worked: true,
        by: "nothing: HttpOnly is missing",
        says: "The script has the session cookie, and with it the session.",
      };
    }
    return {
      worked: false,
      by: "HttpOnly",
      says: "The browser holds the cookie, and gives the script an empty text.",
    };
  },
});
