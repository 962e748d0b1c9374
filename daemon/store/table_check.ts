/**
 * The checksums of a LevelDB table (google/leveldb, doc/table_format.md), block by block. LevelDB has them and does not
 * look at them by default, which no binding of ours can change; and what it takes for keys it asserts things about: one
 * flipped bit there ends the process without a word. So the tables are looked through before it opens them.
 */
import { ByteCursor } from "./byte_cursor.js";
import { maskedCrc32c } from "./crc32c.js";
import { unsnappy } from "./snappy.js";
import type { StoreFile } from "./store_fs.js";

const FOOTER_BYTES = 48;
const MAGIC = 0xdb4775248b80fb57n;
/** Behind each block: one byte that says how it is compressed, and the checksum of both. */
const TRAILER_BYTES = 5;
/** A block is cut at 4 KiB, but holds at least one record, which here has at most 32 MiB. */
const BLOCK_BYTES_MAX = 64 * 1024 * 1024;

interface Handle {
  readonly offset: number;
  readonly bytes: number;
}

/** @throws RangeError that says what is wrong with it; system errors as they come */
export async function checkTable(file: StoreFile, bytes: number): Promise<void> {
  if (bytes < FOOTER_BYTES) throw new RangeError("it is shorter than its footer");
  const footer = new Uint8Array(FOOTER_BYTES);
  await file.read(footer, bytes - FOOTER_BYTES);
  if (new DataView(footer.buffer).getBigUint64(FOOTER_BYTES - 8, true) !== MAGIC)
    throw new RangeError("it is no table: its magic number is another");
  const handles = new ByteCursor(footer);
  const metaIndex = handleOf(handles);
  const index = handleOf(handles);
  const end = bytes - FOOTER_BYTES;
  for (const list of [metaIndex, index]) {
    const content = await readBlock(file, list, end);
    for (const block of blocksIn(content)) await readBlock(file, block, end, false);
  }
}

function handleOf(from: ByteCursor): Handle {
  return { offset: from.varint(), bytes: from.varint() };
}

/** Checked; decompressed if that is wanted. */
async function readBlock(
  file: StoreFile,
  { offset, bytes }: Handle,
  end: number,
  wanted = true,
): Promise<Uint8Array> {
  const where = `its block at byte ${offset}`;
  if (bytes > BLOCK_BYTES_MAX || offset + bytes + TRAILER_BYTES > end)
    throw new RangeError(`${where} leads outside`);
  const block = new Uint8Array(bytes + TRAILER_BYTES);
  await file.read(block, offset);
  const sum = new DataView(block.buffer).getUint32(bytes + 1, true);
  if (sum !== maskedCrc32c(block.subarray(0, bytes + 1)))
    throw new RangeError(`the checksum of ${where} does not match its content`);
  const content = block.subarray(0, bytes);
  return wanted && block[bytes] === 1 ? unsnappy(content, BLOCK_BYTES_MAX) : content;
}

/** The values of an index: handles of blocks. Behind them stand restart points, 4 bytes each, and their number. */
function blocksIn(index: Uint8Array): Handle[] {
  const restarts = new DataView(index.buffer, index.byteOffset, index.length).getUint32(
    index.length - 4,
    true,
  );
  const entries = new ByteCursor(index.subarray(0, Math.max(0, index.length - 4 * (restarts + 1))));
  const found: Handle[] = [];
  while (!entries.done) {
    entries.varint(); // Bytes of the key that are those of the key before.
    const keyBytes = entries.varint();
    const valueBytes = entries.varint();
    entries.take(keyBytes);
    found.push(handleOf(new ByteCursor(entries.take(valueBytes))));
  }
  return found;
}
