/** What the other folders may know of consensus: the shapes that are agreed on, and nothing of how. */
import type { BlobRef, Hash } from "../protocol/types.js";
import type { Cursor } from "../training/types.js";

/** One update inside a decision: who contributed, how much, and the exact bytes that were counted. */
export interface CountedUpdate {
  readonly peer: string;
  /** SHA-256 of the signed manifest's bytes. */
  readonly manifest: Hash;
  /** SHA-256 of the payload. */
  readonly payload: Hash;
  /** Inner steps done, which is also the number of batches consumed from the front of the peer's lane. */
  readonly steps: number;
  readonly samples: number;
  /** Mean training loss over those steps, in nats. */
  readonly lossNats: number;
}

export interface RejectedUpdate {
  readonly peer: string;
  readonly reason: string;
}

/**
 * What a voter signs: "from `base`, with exactly these updates, I computed `result` myself".
 * The canonical encoding is deterministic CBOR (RFC 8949 §4.2) of exactly these fields.
 */
export interface Decision {
  readonly v: 1;
  readonly swarm: string;
  /** Hash of the genesis record: two swarms formed under one name never share it. */
  readonly formation: Hash;
  readonly session: string;
  readonly round: number;
  /** Version number that this decision creates; the genesis version has height 0. */
  readonly height: number;
  /** Raft term of the leader that proposed. A voter signs at most one decision per session, round and term. */
  readonly term: number;
  /** The version the updates start from; null only at height 0. */
  readonly base: Hash | null;
  /** Digest of the decision that created `base`; null only at height 0. Chains the lineage. */
  readonly parent: Hash | null;
  /** Sorted by peer id. */
  readonly updates: readonly CountedUpdate[];
  /** Sorted by peer id. */
  readonly rejected: readonly RejectedUpdate[];
  readonly result: BlobRef;
  /** Which batches have been trained on once this is committed: part of what a voter recomputes. */
  readonly cursor: Cursor;
  /** The committee that decided this, sorted: the founders, or as the last committee decision left it. */
  readonly voters: readonly string[];
}

/**
 * What a voter signs when the committee changes hands: "we, a majority of `from`, hand over to `voters`". The chain of
 * these, from the founders in the genesis record on, is what makes a certificate's voters more than its own word.
 */
export interface CommitteeDecision {
  readonly v: 1;
  readonly swarm: string;
  readonly formation: Hash;
  /** 1 for the first change after the founding. */
  readonly seq: number;
  /** Raft term of the leader that proposed. A voter signs at most one committee decision per seq and term. */
  readonly term: number;
  /** Digest of the committee decision before; null for the first. */
  readonly parent: Hash | null;
  /** The committee until now, sorted: whose majority signs. */
  readonly from: readonly string[];
  /** The committee from now on, sorted. */
  readonly voters: readonly string[];
}

export interface VoteSignature {
  readonly peer: string;
  /** Ed25519 over `"ncrsh-swarm/vote/1\n" ‖ cbor(decision)`. */
  readonly signature: Uint8Array;
}

/** The signatures of a majority of `decision.voters` over one decision. */
export interface Certificate {
  readonly decision: Decision;
  /** Sorted by peer id, one per peer. */
  readonly votes: readonly VoteSignature[];
}

/** The signatures of a majority of `decision.from` over one committee decision. */
export interface CommitteeCertificate {
  readonly decision: CommitteeDecision;
  /** Sorted by peer id, one per peer; over `"ncrsh-swarm/committee/1\n" ‖ cbor(decision)`. */
  readonly votes: readonly VoteSignature[];
}

/** Who decides, as committed: the founders at `seq` 0. */
export interface Committee {
  readonly seq: number;
  /** Sorted. */
  readonly voters: readonly string[];
  /** Digest of the committee decision that made it; null for the founders. */
  readonly digest: Hash | null;
}

/**
 * What a survivor signs when a majority of the voters is lost for good and it goes on alone by force. No majority stands
 * behind it, so nobody follows it who has not been told to: see `votes/recovery.ts`.
 */
export interface RecoveryDecision {
  readonly v: 1;
  readonly swarm: string;
  readonly formation: Hash;
  /** The survivor, a member of `from`; the committee from now on is this node alone. */
  readonly by: string;
  /** 1 for the first recovery of this swarm. */
  readonly count: number;
  /** Number of the committee that it makes, one above the one before. */
  readonly seq: number;
  /** Digest of the decision that made the committee before; null for the founders. */
  readonly parent: Hash | null;
  /** The committee until now, sorted. */
  readonly from: readonly string[];
  /** The voters of the Raft configuration until now, sorted. */
  readonly configuration: readonly string[];
  /** Raft term and index at which the recovered log begins; every entry of the log before has a smaller term. */
  readonly term: number;
  readonly index: number;
  /** The session at hand and the version that it stands on; all null without a version. */
  readonly session: string | null;
  readonly height: number | null;
  readonly version: Hash | null;
  readonly atMs: number;
}

/** One signature: what it is worth is for whoever accepts it to judge. */
export interface RecoveryRecord {
  readonly decision: RecoveryDecision;
  /** Of `decision.by`, Ed25519 over `"ncrsh-swarm/recovery/1\n" ‖ cbor(decision)`. */
  readonly signature: Uint8Array;
}

/** How one committee follows another: handed over by a majority, or by force. */
export type CommitteeStep = CommitteeCertificate | RecoveryRecord;
