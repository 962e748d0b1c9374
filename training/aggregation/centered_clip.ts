import { mean } from "./mean.js";
import { combination, gramOf, squaredDistancesTo } from "./products.js";
import type { UpdateVectors } from "./updates.js";

const ITERATIONS = 3;
/**
 * Up to so many updates, their inner products (n² / 2 passes over two vectors, once) cost less than walking the center
 * through all of them in every iteration (6 n passes). Which way is taken depends on their number alone, so that every
 * machine takes the same.
 */
export const PRODUCTS_UPDATES_MAX = 16;
/** Of two updates nobody can say which one lies. */
const UPDATES_MIN = 3;
/** Values worked on at a time: center and shift of a block stay in the processor's cache while all updates pass by. */
const BLOCK_VALUES = 4096;

/**
 * Centered clipping (Karimireddy, He & Jaggi 2021, arXiv 2012.10333, algorithm 2), weighted by samples:
 * v ← v + Σ wᵢ clip(xᵢ − v, τ) with wᵢ the share of the samples, where τ is the (lower) median of the distances to the
 * current center, so that a minority cannot choose it.
 *
 * The center starts at zero, that is at "no change": a start at the mean could be carried anywhere by one update. What
 * an update claims as its samples is bounded by its lane (see `training/round/check.ts`), and with it its weight. Below
 * three updates this is the mean. Float64 throughout, each value in the updates' order, rounded once at the end.
 */
export async function centeredClip(updates: UpdateVectors): Promise<Float32Array> {
  if (updates.count < UPDATES_MIN) return mean(updates);
  return updates.count <= PRODUCTS_UPDATES_MAX ? clipByProducts(updates) : clipByPasses(updates);
}

/** The center is Σ cₖ xₖ at all times: only the coefficients are iterated, and the vectors are added up once. */
export async function clipByProducts(updates: UpdateVectors): Promise<Float32Array> {
  const gram = await gramOf(updates);
  let coefficients = new Float64Array(updates.count);
  for (let iteration = 0; iteration < ITERATIONS; iteration += 1) {
    const factors = factorsOf(updates.samples, squaredDistancesTo(gram, coefficients));
    const moved = factors.reduce((a, b) => a + b, 0);
    coefficients = coefficients.map((c, k) => c * (1 - moved) + factors[k]!);
  }
  return Float32Array.from(await combination(updates, coefficients));
}

export async function clipByPasses(updates: UpdateVectors): Promise<Float32Array> {
  const center = new Float64Array(updates.size);
  let squares = await squaredDistances(center, updates);
  for (let iteration = 0; iteration < ITERATIONS; iteration += 1) {
    squares = await moveCenter(center, updates, factorsOf(updates.samples, squares));
  }
  return Float32Array.from(center);
}

/** wₖ min(1, τ / dₖ): how much of each update's way from the center counts. */
function factorsOf(samples: readonly number[], squares: readonly number[]): number[] {
  const total = samples.reduce((a, b) => a + b, 0);
  const distances = squares.map(Math.sqrt);
  const radius = [...distances].sort((a, b) => a - b)[Math.floor((distances.length - 1) / 2)]!;
  return distances.map((d, k) => (samples[k]! / total) * (d <= radius ? 1 : radius / d));
}

async function squaredDistances(center: Float64Array, updates: UpdateVectors): Promise<number[]> {
  const squares: number[] = [];
  for (let k = 0; k < updates.count; k += 1) {
    squares.push(squaredDistance(0, center, await updates.vector(k), 0, center.length));
  }
  return squares;
}

/** Adds to `sum`, in the order of the values. */
function squaredDistance(
  sum: number,
  center: Float64Array,
  values: Float32Array,
  from: number,
  to: number,
): number {
  let result = sum;
  for (let i = from; i < to; i += 1) {
    const difference = values[i]! - center[i]!;
    result += difference * difference;
  }
  return result;
}

/** v ← v + Σ factorₖ (xₖ − v). @returns the squared distances to the new center */
async function moveCenter(
  center: Float64Array,
  updates: UpdateVectors,
  factors: readonly number[],
): Promise<number[]> {
  const vectors = updates.inMemory();
  if (vectors === null) return moveCenterByVector(center, updates, factors);
  const squares = factors.map(() => 0);
  const shift = new Float64Array(BLOCK_VALUES);
  for (let from = 0; from < center.length; from += BLOCK_VALUES) {
    const to = Math.min(center.length, from + BLOCK_VALUES);
    shift.fill(0);
    for (let k = 0; k < vectors.length; k += 1) addClipped(shift, from, center, vectors[k]!, factors[k]!, to);
    for (let i = from; i < to; i += 1) center[i] = center[i]! + shift[i - from]!;
    for (let k = 0; k < vectors.length; k += 1) {
      squares[k] = squaredDistance(squares[k]!, center, vectors[k]!, from, to);
    }
  }
  return squares;
}

/** The same bits when the updates do not fit into memory: one decoded update at a time. */
async function moveCenterByVector(
  center: Float64Array,
  updates: UpdateVectors,
  factors: readonly number[],
): Promise<number[]> {
  const shift = new Float64Array(center.length);
  for (let k = 0; k < updates.count; k += 1) {
    addClipped(shift, 0, center, await updates.vector(k), factors[k]!, center.length);
  }
  for (let i = 0; i < center.length; i += 1) center[i] = center[i]! + shift[i]!;
  return squaredDistances(center, updates);
}

/** `shift[0]` belongs to value `from`. */
function addClipped(
  shift: Float64Array,
  from: number,
  center: Float64Array,
  values: Float32Array,
  factor: number,
  to: number,
): void {
  for (let i = from; i < to; i += 1) {
    shift[i - from] = shift[i - from]! + factor * (values[i]! - center[i]!);
  }
}
