/** One stored record: CRC-32 of its key and its content, big-endian, then the content as deterministic CBOR. */
import { crc32 } from "node:zlib";
import type { z } from "zod";
import { fromBytes, toBytes } from "../encoding.js";
import { ConsensusError } from "../errors.js";

const CHECKSUM_BYTES = 4;
/** The largest record is a snapshot, which fits into a message. */
const MAX_RECORD_BYTES = 32 * 1024 * 1024;

export function encodeRecord(key: string, value: unknown): Uint8Array {
  const content = toBytes(value);
  const record = new Uint8Array(CHECKSUM_BYTES + content.length);
  new DataView(record.buffer).setUint32(0, checksum(key, content));
  record.set(content, CHECKSUM_BYTES);
  return record;
}

/** @throws ConsensusError `STORAGE_CORRUPT` */
export function decodeRecord<T>(schema: z.ZodType<T>, key: string, record: Uint8Array): T {
  const content = record.subarray(CHECKSUM_BYTES);
  const view = new DataView(record.buffer, record.byteOffset, record.byteLength);
  if (record.length < CHECKSUM_BYTES || view.getUint32(0) !== checksum(key, content)) {
    throw corrupt(key, "its checksum does not match its content");
  }
  try {
    return fromBytes(schema, content, key, MAX_RECORD_BYTES);
  } catch (error) {
    throw corrupt(key, error instanceof Error ? error.message : String(error));
  }
}

export function corrupt(key: string, why: string): ConsensusError {
  return new ConsensusError(
    "STORAGE_CORRUPT",
    `Raft storage, record "${key}": ${why}. What this node has promised the swarm is no longer certain, so it must not vote: remove it from the swarm, empty its data folder, and let it join again`,
    { record: key },
  );
}

/** The key is in it, so that a record in another's place is found out. */
function checksum(key: string, content: Uint8Array): number {
  return crc32(content, crc32(key));
}
