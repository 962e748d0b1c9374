import type { ParameterLayout } from "../types.js";
import { learningRateAt } from "./schedule.js";
import type { OuterContext, OuterOptimizer, OuterState } from "./types.js";

const FIRST = "outer.m";
const SECOND = "outer.v";
/** One float32 that counts steps: exact up to 2²⁴, beyond the 10⁷ rounds of a session. */
const COUNT = "outer.step";

/**
 * AdamW (Loshchilov & Hutter 2019, arXiv 1711.05101) on the mean gradient, which is first clipped to the session's
 * global norm: one inner step a round, the optimizer being part of the version.
 */
export const syncSgd: OuterOptimizer = {
  stateOf: (layout) => [
    { name: FIRST, size: layout.size },
    { name: SECOND, size: layout.size },
    { name: COUNT, size: 1 },
  ],

  step(weights, mean, state, context) {
    const count = state[COUNT]!;
    count[0] = count[0]! + 1;
    const scale = clipScale(mean, context.spec.optimizer.clipNorm);
    for (const parameter of context.layout.parameters) {
      stepTensor(weights, mean, state, context, parameter, scale);
    }
  },
};

function stepTensor(
  weights: Float32Array,
  mean: Float32Array,
  state: OuterState,
  { spec, height }: OuterContext,
  parameter: ParameterLayout["parameters"][number],
  scale: number,
): void {
  const { beta1, beta2, epsilon, weightDecay } = spec.optimizer;
  const m = state[FIRST]!;
  const v = state[SECOND]!;
  const count = state[COUNT]![0]!;
  const rate = learningRateAt(spec.optimizer, height - 1);
  const correction1 = 1 - power(beta1, count);
  const correction2 = 1 - power(beta2, count);
  const keep = parameter.decay ? 1 - rate * weightDecay : 1;
  const end = parameter.offset + parameter.size;
  for (let i = parameter.offset; i < end; i += 1) {
    const g = mean[i]! * scale;
    const first = Math.fround(beta1 * m[i]! + (1 - beta1) * g);
    const second = Math.fround(beta2 * v[i]! + (1 - beta2) * g * g);
    m[i] = first;
    v[i] = second;
    const update = first / correction1 / (Math.sqrt(second / correction2) + epsilon);
    weights[i] = keep * weights[i]! - rate * update;
  }
}

/** The factor that brings the global L2 norm (summed in float64, in order) down to `clipNorm`. */
function clipScale(gradient: Float32Array, clipNorm: number): number {
  if (clipNorm === 0) return 1;
  let sum = 0;
  for (let i = 0; i < gradient.length; i += 1) sum += gradient[i]! * gradient[i]!;
  const norm = Math.sqrt(sum);
  return norm > clipNorm ? clipNorm / norm : 1;
}

/** By squaring: `Math.pow` may differ between engines in its last bits. */
function power(base: number, exponent: number): number {
  let result = 1;
  let square = base;
  for (let left = exponent; left > 0; left = Math.floor(left / 2)) {
    if (left % 2 === 1) result *= square;
    square *= square;
  }
  return result;
}
