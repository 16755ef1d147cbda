// On a cluster, what would be one transaction goes out command by command: the order is what counts.
import type { Cluster } from "ioredis";
import { expect, test } from "vitest";
import { slotwise } from "../../shared/experiments/scale/slotwise.ts";

/** A cluster that notes what it is asked for, and refuses one kind of command. */
function clusterThatRefuses(refused?: string) {
  const sent: string[] = [];
  const call = async (name: string, ...args: string[]) => {
    sent.push([name, ...args].join(" "));
    if (name === refused) throw new Error("CLUSTERDOWN");
    return 1;
  };
  const del = (key: string) => call("del", key);
  return { sent, redis: slotwise({ call, del } as unknown as Cluster) };
}

test("a session is stored after its entry in the index: none is out of reach", async () => {
  const { sent, redis } = clusterThatRefuses();
  const results = await redis.multi().set("sess:1", "{}").zadd("sessions:ada", 1, "sess:1").exec();
  expect(sent).toEqual(["zadd sessions:ada 1 sess:1", "set sess:1 {}"]);
  expect(results).toEqual([
    [null, 1],
    [null, 1],
  ]);
});

test("without its entry, no session is stored, and the error is told", async () => {
  const { sent, redis } = clusterThatRefuses("zadd");
  const results = await redis.multi().set("sess:1", "{}").zadd("sessions:ada", 1, "sess:1").exec();
  expect(sent).toEqual(["zadd sessions:ada 1 sess:1"]);
  expect(results?.map(([error]) => error?.message)).toEqual(["CLUSTERDOWN"]);
});

test("a session ends before its entry: what is left can be found", async () => {
  const { sent, redis } = clusterThatRefuses();
  await redis.multi().del("sess:1").zrem("sessions:ada", "sess:1").exec();
  expect(sent).toEqual(["del sess:1", "zrem sessions:ada sess:1"]);
  const refusing = clusterThatRefuses("del");
  await refusing.redis.multi().del("sess:1").zrem("sessions:ada", "sess:1").exec();
  expect(refusing.sent).toEqual(["del sess:1"]);
});

test("several keys are deleted one by one, since each has a slot of its own", async () => {
  const { sent, redis } = clusterThatRefuses();
  expect(await redis.del("sess:1", "sess:2", "sess:3")).toBe(3);
  expect(sent).toEqual(["del sess:1", "del sess:2", "del sess:3"]);
});
