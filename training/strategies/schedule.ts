/** The learning rate of every step, from + − × ÷ alone, so that it is the same double on every machine. */
import type { SessionSpec } from "../session.js";

/**
 * Linear warm-up, then half a cosine down to `finalLearningRateRatio` of the peak at `totalSteps`, and that value ever
 * after.
 *
 * @param step inner step of one node, from 0
 */
export function learningRateAt(optimizer: SessionSpec["optimizer"], step: number): number {
  const { learningRate, warmupSteps, totalSteps, finalLearningRateRatio } = optimizer;
  if (step < warmupSteps) return (learningRate * (step + 1)) / warmupSteps;
  const progress = Math.min(1, (step - warmupSteps) / Math.max(1, totalSteps - warmupSteps));
  const height = (1 + cosPi(progress)) / 2;
  return learningRate * (finalLearningRateRatio + (1 - finalLearningRateRatio) * height);
}

/** The nearest double to π, as ECMAScript defines it. */
const PI = Math.PI;
/** Taylor coefficients of sin and cos; on [0, π/4] the first term left out is below 2⁻⁵⁶. */
const SIN = [1, -1 / 6, 1 / 120, -1 / 5040, 1 / 362880, -1 / 39916800, 1 / 6227020800, -1 / 1307674368000];
const COS = [1, -1 / 2, 1 / 24, -1 / 720, 1 / 40320, -1 / 3628800, 1 / 479001600, -1 / 87178291200];

/**
 * cos(πx) for x in [0, 1], within 2 units in the last place of 1. `Math.cos` is not used: ECMAScript leaves its last
 * bits to the engine.
 */
export function cosPi(x: number): number {
  if (x > 0.5) return -cosPi(1 - x);
  return x <= 0.25 ? cosOf(PI * x) : sinOf(PI * (0.5 - x));
}

const sinOf = (x: number): number => x * horner(SIN, x * x);
const cosOf = (x: number): number => horner(COS, x * x);

function horner(coefficients: readonly number[], x: number): number {
  let sum = 0;
  for (let i = coefficients.length - 1; i >= 0; i -= 1) sum = sum * x + coefficients[i]!;
  return sum;
}
