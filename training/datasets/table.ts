/** Labelled samples held in memory: bytes to be scaled (images) or float32 values (tables). */
import { createHash } from "node:crypto";
import { bytesOf } from "../codecs/bytes.js";
import type { DataSpec } from "../session.js";
import { assertSamples } from "./split.js";
import type { Batch, Dataset } from "./types.js";

export interface Rows {
  /** Sample after sample; bytes b stand for b / 255. */
  readonly values: Uint8Array | Float32Array;
  readonly labels: Uint8Array | Int32Array;
}

export interface Table {
  readonly dataset: string;
  readonly inputShape: readonly number[];
  readonly classes: number;
  readonly train: Rows;
  readonly validation: Rows;
}

export function tableDataset(table: Table): Dataset {
  return new TableDataset(table);
}

class TableDataset implements Dataset {
  readonly spec: DataSpec;
  private readonly sampleSize: number;

  constructor(private readonly table: Table) {
    this.sampleSize = table.inputShape.reduce((a, b) => a * b, 1);
    this.spec = {
      kind: "classification",
      dataset: table.dataset,
      fingerprint: fingerprintOf(table),
      inputShape: [...table.inputShape],
      classes: table.classes,
      trainSamples: table.train.labels.length,
      validationSamples: table.validation.labels.length,
    };
  }

  async trainBatch(samples: readonly number[]): Promise<Batch> {
    assertSamples(this.spec.dataset, "training", samples, this.spec.trainSamples);
    return this.gather(samples, this.table.train);
  }

  async validationBatch(samples: readonly number[]): Promise<Batch> {
    assertSamples(this.spec.dataset, "validation", samples, this.spec.validationSamples);
    return this.gather(samples, this.table.validation);
  }

  async close(): Promise<void> {}

  private gather(samples: readonly number[], { values, labels }: Rows): Batch {
    const size = this.sampleSize;
    const scale = values instanceof Uint8Array ? 255 : 1;
    const inputs = new Float32Array(samples.length * size);
    const targets = new Int32Array(samples.length);
    samples.forEach((sample, row) => {
      for (let i = 0; i < size; i += 1) inputs[row * size + i] = values[sample * size + i]! / scale;
      targets[row] = labels[sample]!;
    });
    const { inputShape } = this.table;
    return { kind: "classification", samples: samples.length, inputShape, inputs, targets };
  }
}

/** SHA-256 over a line that says what follows, then each split's values and its labels as float32, little-endian. */
function fingerprintOf({ inputShape, classes, train, validation }: Table): `sha256:${string}` {
  const hash = createHash("sha256");
  const type = train.values instanceof Uint8Array ? "u8" : "f32";
  const counts = [train.labels.length, validation.labels.length];
  hash.update(`${JSON.stringify({ type, inputShape, classes, counts })}\n`);
  for (const { values, labels } of [train, validation]) {
    hash.update(values instanceof Uint8Array ? values : bytesOf(values));
    hash.update(bytesOf(Float32Array.from(labels)));
  }
  return `sha256:${hash.digest("hex")}`;
}
