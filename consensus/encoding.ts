/**
 * Deterministic CBOR (RFC 8949 §4.2) for everything that consensus signs, stores or hashes. Two nodes that hold the
 * same value hold the same bytes; decoding refuses what a deterministic encoder would not have written.
 */
import { createHash } from "node:crypto";
import { decode, encode, rfc8949EncodeOptions } from "cborg";
import type { z } from "zod";
import { CBOR_DEPTH_MAX, cborDepthOf, type Hash } from "../protocol/types.js";
import { ConsensusError } from "./errors.js";

export function toBytes(value: unknown): Uint8Array {
  return encode(value, rfc8949EncodeOptions);
}

/**
 * Deeper nesting than `maxDepth` (arrays, maps) is refused, on every node alike.
 * @param what names the record in the error
 * @throws ConsensusError `MESSAGE_MALFORMED` with the path of the first thing that is wrong
 */
export function fromBytes<T>(
  schema: z.ZodType<T>,
  bytes: Uint8Array,
  what: string,
  maxBytes: number,
  maxDepth = CBOR_DEPTH_MAX,
): T {
  if (bytes.length > maxBytes) {
    throw new ConsensusError(
      "MESSAGE_MALFORMED",
      `${what}: ${bytes.length} bytes, at most ${maxBytes} allowed`,
      {
        bytes: bytes.length,
        maxBytes,
      },
    );
  }
  assertDepth(bytes, what, maxDepth);
  let value: unknown;
  try {
    value = decode(bytes, {
      allowIndefinite: false,
      allowUndefined: false,
      rejectDuplicateMapKeys: true,
      strict: true,
    });
  } catch (error) {
    throw new ConsensusError(
      "MESSAGE_MALFORMED",
      `${what}: not CBOR: ${error instanceof Error ? error.message : error}`,
    );
  }
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  throw new ConsensusError(
    "MESSAGE_MALFORMED",
    `${what}: ${issue?.path.join(".") || "(root)"}: ${issue?.message}`,
  );
}

/** @throws ConsensusError `MESSAGE_MALFORMED` */
export function assertDepth(bytes: Uint8Array, what: string, maxDepth = CBOR_DEPTH_MAX): void {
  if (cborDepthOf(bytes) <= maxDepth) return;
  throw new ConsensusError("MESSAGE_MALFORMED", `${what}: nested deeper than ${maxDepth}`, { maxDepth });
}

export function hashOf(bytes: Uint8Array): Hash {
  return `sha256:${createHash("sha256").update(bytes).digest("hex")}`;
}
