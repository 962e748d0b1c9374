/** A table of numbers with a header row, whose last column is `label`: integers from 0, below 100 000. */
import { unreadable } from "./errors.js";
import { linesOf } from "./lines.js";
import { validationSize } from "./split.js";
import { tableDataset } from "./table.js";
import type { Dataset } from "./types.js";

/** Classes of a csv dataset; a larger label is refused. */
const CLASSES_MAX = 100_000;

/** The last tenth of the rows is the validation split: shuffle a file that is sorted by label. */
export async function openCsv(path: string, dataset: string): Promise<Dataset> {
  let columns: string[] | null = null;
  const values = new Growing(Float32Array);
  const labels = new Growing(Int32Array);
  let number = 0;
  for await (const line of linesOf(path, dataset)) {
    number += 1;
    if (line.trim() === "") continue;
    if (columns === null) columns = headerOf(line, dataset);
    else readRow(line, number, columns, values, labels, dataset);
  }
  const inputs = (columns?.length ?? 0) - 1;
  const rows = labels.length;
  if (columns === null || rows < 2)
    throw unreadable(dataset, `it needs a header and two rows, it has ${rows} rows`);
  const train = rows - validationSize(rows);
  const all = labels.values();
  return tableDataset({
    dataset,
    inputShape: [inputs],
    classes: all.reduce((max, label) => Math.max(max, label), 0) + 1,
    train: { values: values.values().subarray(0, train * inputs), labels: all.subarray(0, train) },
    validation: { values: values.values().subarray(train * inputs), labels: all.subarray(train) },
  });
}

function headerOf(line: string, dataset: string): string[] {
  const columns = line.split(",").map((name) => name.trim().replace(/^"(.*)"$/, "$1"));
  if (columns.length < 2 || columns.at(-1) !== "label") {
    throw unreadable(dataset, `the header's last column must be "label", it is "${columns.at(-1)}"`);
  }
  return columns;
}

function readRow(
  line: string,
  number: number,
  columns: readonly string[],
  values: Growing<Float32Array>,
  labels: Growing<Int32Array>,
  dataset: string,
): void {
  const cells = line.split(",");
  if (cells.length !== columns.length) {
    throw unreadable(dataset, `line ${number} has ${cells.length} columns, the header has ${columns.length}`);
  }
  cells.forEach((cell, i) => {
    const value = cell.trim() === "" ? Number.NaN : Math.fround(Number(cell));
    const isLabel = i === cells.length - 1;
    if (isLabel && !(Number.isInteger(value) && value >= 0 && value < CLASSES_MAX)) {
      throw unreadable(
        dataset,
        `line ${number}: label "${cell.trim()}" is not an integer in 0..${CLASSES_MAX - 1}`,
      );
    }
    if (!Number.isFinite(value)) {
      throw unreadable(dataset, `line ${number}, column ${columns[i]}: "${cell.trim()}" is not a number`);
    }
    if (isLabel) labels.push(value);
    else values.push(value);
  });
}

/** A typed array that doubles. */
class Growing<T extends Float32Array | Int32Array> {
  length = 0;
  private array: T;

  constructor(private readonly make: new (size: number) => T) {
    this.array = new make(1024);
  }

  push(value: number): void {
    if (this.length === this.array.length) {
      const larger = new this.make(2 * this.length);
      larger.set(this.array);
      this.array = larger;
    }
    this.array[this.length] = value;
    this.length += 1;
  }

  values(): T {
    return this.array.subarray(0, this.length) as T;
  }
}
