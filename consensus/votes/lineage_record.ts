/**
 * A lineage as it is kept and handed on: a sequence of records (in a file, a CBOR sequence, RFC 8742), first the genesis
 * that the swarm was founded on, then every change of its committee, by handover or by a forced recovery, then every
 * version from height 0 on.
 */
import { z } from "zod";
import { fromBytes, toBytes } from "../encoding.js";
import { type Genesis, genesisSchema } from "../formation/genesis.js";
import type { Certificate, CommitteeCertificate, RecoveryRecord } from "../types.js";
import { decodeCommitteeStep, isRecovery, recoveryRecordSchema } from "./recovery.js";
import { certificateSchema, committeeCertificateSchema, MAX_CERTIFICATE_BYTES } from "./schemas.js";

export type LineageRecord =
  | { readonly genesis: Genesis }
  | { readonly committee: CommitteeCertificate }
  | { readonly recovery: RecoveryRecord }
  | { readonly version: Certificate };

/** A certificate and the name of what it is. */
export const MAX_LINEAGE_RECORD_BYTES = MAX_CERTIFICATE_BYTES + 64;

const MAP_OF_ONE = Uint8Array.of(0xa1);

const recordSchema: z.ZodType<LineageRecord> = z.union([
  z.strictObject({ genesis: genesisSchema }),
  z.strictObject({ committee: committeeCertificateSchema }),
  z.strictObject({ recovery: recoveryRecordSchema }),
  z.strictObject({ version: certificateSchema }),
]);

export function encodeLineageRecord(record: LineageRecord): Uint8Array {
  return toBytes(record);
}

/** The record of what is encoded already: a map of one key, without decoding what it holds. */
export function wrapLineageRecord(
  kind: "committee" | "recovery" | "version",
  encoded: Uint8Array,
): Uint8Array {
  return Buffer.concat([MAP_OF_ONE, toBytes(kind), encoded]);
}

/** The record of an encoded step from one committee to the next. @throws ConsensusError `MESSAGE_MALFORMED` */
export function wrapCommitteeStep(encoded: Uint8Array): Uint8Array {
  return wrapLineageRecord(isRecovery(decodeCommitteeStep(encoded)) ? "recovery" : "committee", encoded);
}

/** @throws ConsensusError `MESSAGE_MALFORMED` */
export function decodeLineageRecord(bytes: Uint8Array): LineageRecord {
  return fromBytes(recordSchema, bytes, "lineage record", MAX_LINEAGE_RECORD_BYTES);
}
