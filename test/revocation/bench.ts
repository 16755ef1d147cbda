// `npm run bench -- --revocation`: what logging out everywhere costs, as a table; and the picture of it
// in the lesson of step 7, drawn anew.
import { writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import { provideRedis } from "../../shared/redis/server.ts";
import { findStep, type StepEntry } from "../../shared/runner/manifest.ts";
import { root, stepPaths } from "../../shared/runner/paths.ts";
import { measureRevocation, type Cost } from "./measure.ts";
import { plotCommands } from "./plot.ts";

const own = [1, 10, 100];
const foreign = [1_000, 10_000, 100_000];

export async function benchRevocation({ json }: { json: boolean }): Promise<void> {
  const redis = await provideRedis();
  try {
    const costs = await measureRevocation(redis.url, { own, foreign, repeats: 5 });
    if (json) console.log(JSON.stringify({ node: process.version, costs }, null, 2));
    else console.log(`Redis: ${redis.description}\n\n${table(costs)}`);
    const picture = join(stepPaths(findStep("07-revocation") as StepEntry).folder, "cost.svg");
    writeFileSync(picture, plotCommands(costs, 10));
    if (!json) console.log(`\n${relative(root, picture)} is drawn anew.`);
  } finally {
    await redis.close();
  }
}

function table(costs: readonly Cost[]): string {
  const cell = (way: Cost["way"], of: Cost) => {
    const cost = costs.find(
      (each) => each.way === way && each.own === of.own && each.foreign === of.foreign,
    );
    return cost
      ? `${cost.commands.toLocaleString("en-US")} | ${cost.ms.toFixed(cost.ms < 10 ? 1 : 0)}`
      : " | ";
  };
  return [
    "| own sessions | foreign sessions | index: commands | ms | scan: commands | ms |",
    "|---|---|---|---|---|---|",
    ...costs
      .filter(({ way }) => way === "index")
      .map(
        (cost) =>
          `| ${cost.own} | ${cost.foreign.toLocaleString("en-US")} | ${cell("index", cost)} | ${cell("scan", cost)} |`,
      ),
  ].join("\n");
}
