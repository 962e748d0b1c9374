export type Operation =
  | { readonly type: "put"; readonly key: string; readonly value: Uint8Array }
  | { readonly type: "del"; readonly key: string };

export interface WriteOptions {
  /** On the disk when it resolves; an in-memory level knows no disk and passes over it. */
  readonly sync: boolean;
}

export interface Range {
  readonly gte?: string;
  readonly lte?: string;
  readonly lt?: string;
  readonly reverse?: boolean;
  readonly limit?: number;
}

/** Read with `for await`, or to the end with `all`. */
export interface Found<T> extends AsyncIterable<T> {
  all(): Promise<T[]>;
}

/**
 * A part of the database: text keys, byte values. What is used of a level; any `AbstractLevel` with text keys and
 * `valueEncoding: "view"` is one.
 */
export interface BytesLevel {
  get(key: string): Promise<Uint8Array | undefined>;
  getMany(keys: string[]): Promise<(Uint8Array | undefined)[]>;
  put(key: string, value: Uint8Array, options?: WriteOptions): Promise<void>;
  del(key: string, options?: WriteOptions): Promise<void>;
  batch(operations: Operation[], options?: WriteOptions): Promise<void>;
  keys(range?: Range): Found<string>;
  values(range?: Range): Found<Uint8Array>;
  iterator(range?: Range): Found<[string, Uint8Array]>;
}

/** Write options: fsync before the promise resolves. A later durable write covers all earlier ones. */
export const DURABLE: WriteOptions = { sync: true };

/** The part of the node's logger that the store needs. */
export interface StoreLogger {
  info(facts: Record<string, unknown>, message: string): void;
  warn(facts: Record<string, unknown>, message: string): void;
}
