/**
 * Every message is deterministic CBOR (RFC 8949 §4.2), checked by a zod schema at the door. Unknown fields of a known
 * version are dropped, so that a later minor version may add some; anything that a signature covers keeps its bytes.
 */
import { decode as cborDecode, encode as cborEncode, rfc8949EncodeOptions } from "cborg";
import { z } from "zod";
import { depthOf } from "./cbor_depth.js";
import { ProtocolError, reasonOf } from "./errors.js";
import { isHash } from "./hash.js";
import { CBOR_DEPTH_MAX, NAME_CHARS_MAX, TEXT_CHARS_MAX } from "./limits.js";
import type { BlobRef, Hash } from "./types.js";

export function encode(value: unknown): Uint8Array {
  return cborEncode(value, rfc8949EncodeOptions);
}

export interface DecodeContext {
  /** Names the message in the error. */
  readonly what: string;
  readonly maxBytes: number;
  /**
   * Only the bytes that `encode` would write are taken. The decoder alone lets some others pass (keys out of order,
   * floats longer than needed, text that is not UTF-8); what a signature covers as bytes must have one spelling.
   */
  readonly canonical?: boolean;
}

/**
 * @throws ProtocolError `MESSAGE_TOO_LARGE` or `MESSAGE_MALFORMED`, which name the message and the first field that is
 * wrong
 */
export function decode<T>(schema: z.ZodType<T>, bytes: Uint8Array, context: DecodeContext): T {
  const { what, maxBytes, canonical = false } = context;
  if (bytes.length > maxBytes) {
    throw new ProtocolError(
      "MESSAGE_TOO_LARGE",
      `${what}: ${bytes.length} bytes, at most ${maxBytes} allowed`,
      {
        bytes: bytes.length,
        maxBytes,
      },
    );
  }
  const value = parse(bytes, what);
  if (canonical && Buffer.compare(encode(value), bytes) !== 0) throw malformed(what, "not in canonical form");
  return check(schema, value, what);
}

/**
 * Encodes a value that fits its schema, so that no node ever sends what others must refuse.
 * @throws ProtocolError `MESSAGE_MALFORMED`
 */
export function encodeAs<T>(schema: z.ZodType<T>, value: T, what: string): Uint8Array {
  return encode(check(schema, value, what));
}

function check<T>(schema: z.ZodType<T>, value: unknown, what: string): T {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  throw malformed(what, `${issue?.path.join(".") || "(root)"}: ${issue?.message}`);
}

function parse(bytes: Uint8Array, what: string): unknown {
  if (depthOf(bytes) > CBOR_DEPTH_MAX) throw malformed(what, `nested deeper than ${CBOR_DEPTH_MAX}`);
  try {
    return cborDecode(bytes, {
      allowIndefinite: false,
      allowUndefined: false,
      rejectDuplicateMapKeys: true,
      strict: true,
    });
  } catch (error) {
    throw malformed(what, `not CBOR: ${reasonOf(error)}`);
  }
}

function malformed(what: string, why: string): ProtocolError {
  return new ProtocolError("MESSAGE_MALFORMED", `${what}: ${why}`, { what });
}

// --- Fields that several messages share -----------------------------------------------------------------------

export const hashSchema = z.custom<Hash>(isHash, { error: "expected sha256: and 64 hex digits" });
export const naturalSchema = z.number().int().nonnegative().max(Number.MAX_SAFE_INTEGER);
export const peerSchema = z.string().min(1).max(NAME_CHARS_MAX);
export const nameSchema = z.string().min(1).max(NAME_CHARS_MAX);
export const textSchema = z.string().max(TEXT_CHARS_MAX);
export const blobRefSchema: z.ZodType<BlobRef> = z.object({
  hash: hashSchema,
  bytes: naturalSchema,
  chunkRoot: hashSchema,
});

/** @param exact the only length allowed, in bytes */
export function bytesSchema(bounds: { max: number } | { exact: number }): z.ZodType<Uint8Array> {
  const fits = (length: number) => ("exact" in bounds ? length === bounds.exact : length <= bounds.max);
  const error = "exact" in bounds ? `expected ${bounds.exact} bytes` : `expected at most ${bounds.max} bytes`;
  return z.custom<Uint8Array>((value) => value instanceof Uint8Array && fits(value.length), { error });
}
