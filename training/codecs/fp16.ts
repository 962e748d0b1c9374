import { assertFinite, assertLength } from "./check.js";
import { fromHalf, HALF_MAX, toHalf } from "./half.js";
import type { Codec } from "./types.js";

/**
 * Little-endian IEEE 754 binary16, rounded to nearest even. A finite value beyond ±65 504 is sent as ±65 504: an
 * infinity would cost the whole update, and error feedback sends the rest later.
 */
export const fp16: Codec = {
  name: "fp16",
  encodedBytes: (size) => 2 * size,
  encode(values) {
    assertFinite(values);
    const bytes = new Uint8Array(2 * values.length);
    for (let i = 0; i < values.length; i += 1) {
      const half = toHalf(Math.min(HALF_MAX, Math.max(-HALF_MAX, values[i]!)));
      bytes[2 * i] = half & 0xff;
      bytes[2 * i + 1] = half >>> 8;
    }
    return bytes;
  },
  decode(bytes, size) {
    assertLength("fp16", bytes, 2 * size, size);
    const values = new Float32Array(size);
    for (let i = 0; i < size; i += 1) values[i] = fromHalf(bytes[2 * i]! | (bytes[2 * i + 1]! << 8));
    return values;
  },
};
