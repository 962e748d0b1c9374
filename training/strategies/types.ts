import type { SessionSpec } from "../session.js";
import type { ParameterLayout } from "../types.js";

/** Tensors that travel with a version beside the weights, by name; flat, in the order of `stateOf`. */
export type OuterState = Readonly<Record<string, Float32Array>>;

export interface OuterTensor {
  /** As in the version file, e.g. `outer.momentum`. */
  readonly name: string;
  readonly size: number;
}

export interface OuterContext {
  readonly spec: SessionSpec;
  readonly layout: ParameterLayout;
  /** Height of the version that this step makes; at least 1. */
  readonly height: number;
}

/**
 * How the aggregated contribution becomes the next version. Works on flat float32 vectors of `layout.size` values, in
 * place; every element is computed in float64 in one fixed order and rounded once per stored value, with + − × ÷ √
 * alone, which IEEE 754 defines to the bit.
 */
export interface OuterOptimizer {
  /** What state this strategy keeps, in canonical order. All zeros at height 0. */
  stateOf(layout: Pick<ParameterLayout, "size">, strategy: SessionSpec["strategy"]): readonly OuterTensor[];
  /** @param mean the aggregated pseudo-gradient or gradient */
  step(weights: Float32Array, mean: Float32Array, state: OuterState, context: OuterContext): void;
}
