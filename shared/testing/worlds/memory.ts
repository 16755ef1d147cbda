import { withClock } from "../clock.ts";
import { filledDuring, type Collection, type Filled } from "../collections.ts";
import type { Site } from "../site.ts";
import { watchTimers } from "../timers.ts";
import { must } from "../verdict.ts";
import type { World, WorldGoal } from "./world.ts";

/** Fewer than anybody would let a collection hold, and more than an app has of anything. */
const strangers = 150;
/** More than anybody would let a collection hold. */
const tooMany = 200_000;

/** What a process keeps of people who never come back. */
export const memory: readonly World[] = [
  {
    name: "After many strangers",
    async visit(goal) {
      await mustForget(goal, "development");
      // What comes over plain http is refused: that is remembered by some.
      if (goal.step >= 6) await mustForget(goal, "production", { "X-Forwarded-Proto": "http" });
    },
  },
];

async function mustForget(
  { open, redis, step }: WorldGoal,
  env: "development" | "production",
  headers: Record<string, string> = {},
): Promise<void> {
  const timers = watchTimers();
  try {
    const site = await open({ env });
    let count = 0;
    const come = async () => {
      count++;
      site.visitorAddress = `2001:db8::${count.toString(16)}`;
      await passBy(site, count, headers);
    };
    const filled = await filledDuring(async () => {
      for (let each = 0; each < strangers; each++) await come();
    });
    const growing = filled
      .filter(({ added, taken }) => added - taken >= strangers)
      // In step 1 the sessions themselves are kept in memory, by whichever store.
      .filter(({ collection }) => step > 1 || !holdsSessions(collection));
    for (const each of growing) {
      await withClock(redis, async (pass) => {
        await pass(25);
        await timers.settle(site);
        await mustBeBounded(each, come);
      });
    }
  } finally {
    timers.release();
  }
}

/**
 * As many things that a stranger can make up as there are requests. Of whoever types wrong passwords, an
 * app may well remember more.
 */
async function passBy(site: Site, n: number, headers: Record<string, string>): Promise<void> {
  const asSomebody = { headers: { ...headers, "User-Agent": `stranger ${n}` } };
  await site.browser().get(`/visits?from=${n}`, asSomebody);
  await site.browser().get(`/nothing-${n}`, asSomebody);
}

/** Whoever has a limit takes something out when it is passed, or adds nothing more. */
async function mustBeBounded(
  { collection, place }: Filled,
  come: () => Promise<void>,
): Promise<void> {
  const { size } = collection;
  // By then, what is old is gone.
  if (size < strangers) return;
  fill(collection);
  const full = collection.size;
  const filled = await filledDuring(async () => {
    for (let time = 0; time < 3; time++) await come();
  });
  const again = filled.find((each) => each.collection === collection);
  must(
    again === undefined || again.taken > 0 || collection.size < full + 3,
    `the process remembers something of each of them, and never forgets it (${place}).`,
    `a ${collection instanceof Map ? "Map" : "Set"} has ${size} entries after ${strangers} strangers and 25 hours; with ${full}, each request still adds one, and nothing is taken out`,
    "A stranger makes up as many addresses, names and ids as there is memory, until the process is killed. Take out what is old, stop at a number, or keep it in Redis with an expiry.",
  );
}

function holdsSessions(collection: Collection): boolean {
  return [...collection.values()].every((value) => {
    const text = typeof value === "string" ? value : JSON.stringify(value);
    return text?.includes('"originalMaxAge":');
  });
}

function fill(collection: Collection): void {
  if (collection instanceof Set) {
    for (let n = 0; n < tooMany; n++) collection.add(`filled ${n}`);
    return;
  }
  const last = [...collection.values()].at(-1);
  for (let n = 0; n < tooMany; n++) collection.set(`filled ${n}`, last);
}
