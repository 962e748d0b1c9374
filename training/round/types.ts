/** Inputs and outputs of the round protocol's pure core. Who does what with them: `daemon/rounds/`. */
import type { BlobRef, Hash } from "../../protocol/types.js";
import type { AggregationResult, Contribution } from "../aggregation/types.js";
import type { BatchRange, Cursor } from "../types.js";

/** The open round as the log has it; equal on every node. */
export interface RoundContext {
  readonly session: string;
  readonly round: number;
  /** Height of the version that this round will make; 0 makes the first one, without updates. */
  readonly height: number;
  readonly base: Hash | null;
  readonly cursor: Cursor;
  /** Sorted. */
  readonly participants: readonly string[];
  /** What each participant may train on, in order. */
  readonly lanes: ReadonlyMap<string, readonly BatchRange[]>;
  readonly contribution: Contribution;
  readonly codec: string;
  /** Inner steps of all participants together after which the round should close. */
  readonly targetSteps: number;
  /** A participant's even share of them. */
  readonly shareSteps: number;
  readonly batchSize: number;
  /** Exact length of every payload: what the codec makes of the model's parameters. */
  readonly payloadBytes: number;
  readonly timeoutMs: number;
}

/** A contribution whose signed manifest has been verified. */
export interface AnnouncedUpdate {
  readonly peer: string;
  readonly session: string;
  readonly round: number;
  readonly base: Hash;
  readonly codec: string;
  readonly contribution: Contribution;
  readonly steps: number;
  readonly samples: number;
  readonly lossNats: number;
  readonly payload: BlobRef;
  /** SHA-256 of the signed manifest's bytes. */
  readonly manifest: Hash;
}

/** What the leader asks the voters to recompute. */
export interface RoundProposal {
  readonly session: string;
  readonly round: number;
  readonly updates: readonly AnnouncedUpdate[];
  /** The updates that are not counted because they do not decode, or decode to no numbers; sorted like the others. */
  readonly excluded: readonly AnnouncedUpdate[];
  /** Why, for each of `excluded`. */
  readonly rejected: readonly { readonly peer: string; readonly reason: string }[];
  readonly result: BlobRef;
  readonly cursor: Cursor;
}

/** What a decision can hold. */
export interface RoundLimits {
  /** Updates of one round; those announced later than this many are left for nothing. */
  readonly updatesMax: number;
  /** Characters of the reason for which an update is not counted; longer ones are cut. */
  readonly reasonCharsMax: number;
}

export interface RoundRole {
  readonly self: string;
  readonly leader: boolean;
  readonly voter: boolean;
  /** Raft term; a leader proposes once per round and term. */
  readonly term: number;
}

export type RoundEffect =
  | { readonly kind: "train"; readonly context: RoundContext; readonly lane: readonly BatchRange[] }
  | { readonly kind: "finish"; readonly session: string; readonly round: number }
  | { readonly kind: "abort"; readonly session: string; readonly round: number }
  /** Publish this node's own manifest; `first` carries the payload inline if it is small enough. */
  | { readonly kind: "announce"; readonly update: AnnouncedUpdate; readonly first: boolean }
  /** Get this payload; answered by `held` or, after the driver's own retries, `unavailable`. */
  | { readonly kind: "fetch"; readonly update: AnnouncedUpdate }
  /** Recompute; answered by `aggregated` or `aggregateFailed` with the same key. Payloads that are lost are named. */
  | {
      readonly kind: "aggregate";
      readonly key: string;
      readonly context: RoundContext;
      readonly updates: readonly AnnouncedUpdate[];
    }
  /** Leader: put this to the vote. */
  | {
      readonly kind: "propose";
      readonly context: RoundContext;
      readonly proposal: RoundProposal;
      /** When the set of updates was closed, by the clock that the inputs carry. */
      readonly closedAtMs: number;
    }
  /** Voter: what came of its own recomputation of the proposal `id`. */
  | { readonly kind: "verdict"; readonly id: number; readonly verdict: Verdict }
  /** Leader: commit that this round made no version. */
  | {
      readonly kind: "fail";
      readonly session: string;
      readonly round: number;
      readonly reason: string;
      readonly refusals: readonly { peer: string; reason: string }[];
    };

/** What a voter's own computation says of a proposal. */
export type Verdict =
  | { readonly kind: "matched" }
  /** It computes something else, or the proposal breaks the rules of the round. */
  | { readonly kind: "differs"; readonly reason: string }
  /** It could not compute it, or nobody needs it any more. */
  | { readonly kind: "unable"; readonly reason: string };

export type RoundAggregation = Pick<AggregationResult, "ref" | "counted" | "rejected">;
