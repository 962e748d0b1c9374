import type { BlobRef, Hash } from "../../protocol/types.js";
import type { SessionSpec } from "../session.js";

/**
 * What an update's payload carries: `pseudo_gradient` Δ = v − θ after the inner steps; `gradient` the batch gradient
 * of `sync_sgd`; `parameters` θ itself as raw float32, used when a round has a single participant, so that one node
 * alone trains exactly as local training does.
 */
export type Contribution = "pseudo_gradient" | "gradient" | "parameters";

export interface UpdateInput {
  readonly peer: string;
  readonly steps: number;
  readonly samples: number;
  /** File that holds the payload (content-addressed, already checked against its hash). */
  readonly path: string;
}

export interface AggregationRequest {
  readonly spec: SessionSpec;
  /**
   * Height of the version to make; 0 makes the first version, without updates: from the seed, with `base` null, or with
   * the version that the session starts from as its base.
   */
  readonly height: number;
  readonly base: { readonly hash: Hash; readonly path: string } | null;
  readonly contribution: Contribution;
  /** In any order: aggregation sorts by peer id. */
  readonly updates: readonly UpdateInput[];
  /** Where to write the version file; written, fsynced and closed when the result arrives. */
  readonly outPath: string;
}

export interface AggregationResult {
  readonly ref: BlobRef;
  /** 32-byte SHA-256 of each chunk, concatenated. */
  readonly chunkHashes: Uint8Array;
  /** Peers whose update was counted, sorted. */
  readonly counted: readonly string[];
  /** Updates left out because their payload does not decode or holds NaN or infinities. */
  readonly rejected: readonly { readonly peer: string; readonly reason: string }[];
  readonly elapsedMs: number;
}
