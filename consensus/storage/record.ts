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
  return amnesia(`record "${key}": ${why}`, { record: key });
}

/**
 * An older copy of the data folder would not help: to the swarm it is a node that has forgotten what it said since.
 * With a new identity the node owes nobody anything.
 */
export const AMNESIA_ADVICE =
  "Do not restore an older copy. Remove this node from the swarm (`ncrsh-swarm nodes remove` on another one), empty its whole data folder, and let it join again";

export function amnesia(why: string, facts: Record<string, unknown>): ConsensusError {
  return new ConsensusError(
    "STORAGE_CORRUPT",
    `Raft storage, ${why}. What this node has promised the swarm is no longer certain, so it must not vote. ${AMNESIA_ADVICE}`,
    facts,
  );
}

/** The key is in it, so that a record in another's place is found out. */
function checksum(key: string, content: Uint8Array): number {
  return crc32(content, crc32(key));
}
