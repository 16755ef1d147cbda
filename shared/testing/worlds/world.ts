import type { WorldName } from "../../runner/trials.ts";
import type { Goal } from "../goals.ts";

/**
 * Circumstances that must change nothing: what a step promises, it promises there as well. Which step
 * lives in which, `shared/runner/trials.ts` says.
 */
export interface World {
  /** Begins the first line of the message: "Among other cookies: …". */
  name: WorldName;
  visit(goal: WorldGoal): Promise<void>;
}

/** What a world may ask for. */
export interface WorldGoal extends Pick<Goal, "ground" | "open" | "openRelay" | "redis"> {
  step: number;
}
