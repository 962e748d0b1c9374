/** CRC-32C (Castagnoli, RFC 3720 §12.1), which LevelDB uses and `node:zlib` does not have; eight bytes at a time. */
const POLYNOMIAL = 0x82f63b78;
const SLICES = 8;

/** `TABLE[256 * k + b]`: what byte `b` does to the sum `k` bytes later. */
const TABLE = makeTable();

function makeTable(): Uint32Array {
  const table = new Uint32Array(256 * SLICES);
  for (let byte = 0; byte < 256; byte++) {
    let sum = byte;
    for (let bit = 0; bit < 8; bit++) sum = (sum & 1) === 1 ? (sum >>> 1) ^ POLYNOMIAL : sum >>> 1;
    table[byte] = sum;
  }
  for (let i = 256; i < table.length; i++) {
    const before = at(table, i - 256);
    table[i] = (before >>> 8) ^ at(table, before & 255);
  }
  return table;
}

function at(table: Uint32Array, index: number): number {
  return table[index] as number;
}

export function crc32c(bytes: Uint8Array): number {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  let sum = 0xffffffff;
  let i = 0;
  for (; i + SLICES <= bytes.length; i += SLICES) {
    const low = view.getUint32(i, true) ^ sum;
    const high = view.getUint32(i + 4, true);
    sum =
      at(TABLE, 1792 + (low & 255)) ^
      at(TABLE, 1536 + ((low >>> 8) & 255)) ^
      at(TABLE, 1280 + ((low >>> 16) & 255)) ^
      at(TABLE, 1024 + (low >>> 24)) ^
      at(TABLE, 768 + (high & 255)) ^
      at(TABLE, 512 + ((high >>> 8) & 255)) ^
      at(TABLE, 256 + ((high >>> 16) & 255)) ^
      at(TABLE, high >>> 24);
  }
  for (; i < bytes.length; i++) sum = (sum >>> 8) ^ at(TABLE, (sum ^ (bytes[i] as number)) & 255);
  return (sum ^ 0xffffffff) >>> 0;
}

/** As LevelDB stores it: a sum over bytes that hold sums themselves would be weak (util/crc32c.h). */
export function maskedCrc32c(bytes: Uint8Array): number {
  const sum = crc32c(bytes);
  return (((sum >>> 15) | (sum << 17)) + 0xa282ead8) >>> 0;
}
