import { credentials } from "./credentials.ts";
import { crowds } from "./crowds.ts";
import { encounters } from "./encounters.ts";
import { explore } from "./explorer.ts";
import { failures } from "./failures.ts";
import { impostors } from "./impostors.ts";
import { inputs } from "./inputs.ts";
import { later } from "./later.ts";
import { meanwhile } from "./meanwhile.ts";
import { memory } from "./memory.ts";
import { outages } from "./outages.ts";
import { requests } from "./requests.ts";
import { revocations } from "./revocations.ts";
import { tabs } from "./tabs.ts";
import type { World } from "./world.ts";

/** All worlds. In which order they are tried, `shared/runner/trials.ts` says. */
export const worlds: readonly World[] = [
  ...requests,
  ...meanwhile,
  ...credentials,
  ...inputs,
  ...failures,
  ...outages,
  ...later,
  ...crowds,
  ...tabs,
  ...memory,
  ...impostors,
  ...revocations,
  ...encounters,
  {
    name: "In a sequence that nobody listed",
    visit: (goal) => explore(goal, Number(process.env.EXPLORE_SEED) || undefined),
  },
];
