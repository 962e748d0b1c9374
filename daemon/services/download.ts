import type { Readable } from "node:stream";

export type DownloadFormat = "tar" | "safetensors";

/** Bytes `[from, to)`. */
export interface ByteRange {
  readonly from: number;
  readonly to: number;
}

/** A model on its way out: always the same bytes while its tag is the same. */
export interface ModelDownload {
  readonly filename: string;
  readonly contentType: string;
  /** A strong entity tag, in its quotes. */
  readonly etag: string;
  /** Hash of the version inside. */
  readonly modelHash: string;
  readonly bytes: number;
  /** Taken at most once; destroying it releases everything. */
  stream(range?: ByteRange): Readable;
  /** For what is not streamed after all. */
  close(): Promise<void>;
}
