/** Aligned columns of plain text. */
import { printable } from "./io.js";

export type Cell = string | number | null | undefined;

const UNKNOWN = "-";

/** Columns in which every cell is a number are set to the right. Unknown cells are a dash. */
export function table(header: readonly string[], rows: readonly (readonly Cell[])[]): string {
  const body = rows.map((row) => header.map((_, i) => cellText(row[i])));
  const widths = header.map((title, i) =>
    Math.max(title.length, ...body.map((row) => widthOf(row[i] ?? ""))),
  );
  const right = header.map((_, i) => rows.length > 0 && body.every((row) => isNumeric(row[i] ?? "")));
  const line = (cells: readonly string[]) =>
    cells
      .map((cell, i) => {
        const padding = " ".repeat((widths[i] as number) - widthOf(cell));
        return right[i] ? padding + cell : cell + padding;
      })
      .join("  ")
      .trimEnd();
  return [line(header.map((title) => title.toUpperCase())), ...body.map(line)].join("\n");
}

/** `label  value` lines with the values in one column. Lines without a value are left out. */
export function facts(rows: readonly (readonly [label: string, value: Cell])[]): string {
  const shown = rows.filter(([, value]) => value !== null && value !== undefined && value !== "");
  const width = Math.max(0, ...shown.map(([label]) => label.length));
  return shown.map(([label, value]) => `${label.padEnd(width)}  ${cellText(value)}`).join("\n");
}

function cellText(cell: Cell): string {
  if (cell === null || cell === undefined || cell === "") return UNKNOWN;
  return printable(String(cell)).replaceAll("\n", " ");
}

function isNumeric(text: string): boolean {
  return text === UNKNOWN || /^-?[\d.,]+( ?%| [A-Za-z/µ]+)?$/.test(text);
}

/** Characters, not UTF-16 units. */
function widthOf(text: string): number {
  return [...text].length;
}
