// What Stryker loads, in its own process and in those of its test runners.
import { register } from "tsx/esm/api";

register();
const [{ GoalRunner }, { SurvivorReporter }] = await Promise.all([
  import("./goal-runner.ts"),
  import("./survivor-reporter.ts"),
]);

export const strykerPlugins = [
  { kind: "TestRunner", name: "goals", factory: () => new GoalRunner() },
  { kind: "Reporter", name: "survivors", factory: () => new SurvivorReporter() },
];
