/** Float32 values as little-endian bytes, whatever the machine's own order is. */
import { endianness } from "node:os";

const HOST_IS_LITTLE = endianness() === "LE";

/** A copy of the values as bytes. */
export function floatsToBytes(values: Float32Array): Uint8Array {
  const bytes = new Uint8Array(values.slice().buffer);
  fixOrder(bytes);
  return bytes;
}

/** The values as bytes, without copying where the host's order is little-endian: not to be kept or changed. */
export function bytesOf(values: Float32Array): Uint8Array {
  if (!HOST_IS_LITTLE) return floatsToBytes(values);
  return new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
}

/** A copy of the bytes as values; the length must be a multiple of four. */
export function bytesToFloats(bytes: Uint8Array): Float32Array {
  const copy = new Uint8Array(bytes.length);
  copy.set(bytes);
  fixOrder(copy);
  return new Float32Array(copy.buffer);
}

/** Turns float32 bytes from little-endian into the host's order or back, in place. */
export function fixOrder(bytes: Uint8Array): void {
  if (!HOST_IS_LITTLE) Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).swap32();
}
