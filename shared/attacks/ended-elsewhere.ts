import { seededUsers } from "../app/database.ts";
import { attack, type Stage, type Visitor } from "./attack.ts";

const { ada, alan } = seededUsers;

export const staysInAfterBan = attack({
  name: "stay in after a ban",
  story:
    "Whoever is banned for what they do goes on doing it, as long as a session of theirs lives.",
  needs: { step: 7 },
  async play({ browser, tell }: Stage<Visitor>) {
    const mallory = browser("mallory");
    const grace = browser("grace");
    await tell("Mallory has Alan's account, and is logged in.");
    await mallory.logIn("alan");
    await tell("Grace, an administrator, bans Alan.");
    await grace.logIn("grace");
    const ban = `/admin/users/${alan.id}/ban`;
    const { status } = await grace.post(ban);
    const cookie = await mallory.cookieHeader();
    await tell("Mallory goes on with the session from before.");
    const meanwhile = await mallory.get("/me", { cookie });
    await tell("Grace lifts the ban again, and Mallory comes back with that session.");
    await grace.delete(ban);
    const later = await mallory.get("/me", { cookie });
    return { ban: status, meanwhile: meanwhile.status, later: later.status };
  },
  verdict({ ban, meanwhile, later }) {
    if (meanwhile === 200) {
      return {
        worked: true,
        by:
          ban < 300
            ? "nothing: nobody asks whether the user is banned"
            : `nothing: a ban answers ${ban}`,
        says: "Mallory is in with the session from before.",
      };
    }
    if (later === 200) {
      return {
        worked: true,
        by: "nothing: the session outlived the ban",
        says: "Once the ban is lifted, Mallory is in with the session from before.",
      };
    }
    return {
      worked: false,
      by: "the ban: sessions end, and the guard looks",
      says: `The ban takes effect at the next request (${meanwhile}), and for good.`,
    };
  },
});

export const staysInAfterNewPassword = attack({
  name: "stay in after a new password",
  story:
    "Somebody who fears that their account is in other hands changes the password, and believes to be alone.",
  needs: { step: 7 },
  async play({ browser, tell }: Stage<Visitor>) {
    const owner = browser("ada");
    const mallory = browser("mallory");
    await tell("Mallory knows Ada's password, and is logged in with it.");
    await mallory.logIn("ada");
    await tell("Ada logs in, and changes her password.");
    await owner.logIn("ada");
    const change = (currentPassword: string, newPassword: string) =>
      owner.post("/me/password", { currentPassword, newPassword });
    const meanwhile = "difference engine";
    const { status } = await change(ada.password, meanwhile);
    await tell("Mallory goes on with the session from before.");
    const after = await mallory.get("/me");
    await tell("Ada logs in with the new password, and takes the old one again.");
    await owner.post("/auth/login", { email: ada.email, password: meanwhile });
    await change(meanwhile, ada.password);
    return { change: status, after: after.status };
  },
  verdict({ change, after }) {
    if (after === 200) {
      return {
        worked: true,
        by:
          change < 300
            ? "nothing: sessions outlive the password"
            : `nothing: changing the password answers ${change}`,
        says: "Whatever Ada does about her password, Mallory is still Ada.",
      };
    }
    return {
      worked: false,
      by: "the index: it knows which sessions to end",
      says: `Ada goes on, and every other session of hers has ended (${after}).`,
    };
  },
});
