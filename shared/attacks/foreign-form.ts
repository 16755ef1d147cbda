import { attack, NotPlayable, type Stage, type Visitor } from "./attack.ts";

export const foreignForm = attack({
  name: "send a form from another site",
  story:
    "A page of another site can have a browser post to yours, with the cookie of whoever sits there (CSRF).",
  needs: { step: 5 },
  async play({ browser, tell }: Stage<Visitor>) {
    const ada = browser("ada");
    await tell("Ada logs in.");
    await ada.logIn("ada");
    const before = await ada.get("/me");
    if (before.status !== 200)
      throw new NotPlayable(`GET /me answers ${before.status} to Ada herself`);
    await tell("Ada opens Mallory's page, whose form posts to /auth/logout.");
    const { status, cookieSent, setCookies } = await ada.submitForeignForm("/auth/logout");
    if (status === 404 || status === 501)
      throw new NotPlayable(`POST /auth/logout answers ${status}`);
    await tell("Is Ada still logged in?");
    const after = await ada.get("/me");
    return { status, setCookies, carried: cookieSent !== "", after: after.status };
  },
  verdict({ status, carried, after }) {
    if (after !== 200) {
      return {
        worked: true,
        by: carried ? "nothing: the cookie came along" : "nothing: the answer cleared the cookie",
        says: "A page of another site has logged Ada out.",
      };
    }
    const bySameSite = carried ? "" : "SameSite: the form came without the cookie";
    const byOrigin = status === 403 ? "refuseOtherSites: 403" : "";
    return {
      worked: false,
      by: [byOrigin, bySameSite].filter(Boolean).join(", and ") || `the app answered ${status}`,
      says: "The form arrived, and changed nothing.",
    };
  },
});
