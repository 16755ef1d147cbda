// A page of another site sends something in Ada's name.
import { ada } from "./people.ts";
import { attack, tries } from "./production.ts";

const foreign: Record<string, string>[] = [
  { "Sec-Fetch-Site": "cross-site", Origin: "https://mallory.example" },
  { "Sec-Fetch-Site": "same-site", Origin: "https://blog.attacked.example" },
  { Origin: "https://mallory.example" },
  { Origin: "null" },
];

attack.for(["production", "development"])(
  "in %s it is refused",
  async (NODE_ENV, { start, redisUrl, expect }) => {
    const server = await start(redisUrl, { NODE_ENV });
    const origin = NODE_ENV === "production" ? server.url.replace("http:", "https:") : server.url;
    const own: Record<string, string>[] = [
      { "Sec-Fetch-Site": "same-origin", Origin: origin },
      { "Sec-Fetch-Site": "none" },
      { Origin: origin },
      {},
    ];
    for (let round = 0; round < tries; round++) {
      const cookie = await server.logIn();
      for (const headers of foreign) {
        for (const [method, path, body] of [
          ["POST", "/auth/logout", undefined],
          ["POST", "/auth/login", { email: ada.email, password: ada.password }],
          ["PATCH", "/me", { displayName: "Mallory" }],
          ["DELETE", "/nothing-here", undefined],
        ] as const) {
          for (const sent of [cookie, undefined]) {
            const answer = await server.send(method, path, { cookie: sent, body, headers });
            expect(answer.status).toBe(403);
            expect(answer.body).toEqual({ error: { code: "forbidden" } });
            expect(answer.headers.getSetCookie()).toEqual([]);
          }
        }
      }
      expect((await server.get("/me", cookie)).body.data.displayName).toBe("Ada");
      for (const headers of own) {
        const mine = await server.logIn();
        expect((await server.send("POST", "/auth/logout", { cookie: mine, headers })).status).toBe(
          204,
        );
        expect((await server.get("/me", mine)).status).toBe(401);
      }
    }
  },
);
