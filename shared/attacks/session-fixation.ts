import { sessionIdIn } from "../testing/cookies.ts";
import { attack, NotPlayable, type Stage, type Visitor } from "./attack.ts";

export const sessionFixation = attack({
  name: "plant a session id before the login",
  story: "Whoever knows the id that somebody logs in with is logged in as well (session fixation).",
  needs: { step: 3 },
  async play({ step, browser, tell }: Stage<Visitor>) {
    const mallory = browser("mallory");
    const ada = browser("ada");
    await tell("Mallory visits, and gets a cookie.");
    const { status: answered, setCookies } = await mallory.get("/visits");
    const planted = await mallory.cookieHeader();
    if (!planted) {
      throw new NotPlayable(`a visit sets no cookie (GET /visits answered ${answered})`);
    }
    await tell("Mallory plants that cookie in Ada's browser.");
    for (const each of setCookies) await ada.accept(each);
    await tell("Ada logs in.");
    await ada.logIn("ada");
    const sameId = idIn(await ada.cookieHeader()) === idIn(planted);
    await tell("Mallory comes back with the planted cookie.");
    const path = step >= 4 ? "/me" : "/visits";
    const { status } = await mallory.get(path, { cookie: planted });
    return { planted, sameId, opensMe: path === "/me" && status === 200 };
  },
  verdict({ sameId, opensMe }) {
    if (sameId || opensMe) {
      return {
        worked: true,
        by: "nothing: the login kept the id",
        says: "The id that Mallory planted is now Ada's session.",
      };
    }
    return {
      worked: false,
      by: "regenerate: a new id at login",
      says: "Ada's login got a new id, and the planted one is nobody's.",
    };
  },
});

function idIn(cookieHeader: string): string | undefined {
  return cookieHeader
    .split("; ")
    .map((pair) => sessionIdIn(pair.slice(pair.indexOf("=") + 1)))
    .find((id) => id !== undefined);
}
