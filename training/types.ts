/** What the other folders may know of training: sessions, layouts and messages, no tensors. */
import type { BlobRef, Hash } from "../protocol/types.js";

/** How the first version of a tensor is filled; drawn from the session's seed, the same bits on every machine. */
export type Initializer =
  | { readonly kind: "zeros" }
  | { readonly kind: "ones" }
  | { readonly kind: "normal"; readonly std: number };

/** One tensor of a model. The order of a model's specs is canonical: it is the order of the flat vector. */
export interface ParameterSpec {
  /** The name that the field's checkpoints use (Hugging Face for GPT-2), e.g. `transformer.h.0.ln_1.weight`. */
  readonly name: string;
  readonly shape: readonly number[];
  readonly init: Initializer;
  /** Whether AdamW's decoupled weight decay applies (matrices: yes; biases, norms: no). */
  readonly decay: boolean;
}

/** Where each tensor lies in the flat Float32Array that versions, updates and aggregation work on. */
export interface ParameterLayout {
  readonly parameters: readonly (ParameterSpec & { readonly offset: number; readonly size: number })[];
  /** Number of float32 values in all. */
  readonly size: number;
}

/** Half-open range `[from, to)` of absolute batch numbers: `epoch × batchesPerEpoch + batchInEpoch`. */
export type BatchRange = readonly [from: number, to: number];

/**
 * Which batches of the session have been trained on. Everything below `next` has been, except the `holes`.
 * Part of the committed state, so that no batch is lost or done twice at any membership.
 */
export interface Cursor {
  readonly next: number;
  /** Sorted, disjoint, not touching each other, all below `next`. */
  readonly holes: readonly BatchRange[];
}

export type TrainerPhase = "idle" | "opening" | "training" | "evaluating" | "failed";

/** A finished local contribution, before it is signed and announced. */
export interface LocalUpdate {
  readonly session: string;
  readonly round: number;
  readonly base: Hash;
  readonly codec: string;
  readonly steps: number;
  readonly samples: number;
  readonly lossNats: number;
  readonly payload: BlobRef;
}
