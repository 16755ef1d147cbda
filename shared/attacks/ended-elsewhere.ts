import { seededUsers } from "../app/database.ts";
import { attack, NotPlayable } from "./attack.ts";

const { ada, alan } = seededUsers;

export const staysInAfterBan = attack({
  name: "stay in after a ban",
  story:
    "Whoever is banned for what they do goes on doing it, as long as a session of theirs lives.",
  needs: { step: 7 },
  async play({ browser, tell }) {
    const mallory = browser("mallory");
    const grace = browser("grace");
    await tell("Mallory has Alan's account, and is logged in.");
    await mallory.logIn("alan");
    await tell("Grace, an administrator, bans Alan.");
    await grace.logIn("grace");
    const ban = `/admin/users/${alan.id}/ban`;
    const { status } = await grace.post(ban);
    if (status !== 204) throw new NotPlayable(`a ban answers ${status}`);
    await tell("Mallory goes on with the session from before.");
    const after = await mallory.get("/me");
    await tell("Grace lifts the ban again.");
    await grace.delete(ban);
    return after.status;
  },
  verdict: (status) =>
    status === 200
      ? {
          worked: true,
          by: "nothing: nobody asks whether the user is banned",
          says: "Alan is banned, and Mallory is in with the session from before.",
        }
      : {
          worked: false,
          by: "the ban: sessions end, and the guard looks",
          says: `The ban takes effect at the next request (${status}).`,
        },
});

export const staysInAfterNewPassword = attack({
  name: "stay in after a new password",
  story:
    "Somebody who fears that their account is in other hands changes the password, and believes to be alone.",
  needs: { step: 7 },
  async play({ browser, tell }) {
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
    if (status !== 204) throw new NotPlayable(`changing the password answers ${status}`);
    await tell("Mallory goes on with the session from before.");
    const after = await mallory.get("/me");
    await tell("Ada takes her old password again.");
    await change(meanwhile, ada.password);
    return after.status;
  },
  verdict: (status) =>
    status === 200
      ? {
          worked: true,
          by: "nothing: sessions outlive the password",
          says: "Ada has a new password, and Mallory is still Ada.",
        }
      : {
          worked: false,
          by: "the index: it knows which sessions to end",
          says: `Ada goes on, and every other session of hers has ended (${status}).`,
        },
});
