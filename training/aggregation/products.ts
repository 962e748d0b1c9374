/** Inner products of the updates, and what can be said of their combinations from those alone. Float64, fixed order. */
import type { UpdateVectors } from "./updates.js";

/** Values worked on at a time: a block of every update stays in the processor's cache while all pairs pass by. */
const BLOCK_VALUES = 8192;

/** Row-major n × n; entry (a, b) is ⟨xₐ, x_b⟩. */
export interface Gram {
  readonly count: number;
  readonly products: Float64Array;
}

/** All n (n + 1) / 2 inner products, each in four interleaved sums that are added up at the end. */
export async function gramOf(updates: UpdateVectors): Promise<Gram> {
  const { count } = updates;
  const sums = new Float64Array(4 * count * count);
  const vectors = updates.inMemory();
  if (vectors === null) await addPairs(sums, updates);
  else addBlocks(sums, vectors, updates.size);
  const products = new Float64Array(count * count);
  for (let a = 0; a < count; a += 1) {
    for (let b = a; b < count; b += 1) {
      const at = 4 * (a * count + b);
      const product = sums[at]! + sums[at + 1]! + (sums[at + 2]! + sums[at + 3]!);
      products[a * count + b] = product;
      products[b * count + a] = product;
    }
  }
  return { count, products };
}

function addBlocks(sums: Float64Array, vectors: readonly Float32Array[], size: number): void {
  for (let from = 0; from < size; from += BLOCK_VALUES) {
    const to = Math.min(size, from + BLOCK_VALUES);
    for (let a = 0; a < vectors.length; a += 1) {
      for (let b = a; b < vectors.length; b += 1) {
        addProduct(sums, 4 * (a * vectors.length + b), vectors[a]!, vectors[b]!, from, to);
      }
    }
  }
}

/** The same bits when the updates do not fit into memory together: two decoded updates at a time. */
async function addPairs(sums: Float64Array, updates: UpdateVectors): Promise<void> {
  for (let a = 0; a < updates.count; a += 1) {
    const left = await updates.vector(a);
    for (let b = a; b < updates.count; b += 1) {
      const right = b === a ? left : await updates.vector(b);
      addProduct(sums, 4 * (a * updates.count + b), left, right, 0, updates.size);
    }
  }
}

/** Value i goes to sum i mod 4: four independent chains of additions, and still one order. `from` is a multiple of 4. */
function addProduct(
  sums: Float64Array,
  at: number,
  left: Float32Array,
  right: Float32Array,
  from: number,
  to: number,
): void {
  let s0 = sums[at]!;
  let s1 = sums[at + 1]!;
  let s2 = sums[at + 2]!;
  let s3 = sums[at + 3]!;
  let i = from;
  for (; i + 3 < to; i += 4) {
    s0 += left[i]! * right[i]!;
    s1 += left[i + 1]! * right[i + 1]!;
    s2 += left[i + 2]! * right[i + 2]!;
    s3 += left[i + 3]! * right[i + 3]!;
  }
  if (i < to) s0 += left[i]! * right[i]!;
  if (i + 1 < to) s1 += left[i + 1]! * right[i + 1]!;
  if (i + 2 < to) s2 += left[i + 2]! * right[i + 2]!;
  sums[at] = s0;
  sums[at + 1] = s1;
  sums[at + 2] = s2;
  sums[at + 3] = s3;
}

/**
 * ‖xₖ − Σ cⱼ xⱼ‖² for every k. What cancels to below zero is zero: the distance is then within rounding of it.
 *
 * @param coefficients one for each update
 */
export function squaredDistancesTo({ count, products }: Gram, coefficients: Float64Array): number[] {
  const towards = Array.from({ length: count }, (_, k) => {
    let sum = 0;
    for (let j = 0; j < count; j += 1) sum += coefficients[j]! * products[k * count + j]!;
    return sum;
  });
  let square = 0;
  for (let k = 0; k < count; k += 1) square += coefficients[k]! * towards[k]!;
  return towards.map((toward, k) => Math.max(0, products[k * count + k]! - 2 * toward + square));
}

/** Σ cₖ xₖ, each value summed in the updates' order. */
export async function combination(updates: UpdateVectors, coefficients: Float64Array): Promise<Float64Array> {
  const sum = new Float64Array(updates.size);
  for (let k = 0; k < updates.count; k += 1) {
    const values = await updates.vector(k);
    const coefficient = coefficients[k]!;
    for (let i = 0; i < sum.length; i += 1) sum[i] = sum[i]! + coefficient * values[i]!;
  }
  return sum;
}
