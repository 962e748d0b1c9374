import type { AbstractBatchOptions, AbstractLevel } from "abstract-level";

/** A part of the database: text keys, byte values. */
export type BytesLevel = AbstractLevel<string | Buffer | Uint8Array, string, Uint8Array>;

/** Write options: fsync before the promise resolves. A later durable write covers all earlier ones. */
export const DURABLE: AbstractBatchOptions<string, Uint8Array> & { readonly sync: true } = { sync: true };

/** The part of the node's logger that the store needs. */
export interface StoreLogger {
  info(facts: Record<string, unknown>, message: string): void;
  warn(facts: Record<string, unknown>, message: string): void;
}
