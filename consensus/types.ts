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
  /** The voters of the configuration in which this was decided, sorted. */
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
