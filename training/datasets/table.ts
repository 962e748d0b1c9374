/** Labelled samples: bytes to be scaled (images) or float32 values (tables). */
import { createHash, type Hash } from "node:crypto";
import { fixOrder } from "../codecs/bytes.js";
import type { DataSpec } from "../session.js";
import { assertSamples, validationSize } from "./split.js";
import type { SpooledBytes } from "./spool.js";
import type { Batch, Dataset } from "./types.js";

/** Some samples after each other, as they lie in what is spooled. */
interface Split {
  readonly first: number;
  readonly samples: number;
}

export interface Table {
  readonly dataset: string;
  readonly inputShape: readonly number[];
  readonly classes: number;
  /** Of one value: `u8` for bytes b that stand for b / 255, `f32` for little-endian float32. */
  readonly type: "u8" | "f32";
  /** Sample after sample, those for validation last. */
  readonly values: SpooledBytes;
  /** One float32 each, little-endian. */
  readonly labels: SpooledBytes;
  /** How many of the samples, from the last on, are for validation; a tenth when left out. */
  readonly validationSamples?: number;
}

const FLOAT_BYTES = 4;
const PIECE_BYTES = 1024 * 1024;

export async function tableDataset(table: Table): Promise<Dataset> {
  const samples = table.labels.length / FLOAT_BYTES;
  const validationSamples = table.validationSamples ?? validationSize(samples);
  const trainSamples = samples - validationSamples;
  const { dataset, classes } = table;
  const inputShape = [...table.inputShape];
  const splits = {
    train: { first: 0, samples: trainSamples },
    validation: { first: trainSamples, samples: validationSamples },
  };
  const fingerprint = await fingerprintOf(table, [splits.train, splits.validation]);
  const kind = "classification";
  return new TableDataset(table, splits, {
    ...{ kind, dataset, fingerprint, inputShape, classes, trainSamples, validationSamples },
  });
}

class TableDataset implements Dataset {
  constructor(
    private readonly table: Table,
    private readonly splits: { readonly train: Split; readonly validation: Split },
    readonly spec: DataSpec,
  ) {}

  async trainBatch(samples: readonly number[]): Promise<Batch> {
    assertSamples(this.spec.dataset, "training", samples, this.spec.trainSamples);
    return this.gather(samples, this.splits.train);
  }

  async validationBatch(samples: readonly number[]): Promise<Batch> {
    assertSamples(this.spec.dataset, "validation", samples, this.spec.validationSamples);
    return this.gather(samples, this.splits.validation);
  }

  async close(): Promise<void> {
    await closeAll([this.table.values, this.table.labels]);
  }

  private async gather(samples: readonly number[], { first }: Split): Promise<Batch> {
    const { inputShape, type, values, labels } = this.table;
    const size = sampleSize(this.table);
    const inputs = new Float32Array(samples.length * size);
    const targets = new Int32Array(samples.length);
    const row = new Uint8Array(size * (type === "u8" ? 1 : FLOAT_BYTES));
    const label = new Uint8Array(FLOAT_BYTES);
    for (const [at, sample] of samples.entries()) {
      await values.read(row, (first + sample) * row.length);
      inputs.set(type === "u8" ? row : floatsOf(row), at * size);
      await labels.read(label, (first + sample) * FLOAT_BYTES);
      targets[at] = floatsOf(label)[0]!;
    }
    if (type === "u8") for (let i = 0; i < inputs.length; i += 1) inputs[i]! /= 255;
    return { kind: "classification", samples: samples.length, inputShape, inputs, targets };
  }
}

/** In place: what is read next goes into the same bytes. */
function floatsOf(bytes: Uint8Array): Float32Array {
  fixOrder(bytes);
  return new Float32Array(bytes.buffer, bytes.byteOffset, bytes.length / FLOAT_BYTES);
}

const sampleSize = ({ inputShape }: Table): number => inputShape.reduce((a, b) => a * b, 1);

/** All of them, whether or not one fails. @throws the first that fails */
export async function closeAll(parts: readonly SpooledBytes[]): Promise<void> {
  const ends = await Promise.allSettled(parts.map((part) => part.close()));
  const failed = ends.find((end) => end.status === "rejected");
  if (failed) throw failed.reason;
}

/** SHA-256 over a line that says what follows, then each split's values and its labels as float32, little-endian. */
async function fingerprintOf(table: Table, splits: readonly Split[]): Promise<`sha256:${string}`> {
  const hash = createHash("sha256");
  const { type, inputShape, classes, values, labels } = table;
  const counts = splits.map((split) => split.samples);
  hash.update(`${JSON.stringify({ type, inputShape, classes, counts })}\n`);
  const valueBytes = sampleSize(table) * (type === "u8" ? 1 : FLOAT_BYTES);
  for (const { first, samples } of splits) {
    await hashRange(hash, values, first * valueBytes, samples * valueBytes);
    await hashRange(hash, labels, first * FLOAT_BYTES, samples * FLOAT_BYTES);
  }
  return `sha256:${hash.digest("hex")}`;
}

async function hashRange(hash: Hash, bytes: SpooledBytes, from: number, length: number): Promise<void> {
  const piece = new Uint8Array(Math.min(PIECE_BYTES, length));
  for (let done = 0; done < length; done += piece.length) {
    const part = piece.subarray(0, Math.min(piece.length, length - done));
    await bytes.read(part, from + done);
    hash.update(part);
  }
}
