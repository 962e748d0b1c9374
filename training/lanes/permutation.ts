/**
 * A seeded permutation of `[0, size)` that is computed, not stored: a Feistel network over the next power of four,
 * walked until it lands inside (format-preserving encryption, Black & Rogaway 2002). O(1) memory at any size.
 */
import { drawAt, keyOf } from "./mixing.js";

const ROUNDS = 8;
/** Two halves of 26 bits: sums and products of them stay exact in a double. */
export const PERMUTATION_SIZE_MAX = 2 ** 52;

export class Permutation {
  private readonly keys: number[];
  private readonly half: number;

  /** @param stream distinguishes permutations of one seed, e.g. the epoch */
  constructor(
    readonly size: number,
    seed: number,
    stream: number,
  ) {
    if (!Number.isSafeInteger(size) || size < 1 || size > PERMUTATION_SIZE_MAX) {
      throw new RangeError(`a permutation has 1 to 2^52 elements, not ${size}`);
    }
    let halfBits = 1;
    while (4 ** halfBits < size) halfBits += 1;
    this.half = 2 ** halfBits;
    const key = keyOf(seed, stream);
    this.keys = Array.from({ length: ROUNDS }, (_, round) => drawAt(key, round));
  }

  /** Where `index` goes; the expected number of walks is below four. */
  at(index: number): number {
    if (!(index >= 0 && index < this.size)) throw new RangeError(`${index} is not in [0, ${this.size})`);
    let value = index;
    do value = this.encrypt(value);
    while (value >= this.size);
    return value;
  }

  private encrypt(value: number): number {
    let left = Math.floor(value / this.half);
    let right = value % this.half;
    for (const key of this.keys) {
      const mixed = left ^ (drawAt(key, right) & (this.half - 1));
      left = right;
      right = mixed;
    }
    return left * this.half + right;
  }
}
