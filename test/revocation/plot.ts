import type { Cost, Way } from "./measure.ts";

const [width, height] = [560, 300];
const [left, right, top, bottom] = [64, 24, 44, 48];
const colors: Record<Way, string> = { index: "#1a7f5a", scan: "#c2452d" };
const names: Record<Way, string> = { index: "index per user", scan: "SCAN over all keys" };

/**
 * How the number of commands grows with other people's sessions, as an SVG; both axes are logarithmic.
 *
 * @param own The number of own sessions that the curves are for.
 */
export function plotCommands(costs: readonly Cost[], own: number): string {
  const shown = costs.filter((cost) => cost.own === own);
  const foreign = [...new Set(shown.map((cost) => cost.foreign))].toSorted((a, b) => a - b);
  const x = scale(Math.min(...foreign), Math.max(...foreign), left, width - right);
  const most = 10 ** Math.ceil(Math.log10(Math.max(...shown.map(({ commands }) => commands))));
  const y = scale(1, most, height - bottom, top);
  const ticks = Array.from({ length: Math.log10(most) + 1 }, (_, power) => 10 ** power);

  const lines = (["index", "scan"] as const).flatMap((way) => {
    const points = shown
      .filter((cost) => cost.way === way)
      .toSorted((a, b) => a.foreign - b.foreign)
      .map((cost) => ({ x: x(cost.foreign), y: y(cost.commands), label: grouped(cost.commands) }));
    const path = points.map((point) => `${point.x},${point.y}`).join(" ");
    const last = points.at(-1);
    return [
      `<polyline points="${path}" fill="none" stroke="${colors[way]}" stroke-width="2.5"/>`,
      ...points.flatMap((point) => [
        `<circle cx="${point.x}" cy="${point.y}" r="4" fill="${colors[way]}"/>`,
        text(point.x, point.y - 10, point.label, colors[way]),
      ]),
      last ? text(width - right, last.y + 20, names[way], colors[way], "end") : "",
    ];
  });
  const middle = left + (width - right - left) / 2;
  return `${[
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" font-family="system-ui, sans-serif" font-size="12">`,
    `<title>Commands that logging out everywhere sends, beside other people's sessions</title>`,
    `<rect width="${width}" height="${height}" rx="6" fill="#ffffff"/>`,
    text(
      16,
      22,
      `Redis commands to end ${own} ${own === 1 ? "session" : "sessions"}`,
      "#222222",
      "start",
    ),
    ...ticks.flatMap((tick) => [
      `<line x1="${left}" x2="${width - right}" y1="${y(tick)}" y2="${y(tick)}" stroke="#dddddd"/>`,
      text(left - 8, y(tick) + 4, grouped(tick), "#555555", "end"),
    ]),
    ...foreign.map((count) => text(x(count), height - bottom + 20, grouped(count), "#555555")),
    text(middle, height - 8, "sessions of other people", "#555555"),
    ...lines,
    "</svg>",
  ]
    .filter(Boolean)
    .join("\n")}\n`;
}

function scale(from: number, to: number, start: number, end: number) {
  const span = Math.log10(to / from) || 1;
  return (value: number) => Math.round(start + ((end - start) * Math.log10(value / from)) / span);
}

function text(x: number, y: number, content: string, fill: string, anchor = "middle"): string {
  return `<text x="${x}" y="${y}" fill="${fill}" text-anchor="${anchor}">${content}</text>`;
}

function grouped(count: number): string {
  return count.toLocaleString("en-US");
}
