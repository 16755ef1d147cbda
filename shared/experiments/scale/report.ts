import type { Load } from "../load.ts";
import { renderTable } from "../table.ts";
import type { Errors } from "./probe.ts";
import type { Processors } from "./processors.ts";

/** What so many processes serve. */
export interface Curve extends Processors {
  count: number;
  me: Load;
  visits: Load;
}

export interface Scale {
  conditions: string;
  curves: readonly Curve[];
  sessionCount: number;
  killedApp: Errors & { lost: number };
  killedMaster: Errors & { lost: number };
  /** Sessions that are still open after logging out everywhere. */
  leftAfterLogoutAll: number;
}

export function report(scale: Scale): string {
  const { conditions, curves, sessionCount, killedApp, killedMaster, leftAfterLogoutAll } = scale;
  const perSecond = ({ requestsPerSecond, p99Ms, failed }: Load) =>
    `${requestsPerSecond.toLocaleString("en-US")}, p99 ${p99Ms} ms${failed > 0 ? `, ${failed} failed` : ""}`;
  const errors = ({ requests, failed, seconds }: Errors) =>
    failed === 0 ? `none of ${requests}` : `${failed} of ${requests}, for ${seconds.toFixed(1)} s`;
  const row = (what: string, cells: readonly string[]) => [
    what,
    ...curves.map((_, i) => cells[i - curves.length + cells.length] ?? ""),
  ];
  return [
    conditions,
    "",
    renderTable([
      ["processes of the app", ...curves.map(({ count }) => String(count))],
      ["Requests per second"],
      row(
        "GET /me",
        curves.map((curve) => perSecond(curve.me)),
      ),
      row(
        "GET /visits",
        curves.map((curve) => perSecond(curve.visits)),
      ),
      row(
        "processors busy with the app, GET /me",
        curves.map((curve) => curve.busyWithApps.toFixed(1)),
      ),
      row(
        "processors busy with anything",
        curves.map((curve) => curve.busy.toFixed(1)),
      ),
      ["A process of the app is killed"],
      row("failed requests", [errors(killedApp)]),
      row(`of ${sessionCount} sessions, lost`, [String(killedApp.lost)]),
      ["A master of the cluster is killed"],
      row("failed requests", [errors(killedMaster)]),
      row(`of ${sessionCount} sessions, lost once its replica took over`, [
        String(killedMaster.lost),
      ]),
      ["Logging out everywhere, after that"],
      row(`of ${sessionCount} sessions, left`, [String(leftAfterLogoutAll)]),
    ]),
    "",
    "A process of the app uses one processor at the most: that is the limit of its design, and more processes lift it. Where all processors are busy, the limit is the machine's.",
  ].join("\n");
}
