import { seededUsers } from "../app/database.ts";
import { attack, NotPlayable } from "./attack.ts";

export const listenOnTheNetwork = attack({
  name: "listen on the network",
  story:
    "One http link to the site is enough: a cookie without Secure travels along, for everybody on the Wi-Fi to read.",
  needs: { step: 6, production: true },
  async play({ browser, tell }) {
    const ada = browser("ada");
    await tell("Ada logs in over https.");
    await ada.logIn("ada");
    if (!(await ada.cookieHeader())) throw new NotPlayable("Ada's browser holds no cookie");
    await tell("Ada follows an http link to the site, and Mallory listens.");
    const cookie = await ada.cookieHeaderInTheClear();
    await ada.overPlainHttp("GET", "/visits", { cookie });
    return { heard: cookie };
  },
  verdict({ heard }) {
    return heard
      ? {
          worked: true,
          by: "nothing: Secure is missing",
          says: "The session cookie travelled in the clear.",
        }
      : { worked: false, by: "Secure", says: "The request went out without the cookie." };
  },
});

export const claimHttps = attack({
  name: "claim https on plain http",
  story:
    "A client can write any header. An app that believes it serves logins over a wire that anybody reads.",
  needs: { step: 6, production: true },
  async play({ browser, tell }) {
    const mallory = browser("mallory");
    const { email, password } = seededUsers.ada;
    await tell("Somebody logs in over plain http, and claims https in a header.");
    const { status } = await mallory.overPlainHttp("POST", "/auth/login", {
      body: { email, password },
      headers: { "X-Forwarded-Proto": "https", "X-Forwarded-For": "203.0.113.7" },
    });
    return { status };
  },
  verdict({ status }) {
    return status === 200
      ? {
          worked: true,
          by: "nothing: the app serves plain http",
          says: "The password and the session travelled in the clear, and the app logged in.",
        }
      : {
          worked: false,
          by: "requireHttps, and a proxy that overwrites the header",
          says: `The claim was overwritten, and the request refused (${status}).`,
        };
  },
});
