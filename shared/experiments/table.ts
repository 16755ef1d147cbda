/**
 * A table in Markdown that reads well in a terminal, too: columns as wide as their widest cell. Numbers
 * stand at the right.
 *
 * @param rows The first one is the head. A row of one cell is a heading between the others.
 */
export function renderTable(rows: readonly (readonly string[])[]): string {
  const [head = []] = rows;
  const widths = head.map((_, column) =>
    Math.max(3, ...rows.filter(({ length }) => length > 1).map((row) => row[column]?.length ?? 0)),
  );
  const line = (cells: readonly string[]) =>
    `| ${widths.map((width, column) => padded(cells[column] ?? "", width)).join(" | ")} |`;
  return [
    line(head),
    `|${widths.map((width) => "-".repeat(width + 2)).join("|")}|`,
    ...rows.slice(1).map((row) => line(row.length === 1 ? [`**${row[0]}**`] : row)),
  ].join("\n");
}

function padded(cell: string, width: number): string {
  return /^[\d,.]+$/.test(cell) ? cell.padStart(width) : cell.padEnd(width);
}
