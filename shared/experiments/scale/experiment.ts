// `npm run experiment scale`: the app of step 7 on a Redis Cluster, with one, two and four processes, and
// with one of them, and a master, killed in mid-run.
import { randomBytes } from "node:crypto";
import { availableParallelism } from "node:os";
import { seededUsers } from "../../app/database.ts";
import { UserError } from "../../runner/user-error.ts";
import { startAppProcess, type AppProcess } from "../app-process.ts";
import { Client } from "../client.ts";
import type { Bench } from "../experiment.ts";
import { load } from "../load.ts";
import { hasRedisServer } from "../own-redis.ts";
import { startBalancer } from "./balancer.ts";
import { startCluster } from "./cluster.ts";
import { errorsDuring } from "./probe.ts";
import { workDuring } from "./processors.ts";
import { report, type Curve } from "./report.ts";

const processCounts = [1, 2, 4];
const sessionCount = 60;
const { ada } = seededUsers;

export async function run({ cleanup, seconds, say, print }: Bench): Promise<void> {
  if (!hasRedisServer()) {
    throw new UserError(
      "There is no redis-server here, and a Redis Cluster is made of six. Install it (Debian: apt install redis-server; macOS: brew install redis), then run the same command again.",
    );
  }
  say("a Redis Cluster of three masters and three replicas, and four processes of the app …");
  const cluster = await startCluster(cleanup);
  const env = {
    REDIS_NODES: cluster.ports.join(","),
    SESSION_SECRET: randomBytes(32).toString("hex"),
  };
  const apps: AppProcess[] = [];
  for (let i = 0; i < Math.max(...processCounts); i++) {
    const main = "shared/experiments/scale/server.ts";
    apps.push(await startAppProcess(cleanup, "solutions/07-revocation/app.ts", env, main));
  }
  const urls = apps.map(({ url }) => url);

  const curves: Curve[] = [];
  for (const count of processCounts) {
    say(`${count} of them, ${seconds} s for each route …`);
    const url = await startBalancer(cleanup, urls.slice(0, count));
    const cookie = await (await new Client(url).logIn(ada)).cookieHeader();
    const loadOf = async (route: string) => {
      // The first round warms up, and does not count.
      await load(cleanup, { url: url + route, cookie, seconds: 1 });
      return load(cleanup, { url: url + route, cookie, seconds });
    };
    const work = await workDuring(apps, () => loadOf("/me"));
    curves.push({ count, me: work.result, visits: await loadOf("/visits"), ...work.processors });
  }

  const url = await startBalancer(cleanup, urls);
  await (await new Client(url).logIn(ada)).send("POST", "/auth/logout-all");
  const clients: Client[] = [];
  for (let i = 0; i < sessionCount; i++) clients.push(await new Client(url).logIn(ada));
  const lost = async () => {
    const statuses = await Promise.all(clients.map((client) => client.send("GET", "/me")));
    return statuses.filter((status) => status !== 200).length;
  };
  say("a process of the app is killed …");
  const killedApp = await errorsDuring(clients, async () => apps[0]?.kill());
  const lostWithApp = await lost();
  say("a master of the cluster is killed …");
  const killedMaster = await errorsDuring(clients, () => cluster.killMaster());
  const lostWithMaster = await lost();
  await clients[0]?.send("POST", "/auth/logout-all");
  const leftAfterLogoutAll = sessionCount - (await lost());

  print(
    report({
      conditions: `Node ${process.version}, redis-server ${cluster.version}, ${availableParallelism()} processors for all of it: apps, Redis, proxy and load`,
      curves,
      sessionCount,
      killedApp: { ...killedApp, lost: lostWithApp },
      killedMaster: { ...killedMaster, lost: lostWithMaster },
      leftAfterLogoutAll,
    }),
  );
}
