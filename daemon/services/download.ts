import type { Readable } from "node:stream";

/** A checkpoint on its way out. */
export interface ModelDownload {
  readonly stream: Readable;
  readonly filename: string;
  /** Length of the stream, when it is known beforehand. */
  readonly bytes?: number;
}
