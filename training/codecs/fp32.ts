import { bytesToFloats, floatsToBytes } from "./bytes.js";
import { assertFinite, assertLength } from "./check.js";
import type { Codec } from "./types.js";

/** The values themselves, little-endian. Lossless. */
export const fp32: Codec = {
  name: "fp32",
  encodedBytes: (size) => 4 * size,
  encode(values) {
    assertFinite(values);
    return floatsToBytes(values);
  },
  decode(bytes, size) {
    assertLength("fp32", bytes, 4 * size, size);
    return bytesToFloats(bytes);
  },
};
