/** What a voter answers a leader that asks for its signature. */
import type { Refusal, RefusalCause } from "../../consensus/votes/index.js";
import type { SignedManifest } from "../../protocol/index.js";

/** A question as it comes over the wire. */
export interface VoteRequest {
  /** Encoded decision. */
  readonly decision: Uint8Array;
  /** Of the updates that the decision counts, and of those that it rejects. */
  readonly manifests: readonly SignedManifest[];
  /** The log index at which the leader decided. */
  readonly index: number;
}

export type FinalAnswer =
  | { readonly signature: Uint8Array; readonly refusal: null }
  | { readonly signature: null; readonly refusal: string; readonly cause: RefusalCause };

/** Its operator has not voted yet: the leader asks again. */
export interface WaitingAnswer {
  readonly signature: null;
  readonly refusal: null;
  /** How long it may still take, in milliseconds. */
  readonly waitMs: number;
}

export type VoteAnswer = FinalAnswer | WaitingAnswer;

export function refuse({ reason, cause }: Refusal): FinalAnswer {
  return { signature: null, refusal: reason, cause };
}

/** The same as it came over the wire, where nodes of older software do not say whose fault a refusal is. */
export function answerOf(
  wire:
    | { readonly signature: Uint8Array; readonly refusal: null }
    | { readonly signature: null; readonly refusal: string; readonly cause?: RefusalCause | undefined }
    | WaitingAnswer,
): VoteAnswer {
  if (wire.signature !== null || wire.refusal === null) return wire;
  return { signature: null, refusal: wire.refusal, cause: wire.cause ?? "voter" };
}
