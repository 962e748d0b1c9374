import type { CodecName } from "../session.js";

/**
 * Turns a flat float32 vector into bytes and back. Decoding is bit-exact: the same bytes give the same floats on
 * every machine, because what is aggregated is the decoded value.
 */
export interface Codec {
  readonly name: CodecName;
  /** Exact length of the encoding of `size` values, in bytes. */
  encodedBytes(size: number): number;
  encode(values: Float32Array): Uint8Array;
  /**
   * @throws TrainingError `CODEC_MALFORMED` when the length does not fit `size` or a scale is not finite and positive
   */
  decode(bytes: Uint8Array, size: number): Float32Array;
}
