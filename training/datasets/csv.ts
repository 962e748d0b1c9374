/** A table of numbers with a header row, whose last column is `label`: integers from 0 on. */
import { bytesOf } from "../codecs/bytes.js";
import { unreadable } from "./errors.js";
import { CSV_CLASSES_MAX, CSV_COLUMNS_MAX } from "./limits.js";
import { linesOf } from "./lines.js";
import { Spool, type SpooledBytes } from "./spool.js";
import { closeAll, tableDataset } from "./table.js";
import type { Dataset, OpenDatasetOptions } from "./types.js";

/** The last tenth of the rows is the validation split: shuffle a file that is sorted by label. */
export async function openCsv(path: string, options: OpenDatasetOptions): Promise<Dataset> {
  const { dataset } = options;
  const { columns, classes, values, labels } = await readTable(path, options);
  try {
    return await tableDataset({ dataset, inputShape: [columns], classes, type: "f32", values, labels });
  } catch (error) {
    await closeAll([values, labels]);
    throw error;
  }
}

interface ReadTable {
  /** Without the label. */
  readonly columns: number;
  readonly classes: number;
  readonly values: SpooledBytes;
  readonly labels: SpooledBytes;
}

async function readTable(path: string, options: OpenDatasetOptions): Promise<ReadTable> {
  const { dataset } = options;
  const [values, labels] = [new Spool(options), new Spool(options)];
  let columns: string[] | null = null;
  let [number, rows, labelMax] = [0, 0, 0];
  try {
    for await (const line of linesOf(path, dataset)) {
      number += 1;
      if (line.trim() === "") continue;
      if (columns === null) {
        columns = headerOf(line, dataset);
        continue;
      }
      const row = rowOf(line, number, columns, dataset);
      await values.append(bytesOf(row.subarray(0, -1)));
      await labels.append(bytesOf(row.subarray(-1)));
      labelMax = Math.max(labelMax, row.at(-1) ?? 0);
      rows += 1;
    }
    if (columns === null || rows < 2)
      throw unreadable(dataset, `it needs a header and two rows, it has ${rows} rows`);
    return {
      columns: columns.length - 1,
      classes: labelMax + 1,
      values: await values.finish(),
      labels: await labels.finish(),
    };
  } catch (error) {
    await Promise.all([values.discard(), labels.discard()]);
    throw error;
  }
}

function headerOf(line: string, dataset: string): string[] {
  const columns = line.split(",").map((name) => name.trim().replace(/^"(.*)"$/, "$1"));
  if (columns.length < 2 || columns.at(-1) !== "label") {
    throw unreadable(dataset, `the header's last column must be "label", it is "${columns.at(-1)}"`);
  }
  if (columns.length - 1 > CSV_COLUMNS_MAX) {
    throw unreadable(dataset, `it has ${columns.length - 1} columns, at most ${CSV_COLUMNS_MAX} are read`);
  }
  return columns;
}

/** The values, then the label. */
function rowOf(line: string, number: number, columns: readonly string[], dataset: string): Float32Array {
  const cells = line.split(",");
  if (cells.length !== columns.length) {
    throw unreadable(dataset, `line ${number} has ${cells.length} columns, the header has ${columns.length}`);
  }
  return Float32Array.from(cells, (cell, i) => {
    const value = cell.trim() === "" ? Number.NaN : Math.fround(Number(cell));
    const isLabel = i === cells.length - 1;
    if (isLabel && !(Number.isInteger(value) && value >= 0 && value < CSV_CLASSES_MAX)) {
      throw unreadable(
        dataset,
        `line ${number}: label "${cell.trim()}" is not an integer in 0..${CSV_CLASSES_MAX - 1}`,
      );
    }
    if (!Number.isFinite(value)) {
      throw unreadable(dataset, `line ${number}, column ${columns[i]}: "${cell.trim()}" is not a number`);
    }
    return value;
  });
}
