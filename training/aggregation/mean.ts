import type { UpdateVectors } from "./updates.js";

/** The mean weighted by samples: summed in float64 in the updates' order, divided, and rounded once to float32. */
export async function mean(updates: UpdateVectors): Promise<Float32Array> {
  const sum = new Float64Array(updates.size);
  let total = 0;
  for (let k = 0; k < updates.count; k += 1) {
    const values = await updates.vector(k);
    const weight = updates.samples[k]!;
    total += weight;
    for (let i = 0; i < sum.length; i += 1) sum[i] = sum[i]! + weight * values[i]!;
  }
  const result = new Float32Array(sum.length);
  for (let i = 0; i < sum.length; i += 1) result[i] = sum[i]! / total;
  return result;
}
