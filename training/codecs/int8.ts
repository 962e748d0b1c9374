import { TrainingError } from "../errors.js";
import { assertFinite, assertLength } from "./check.js";
import type { Codec } from "./types.js";

export const INT8_CHUNK_VALUES = 256;
const SCALE_BYTES = 4;
const FLOAT_MIN = 2 ** -149;

/**
 * Chunks of 256 values (the last may be shorter), one after the other, each as its float32 scale, little-endian,
 * followed by one int8 per value; a value is int8 × scale, rounded to float32. scale = max|x| / 127, so that a value is
 * off by at most half a scale; a chunk of zeros has scale 1.
 */
export const int8: Codec = {
  name: "int8",
  encodedBytes,
  encode(values) {
    assertFinite(values);
    const bytes = new Uint8Array(encodedBytes(values.length));
    const view = new DataView(bytes.buffer);
    let at = 0;
    for (let from = 0; from < values.length; from += INT8_CHUNK_VALUES) {
      const to = Math.min(values.length, from + INT8_CHUNK_VALUES);
      const scale = scaleOf(values, from, to);
      view.setFloat32(at, scale, true);
      at += SCALE_BYTES;
      for (let i = from; i < to; i += 1, at += 1) {
        bytes[at] = Math.max(-127, Math.min(127, Math.round(values[i]! / scale)));
      }
    }
    return bytes;
  },
  decode(bytes, size) {
    assertLength("int8", bytes, encodedBytes(size), size);
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    const values = new Float32Array(size);
    let at = 0;
    for (let from = 0; from < size; from += INT8_CHUNK_VALUES) {
      const to = Math.min(size, from + INT8_CHUNK_VALUES);
      const scale = view.getFloat32(at, true);
      assertScale(scale, from / INT8_CHUNK_VALUES);
      at += SCALE_BYTES;
      for (let i = from; i < to; i += 1, at += 1) values[i] = ((bytes[at]! << 24) >> 24) * scale;
    }
    return values;
  },
};

function encodedBytes(size: number): number {
  return size + SCALE_BYTES * Math.ceil(size / INT8_CHUNK_VALUES);
}

function scaleOf(values: Float32Array, from: number, to: number): number {
  let max = 0;
  for (let i = from; i < to; i += 1) max = Math.max(max, Math.abs(values[i]!));
  return max === 0 ? 1 : Math.max(FLOAT_MIN, Math.fround(max / 127));
}

function assertScale(scale: number, chunk: number): void {
  if (Number.isFinite(scale) && scale > 0) return;
  throw new TrainingError(
    "CODEC_MALFORMED",
    `int8: scale of chunk ${chunk} is ${scale}, not positive and finite`,
    {
      chunk,
      scale: String(scale),
    },
  );
}
