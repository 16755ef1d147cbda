import { expect, inject, test } from "vitest";
import { measureRevocation, type Cost } from "./measure.ts";
import { plotCommands } from "./plot.ts";

test("with an index, other people's sessions cost nothing; a scan pays for each", async () => {
  const costs = await measureRevocation(inject("redisUrl"), {
    own: [1, 10],
    foreign: [20, 400],
    repeats: 1,
  });
  expect(costs).toHaveLength(8);
  const commandsOf = (way: string, own: number) =>
    costs.filter((cost) => cost.way === way && cost.own === own).map(({ commands }) => commands);
  for (const own of [1, 10]) {
    const [few, many] = commandsOf("index", own);
    expect(many).toBe(few);
    const [scanOfFew = 0, scanOfMany = 0] = commandsOf("scan", own);
    expect(scanOfMany).toBeGreaterThan(scanOfFew);
  }
  // The keys go in one command, however many there are.
  expect(commandsOf("index", 10)).toEqual(commandsOf("index", 1));
});

test("the plot shows both ways, with their commands beside the foreign sessions", () => {
  const cost = (way: Cost["way"], foreign: number, commands: number): Cost => ({
    way,
    own: 10,
    foreign,
    commands,
    ms: 1,
  });
  const svg = plotCommands(
    [
      cost("index", 1_000, 14),
      cost("index", 100_000, 14),
      cost("scan", 100_000, 2_000),
      cost("scan", 1_000, 30),
    ],
    10,
  );
  for (const word of ["14", "30", "2,000", "100,000", "index per user", "end 10 sessions"]) {
    expect(svg).toContain(`${word}<`);
  }
  // A flat line, and one that rises.
  const [flat = "", rising = ""] = [...svg.matchAll(/points="([^"]+)"/g)].map(([, each]) => each);
  const heights = (points: string) => points.split(" ").map((point) => Number(point.split(",")[1]));
  expect(new Set(heights(flat)).size).toBe(1);
  expect(heights(rising)[0]).toBeGreaterThan(heights(rising)[1] ?? Infinity);
});
