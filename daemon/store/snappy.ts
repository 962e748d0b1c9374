/** Decompresses a block in Snappy's format (google/snappy, format_description.txt). */
import { ByteCursor } from "./byte_cursor.js";

/** @throws RangeError when it is not such a block, or has more than `maxBytes` */
export function unsnappy(compressed: Uint8Array, maxBytes: number): Uint8Array {
  const from = new ByteCursor(compressed);
  const length = from.varint();
  if (length > maxBytes) throw new RangeError(`it has ${length} bytes, at most ${maxBytes} are possible`);
  const out = new Uint8Array(length);
  let done = 0;
  while (!from.done) {
    const tag = from.byte();
    if ((tag & 3) === 0) {
      const literal = from.take(literalLength(tag >>> 2, from));
      out.set(literal, done);
      done += literal.length;
      continue;
    }
    const { bytes, back } = copyOf(tag, from);
    if (back === 0 || back > done || done + bytes > length)
      throw new RangeError("a copy in it leads outside");
    // Byte by byte: a copy may reach into what it writes.
    for (const end = done + bytes; done < end; done++) out[done] = out[done - back] as number;
  }
  if (done !== length) throw new RangeError(`it has ${done} bytes instead of ${length}`);
  return out;
}

/** Up to 60 in the tag itself, else in the 1 to 4 bytes behind it. */
function literalLength(code: number, from: ByteCursor): number {
  return code < 60 ? code + 1 : littleEndian(code - 59, from) + 1;
}

function copyOf(tag: number, from: ByteCursor): { bytes: number; back: number } {
  if ((tag & 3) === 1) return { bytes: ((tag >>> 2) & 7) + 4, back: (tag >>> 5) * 256 + from.byte() };
  return { bytes: (tag >>> 2) + 1, back: littleEndian((tag & 3) === 2 ? 2 : 4, from) };
}

function littleEndian(bytes: number, from: ByteCursor): number {
  let value = 0;
  for (let i = 0; i < bytes; i++) value += from.byte() * 256 ** i;
  return value;
}
