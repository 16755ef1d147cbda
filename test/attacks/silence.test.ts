// A Redis that goes without a word: its connections stay, and nothing comes back on them.
import { vi } from "vitest";
import { attack } from "./production.ts";

attack(
  "a connection that fell silent is replaced, and sessions go on",
  async ({ server, relay, expect }) => {
    const cookie = await server.logIn();
    const { connection = 0 } = relay.commands.at(-1) ?? {};
    relay.fate = (command) => (command.connection <= connection ? "hold" : "pass");
    expect((await server.get("/me", cookie)).status).toBe(500);
    await vi.waitUntil(async () => (await server.get("/me", cookie)).status === 200, {
      timeout: 60_000,
    });
  },
);
