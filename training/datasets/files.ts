/** `file:PATH`: .txt (all of it is the text), .jsonl (a `text` per line), .csv (numbers and a label). */
import { stat } from "node:fs/promises";
import { extname, resolve } from "node:path";
import { z } from "zod";
import { openCsv } from "./csv.js";
import { reasonOf, unreadable } from "./errors.js";
import { DATASET_FILE_BYTES_MAX } from "./limits.js";
import { linesOf, textOf } from "./lines.js";
import { openText } from "./text.js";
import type { Dataset, OpenDatasetOptions } from "./types.js";

/** Between two documents of a .jsonl file. */
const SEPARATOR = "\n\n";
const recordSchema = z.object({ text: z.string() });

export async function openFile(options: OpenDatasetOptions): Promise<Dataset> {
  const { dataset } = options;
  const path = resolve(dataset.slice("file:".length));
  await assertFile(path, dataset);
  switch (extname(path).toLowerCase()) {
    case ".txt":
      return openText(() => textOf(path, dataset), options);
    case ".jsonl":
      return openText(() => recordsOf(path, dataset), options);
    case ".csv":
      return openCsv(path, options);
    default:
      throw unreadable(dataset, "its name must end in .txt, .jsonl or .csv");
  }
}

async function assertFile(path: string, dataset: string): Promise<void> {
  const found = await stat(path).catch((error: unknown) => {
    throw unreadable(dataset, `cannot read ${path}: ${reasonOf(error)}`, error);
  });
  if (!found.isFile()) throw unreadable(dataset, `${path} is not a file`);
  if (found.size > DATASET_FILE_BYTES_MAX) {
    throw unreadable(dataset, `${path} has ${found.size} bytes, at most ${DATASET_FILE_BYTES_MAX} are read`);
  }
}

async function* recordsOf(path: string, dataset: string): AsyncGenerator<string> {
  let number = 0;
  let first = true;
  for await (const line of linesOf(path, dataset)) {
    number += 1;
    if (line.trim() === "") continue;
    const text = textField(line, number, dataset);
    yield first ? text : SEPARATOR + text;
    first = false;
  }
}

function textField(line: string, number: number, dataset: string): string {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch (error) {
    throw unreadable(dataset, `line ${number} is not JSON: ${reasonOf(error)}`, error);
  }
  const record = recordSchema.safeParse(value);
  if (!record.success) throw unreadable(dataset, `line ${number} has no "text" that is a string`);
  // A lone surrogate has no UTF-8, and so no fingerprint and no place in a vocabulary.
  return record.data.text.toWellFormed();
}
