/**
 * A part of the database whose records carry a checksum of their own. LevelDB has one per block but checks it only in
 * its journal: what it reads from tables, and copies when it merges them, is as the disk gives it.
 */
import { dirname } from "node:path";
import { crc32 } from "node:zlib";
import { corruptDatabase, explainedError } from "./corrupt_database.js";
import { errnoOf } from "./store_fs.js";
import type { BytesLevel, Found, Operation, Range, StoreLogger, WriteOptions } from "./types.js";

const CHECKSUM_BYTES = 4;
/** Damaged records that are named in the log, once each; after that many the disk has been complained about enough. */
const NAMED_MAX = 100;

/** `refuse`: the node must not go on without it. `forget`: it counts as missing, and is had again from elsewhere. */
export type OnDamage = "refuse" | "forget";

export interface CheckedLevelInit {
  /** Of the part; in the checksum, so that another part's record is found out. */
  readonly name: string;
  /** The database's folder, for the error. */
  readonly path: string;
  readonly onDamage: OnDamage;
  readonly logger: StoreLogger;
}

export class CheckedLevel implements BytesLevel {
  private readonly named = new Set<string>();

  constructor(
    private readonly level: BytesLevel,
    private readonly init: CheckedLevelInit,
  ) {}

  async get(key: string): Promise<Uint8Array | undefined> {
    return this.open(key, await explained(this.init.path, () => this.level.get(key)));
  }

  async getMany(keys: string[]): Promise<(Uint8Array | undefined)[]> {
    const records = await explained(this.init.path, () => this.level.getMany(keys));
    return records.map((record, i) => this.open(keys[i] as string, record));
  }

  put(key: string, value: Uint8Array, options?: WriteOptions): Promise<void> {
    return this.level.put(key, this.seal(key, value), options);
  }

  del(key: string, options?: WriteOptions): Promise<void> {
    return this.level.del(key, options);
  }

  batch(operations: Operation[], options?: WriteOptions): Promise<void> {
    const sealed = operations.map((o) => (o.type === "put" ? { ...o, value: this.seal(o.key, o.value) } : o));
    return this.level.batch(sealed, options);
  }

  /** Reads no values, so it does not know which of them are damaged. */
  keys(range?: Range): Found<string> {
    return found(explainedAll(this.init.path, this.level.keys(range)));
  }

  values(range?: Range): Found<Uint8Array> {
    return found(valuesOf(this.pairs(range)));
  }

  iterator(range?: Range): Found<[string, Uint8Array]> {
    return found(this.pairs(range));
  }

  private async *pairs(range?: Range): AsyncGenerator<[string, Uint8Array]> {
    for await (const [key, record] of explainedAll(this.init.path, this.level.iterator(range))) {
      const value = this.open(key, record);
      if (value !== undefined) yield [key, value];
    }
  }

  private seal(key: string, value: Uint8Array): Uint8Array {
    const record = new Uint8Array(CHECKSUM_BYTES + value.length);
    new DataView(record.buffer).setUint32(0, this.checksum(key, value));
    record.set(value, CHECKSUM_BYTES);
    return record;
  }

  private open(key: string, record: Uint8Array | undefined): Uint8Array | undefined {
    if (record === undefined) return undefined;
    const value = record.subarray(CHECKSUM_BYTES);
    const sum = new DataView(record.buffer, record.byteOffset, record.byteLength);
    if (record.length >= CHECKSUM_BYTES && sum.getUint32(0) === this.checksum(key, value)) return value;
    const { name, path, onDamage } = this.init;
    const why = `the checksum of record "${name}/${key}" does not match its content`;
    if (onDamage === "refuse") throw corruptDatabase(path, why);
    this.complain(key, why);
    return undefined;
  }

  private complain(key: string, why: string): void {
    if (this.named.size >= NAMED_MAX || this.named.has(key)) return;
    this.named.add(key);
    const { logger, path } = this.init;
    logger.warn(
      { path },
      `${why}: it counts as missing, and is fetched again from other nodes. Check the disk`,
    );
  }

  private checksum(key: string, value: Uint8Array): number {
    // In this order: of an array without memory, which an empty one may be, zlib gives 0 whatever it is to go on from.
    return crc32(`${this.init.name}/${key}`, crc32(value));
  }
}

/** A part that checks its records itself; what LevelDB finds out is named like everything else. */
export class ExplainedLevel implements BytesLevel {
  constructor(
    private readonly level: BytesLevel,
    private readonly path: string,
  ) {}

  get(key: string): Promise<Uint8Array | undefined> {
    return explained(this.path, () => this.level.get(key));
  }

  getMany(keys: string[]): Promise<(Uint8Array | undefined)[]> {
    return explained(this.path, () => this.level.getMany(keys));
  }

  put(key: string, value: Uint8Array, options?: WriteOptions): Promise<void> {
    return this.level.put(key, value, options);
  }

  del(key: string, options?: WriteOptions): Promise<void> {
    return this.level.del(key, options);
  }

  batch(operations: Operation[], options?: WriteOptions): Promise<void> {
    return this.level.batch(operations, options);
  }

  keys(range?: Range): Found<string> {
    return found(explainedAll(this.path, this.level.keys(range)));
  }

  values(range?: Range): Found<Uint8Array> {
    return found(explainedAll(this.path, this.level.values(range)));
  }

  iterator(range?: Range): Found<[string, Uint8Array]> {
    return found(explainedAll(this.path, this.level.iterator(range)));
  }
}

/** What LevelDB finds out, and not what the caller has done wrong. */
const FOUND_OUT = new Set(["LEVEL_CORRUPTION", "LEVEL_IO_ERROR"]);

/** @throws DaemonError `STORE_CORRUPT`, `DATA_DIR_UNUSABLE` */
async function explained<T>(path: string, read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (error) {
    throw FOUND_OUT.has(errnoOf(error) ?? "") ? explainedError(dirname(path), error) : error;
  }
}

async function* explainedAll<T>(path: string, items: AsyncIterable<T>): AsyncGenerator<T> {
  try {
    yield* items;
  } catch (error) {
    throw FOUND_OUT.has(errnoOf(error) ?? "") ? explainedError(dirname(path), error) : error;
  }
}

async function* valuesOf(pairs: AsyncIterable<[string, Uint8Array]>): AsyncGenerator<Uint8Array> {
  for await (const [, value] of pairs) yield value;
}

function found<T>(items: AsyncGenerator<T>): Found<T> {
  return {
    [Symbol.asyncIterator]: () => items,
    all: async () => {
      const all: T[] = [];
      for await (const item of items) all.push(item);
      return all;
    },
  };
}
