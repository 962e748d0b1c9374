/**
 * A swarm that goes on by force. When a majority of the voters is lost for good, nobody can hand the committee over by the
 * rules; a survivor may then sign a recovery record and be the committee alone. It stands in the chain of committees like
 * a handover, but its one signature proves only who did it, not that the others are gone, nor that nothing was committed
 * behind this node's back. So:
 *
 * - only a member of the committee until now can sign one;
 * - whoever checks a lineage with one in it is told, and it does not pass until its digest has been accepted by hand;
 * - the digest of the last record, not the formation, is what nodes tell each other as their swarm from then on (the
 *   `epoch`). A node that has not accepted it is thus of another swarm, in the handshake already: old voters that come
 *   back are not heard by the recovered swarm, nor does it hear them, and both sides say why.
 *
 * A record names the committee before it by its digest, so accepting the last one accepts those before it.
 */
import { z } from "zod";
import type { Hash, Verify } from "../../protocol/types.js";
import { fromBytes, hashOf, toBytes } from "../encoding.js";
import type { Genesis } from "../formation/genesis.js";
import type { Committee, CommitteeStep, Decision, RecoveryDecision, RecoveryRecord } from "../types.js";
import { committeeAfter, committeeFault, strictlySorted } from "./certificate.js";
import {
  committeeCertificateSchema,
  hashSchema,
  MAX_COMMITTEE_BYTES,
  MAX_VOTERS,
  naturalSchema,
  peerSchema,
} from "./schemas.js";

const votersSchema = z.array(peerSchema).min(1).max(MAX_VOTERS);

/** Strict, as `decisionSchema` is. */
export const recoveryDecisionSchema: z.ZodType<RecoveryDecision> = z
  .strictObject({
    v: z.literal(1),
    swarm: z.string().min(1).max(128),
    formation: hashSchema,
    by: peerSchema,
    count: naturalSchema.min(1),
    seq: naturalSchema.min(1),
    parent: hashSchema.nullable(),
    from: votersSchema,
    configuration: votersSchema,
    term: naturalSchema.min(1),
    index: naturalSchema.min(1),
    session: z.string().min(1).max(128).nullable(),
    height: naturalSchema.nullable(),
    version: hashSchema.nullable(),
    atMs: naturalSchema,
  })
  .refine(
    ({ session, height, version }) =>
      (session === null) === (height === null) && (height === null) === (version === null),
    {
      error: "session, height and version are known together or not at all",
      path: ["session"],
    },
  );

export const recoveryRecordSchema: z.ZodType<RecoveryRecord> = z.strictObject({
  decision: recoveryDecisionSchema,
  signature: z.instanceof(Uint8Array).refine((s) => s.length === 64, { error: "a signature has 64 bytes" }),
});

const stepSchema: z.ZodType<CommitteeStep> = z.union([committeeCertificateSchema, recoveryRecordSchema]);

export function encodeRecovery(record: RecoveryRecord): Uint8Array {
  return toBytes(record);
}

/** @throws ConsensusError `MESSAGE_MALFORMED` */
export function decodeRecovery(bytes: Uint8Array): RecoveryRecord {
  return fromBytes(recoveryRecordSchema, bytes, "recovery record", MAX_COMMITTEE_BYTES);
}

/** @throws ConsensusError `MESSAGE_MALFORMED` */
export function decodeCommitteeStep(bytes: Uint8Array): CommitteeStep {
  return fromBytes(stepSchema, bytes, "committee certificate", MAX_COMMITTEE_BYTES);
}

export function isRecovery(step: CommitteeStep): step is RecoveryRecord {
  return "signature" in step;
}

/** What people accept, and the `parent` of the committee decision that follows it. */
export function recoveryDigest(decision: RecoveryDecision): Hash {
  return hashOf(toBytes(decision));
}

const RECOVERY_DOMAIN = new TextEncoder().encode("ncrsh-swarm/recovery/1\n");

/** The bytes that a survivor signs. */
export function recoveryPreimage(decision: RecoveryDecision): Uint8Array {
  return Buffer.concat([RECOVERY_DOMAIN, toBytes(decision)]);
}

/** What is wrong with a record by itself, or null: who signed it, and that he belonged to the committee it names. */
export function recoverySignatureFault(
  { decision, signature }: RecoveryRecord,
  verify: Verify,
): string | null {
  const { by, from, configuration } = decision;
  if (!strictlySorted(from) || !strictlySorted(configuration))
    return "its voters are not sorted or not distinct";
  if (!from.includes(by)) return `${by}, who signed it, was not in the committee before`;
  return verify(by, recoveryPreimage(decision), signature) ? null : `the signature of ${by} does not verify`;
}

/** What is wrong with a recovery as what follows `before`, or null. Says nothing of whether it should be accepted. */
export function recoveryFault(record: RecoveryRecord, before: Committee, verify: Verify): string | null {
  const { seq, parent, from } = record.decision;
  if (seq !== before.seq + 1) return `committee ${seq} follows committee ${before.seq}`;
  if (parent !== before.digest) return "its parent is not the committee decision before";
  if (from.join() !== before.voters.join()) return "it takes over from another committee";
  return recoverySignatureFault(record, verify);
}

/** `committeeFault` for either kind of step. */
export function stepFault(step: CommitteeStep, before: Committee, verify: Verify): string | null {
  return isRecovery(step) ? recoveryFault(step, before, verify) : committeeFault(step, before, verify);
}

/** `committeeAfter` for either kind of step. */
export function committeeAfterStep(step: CommitteeStep): Committee {
  if (!isRecovery(step)) return committeeAfter(step);
  const { decision } = step;
  return { seq: decision.seq, voters: [decision.by], digest: recoveryDigest(decision) };
}

/**
 * Why a version cannot stand where a recovery lies after (`before`: true) or before the committee that signed it, or null.
 * The recovered log begins at a higher term than any before it, and at a known version.
 */
export function recoveryPlaceFault(
  { term, session, height, result }: Decision,
  recovery: RecoveryDecision,
  before: boolean,
): string | null {
  const which = `recovery ${recovery.count}`;
  if (before && term >= recovery.term)
    return `of term ${term} by a committee from before ${which}, which is of term ${recovery.term}`;
  if (!before && term < recovery.term) return `of term ${term}, but ${which} is of term ${recovery.term}`;
  if (session !== recovery.session || recovery.height === null) return null;
  if (before && height > recovery.height)
    return `${which} was made at height ${recovery.height}, this is from before it`;
  if (!before && height <= recovery.height)
    return `${which} was made at height ${recovery.height}, this is from after it`;
  if (height === recovery.height && result.hash !== recovery.version)
    return `${which} was made at another version of this height`;
  return null;
}

/** What the swarm goes by among its nodes: its formation, or the last recovery, which makes it another one. */
export function epochOf(formation: Hash, recovery: RecoveryRecord | null): Hash {
  return recovery === null ? formation : recoveryDigest(recovery.decision);
}

/** Whether a record is of the swarm that `genesis` founded. */
export function isOfSwarm({ decision }: RecoveryRecord, genesis: Genesis, formation: Hash): boolean {
  return decision.swarm === genesis.swarm && decision.formation === formation;
}
