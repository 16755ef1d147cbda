import { attack, NotPlayable, type Stage, type Visitor } from "./attack.ts";

export const replayedCookie = attack({
  name: "use a copied cookie after the logout",
  story:
    "A cookie can be copied from a log, a backup or a shared computer. Logging out must end the copies too.",
  needs: { step: 5 },
  async play({ browser, tell }: Stage<Visitor>) {
    const ada = browser("ada");
    const mallory = browser("mallory");
    await tell("Ada logs in.");
    await ada.logIn("ada");
    const copy = await ada.cookieHeader();
    await tell("Mallory has copied Ada's cookie, and it works.");
    const before = await mallory.get("/me", { cookie: copy });
    if (before.status !== 200)
      throw new NotPlayable(`GET /me answers ${before.status} to Ada herself`);
    await tell("Ada logs out.");
    const logout = await ada.post("/auth/logout");
    await tell("Mallory uses the copy once more.");
    const after = await mallory.get("/me", { cookie: copy });
    return { logout: logout.status, after: after.status };
  },
  verdict({ logout, after }) {
    if (after === 200) {
      return {
        worked: true,
        by:
          logout < 300
            ? "nothing: the session is still in Redis"
            : `nothing: logging out answers ${logout}`,
        says: "After Ada's logout, Mallory is still Ada.",
      };
    }
    return {
      worked: false,
      by: "destroy: the key is gone from Redis",
      says: `The copy is as it was, and opens nothing any more (${after}).`,
    };
  },
});
