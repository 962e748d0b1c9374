/** The first weights of a session, drawn from its seed with exact operations only. */
import { drawAt, keyOf } from "../lanes/index.js";
import type { ParameterLayout } from "../types.js";

/** Keeps the weights' draws apart from those of the sample order, whose purposes are epochs. */
const PURPOSE = 2 ** 52 - 1;
const DRAWS_PER_VALUE = 6;

/**
 * Normal values are Irwin–Hall: the sum of twelve uniforms minus six, which has mean 0 and variance 1, and needs
 * neither logarithm nor cosine, whose last bits differ between engines. Each uniform is 16 bits, centered in its cell,
 * so that the mean is exactly 0.
 */
export function initialWeights(layout: ParameterLayout, seed: number): Float32Array {
  const key = keyOf(seed, PURPOSE);
  const weights = new Float32Array(layout.size);
  for (const { init, offset, size } of layout.parameters) {
    if (init.kind === "ones") weights.fill(1, offset, offset + size);
    if (init.kind !== "normal") continue;
    for (let i = offset; i < offset + size; i += 1) weights[i] = init.std * standardNormal(key, i);
  }
  return weights;
}

function standardNormal(key: number, index: number): number {
  let sum = 0;
  for (let j = 0; j < DRAWS_PER_VALUE; j += 1) {
    const bits = drawAt(key, index * DRAWS_PER_VALUE + j);
    sum += (bits & 0xffff) + (bits >>> 16);
  }
  return (sum + DRAWS_PER_VALUE) / 65_536 - 6;
}
