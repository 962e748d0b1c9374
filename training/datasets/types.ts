import type { DataSpec } from "../session.js";

/** One batch, ready for a backend. Text: `inputs`/`targets` are token ids [samples × contextLength]. */
export type Batch =
  | {
      readonly kind: "text";
      readonly samples: number;
      readonly contextLength: number;
      readonly inputs: Int32Array;
      readonly targets: Int32Array;
    }
  | {
      readonly kind: "classification";
      readonly samples: number;
      /** Shape of one sample; `inputs` is [samples × …inputShape]. */
      readonly inputShape: readonly number[];
      readonly inputs: Float32Array;
      readonly targets: Int32Array;
    };

/** An opened dataset: random access to samples by number, in the dataset's own order. */
export interface Dataset {
  readonly spec: DataSpec;
  /** Gathers the training samples with these numbers, in this order. */
  trainBatch(samples: readonly number[]): Promise<Batch>;
  validationBatch(samples: readonly number[]): Promise<Batch>;
  close(): Promise<void>;
}

export interface OpenDatasetOptions {
  /** e.g. `builtin:moby-dick`, `builtin:mnist`, `file:/data/corpus.txt` */
  readonly dataset: string;
  /** Window length for text. */
  readonly contextLength: number;
  /** `char` builds the vocabulary from the text; `byte` is 256 fixed tokens. Ignored for classification. */
  readonly tokenizer: "char" | "byte";
  /** Folder for what is too large for memory; the system's temporary folder when left out. */
  readonly scratchDir?: string;
  /** Encoded bytes of each part held in memory; `DATASET_MEMORY_BYTES_MAX` when left out. */
  readonly memoryBytesMax?: number;
}
