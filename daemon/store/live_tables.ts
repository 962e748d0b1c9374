/**
 * Which tables a LevelDB is made of, from its MANIFEST: a log (google/leveldb, doc/log_format.md) of changes of the list.
 * A table that is being written when the process is killed lies there too, cut, but is on no list.
 */
import { join } from "node:path";
import { ByteCursor } from "./byte_cursor.js";
import { readSmallFile, type StoreFs } from "./store_fs.js";

const BLOCK_BYTES = 32 * 1024;
const HEADER_BYTES = 7;
/** A change of the list takes about a hundred bytes; LevelDB writes a new one at every start. */
const MANIFEST_BYTES_MAX = 64 * 1024 * 1024;
const CURRENT_BYTES_MAX = 1024;

/** What a record is a piece of. */
const LAST_PIECES = new Set([1, 4]);
const FIRST_PIECES = new Set([1, 2]);

/** Of the fields of a change that have to be passed over: how many numbers and strings follow the tag. */
const COMPARATOR = 1;
const NUMBERS = new Set([2, 3, 4, 9]);
const COMPACT_POINTER = 5;
const DELETED_FILE = 6;
const NEW_FILE = 7;

/** @returns numbers of the tables; null when the list cannot be read, which LevelDB itself then says */
export async function liveTables(fs: StoreFs, db: string): Promise<Set<number> | null> {
  try {
    const current = await readSmallFile(fs, join(db, "CURRENT"), CURRENT_BYTES_MAX);
    const name = new TextDecoder().decode(current).trimEnd();
    if (!/^MANIFEST-\d+$/.test(name)) return null;
    const live = new Set<number>();
    for (const change of records(await readSmallFile(fs, join(db, name), MANIFEST_BYTES_MAX)))
      apply(change, live);
    return live;
  } catch {
    // No database yet, or one that is damaged where LevelDB does check the sums.
    return null;
  }
}

function* records(log: Uint8Array): Generator<Uint8Array> {
  let pieces: Uint8Array[] = [];
  for (let block = 0; block < log.length; block += BLOCK_BYTES) {
    const end = Math.min(block + BLOCK_BYTES, log.length);
    for (let at = block; at + HEADER_BYTES <= end; ) {
      const length = (log[at + 4] as number) + 256 * (log[at + 5] as number);
      const type = log[at + 6] as number;
      if (FIRST_PIECES.has(type)) pieces = [];
      pieces.push(log.subarray(at + HEADER_BYTES, Math.min(at + HEADER_BYTES + length, end)));
      if (LAST_PIECES.has(type)) yield Buffer.concat(pieces);
      at += HEADER_BYTES + length;
    }
  }
}

function apply(change: Uint8Array, live: Set<number>): void {
  for (const from = new ByteCursor(change); !from.done; ) {
    const tag = from.varint();
    if (tag === COMPARATOR) from.string();
    else if (NUMBERS.has(tag)) from.varint();
    else if (tag === COMPACT_POINTER) {
      from.varint();
      from.string();
    } else if (tag === DELETED_FILE) {
      from.varint();
      live.delete(from.varint());
    } else if (tag === NEW_FILE) {
      from.varint();
      live.add(from.varint());
      from.varint();
      from.string();
      from.string();
    } else throw new RangeError(`a change of the list has a field ${tag}`);
  }
}
