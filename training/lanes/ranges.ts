/** Arithmetic on sorted lists of disjoint half-open ranges. Everything here is linear in the number of ranges. */
import type { BatchRange } from "../types.js";

export function countOf(ranges: readonly BatchRange[]): number {
  return ranges.reduce((sum, [from, to]) => sum + (to - from), 0);
}

/** Sorted, disjoint and not touching. O(n log n). */
export function merged(ranges: readonly BatchRange[]): BatchRange[] {
  const sorted = ranges.filter(([from, to]) => to > from).sort((a, b) => a[0] - b[0]);
  const out: [number, number][] = [];
  for (const [from, to] of sorted) {
    const last = out.at(-1);
    if (last && from <= last[1]) last[1] = Math.max(last[1], to);
    else out.push([from, to]);
  }
  return out;
}

/** What is in `all` and not in `taken`; both sorted and disjoint. O(n + m). */
export function subtract(all: readonly BatchRange[], taken: readonly BatchRange[]): BatchRange[] {
  const out: BatchRange[] = [];
  let t = 0;
  for (const [from, to] of all) {
    let at = from;
    while (t < taken.length && taken[t]![1] <= at) t += 1;
    for (let i = t; i < taken.length && taken[i]![0] < to; i += 1) {
      const [takenFrom, takenTo] = taken[i]!;
      if (takenFrom > at) out.push([at, takenFrom]);
      at = Math.max(at, takenTo);
    }
    if (at < to) out.push([at, to]);
  }
  return out;
}

/** Hands out the batches of a list of ranges from the front. */
export class RangeReader {
  private index = 0;
  private at: number;

  constructor(private readonly ranges: readonly BatchRange[]) {
    this.at = ranges[0]?.[0] ?? 0;
  }

  /** The next `count` batches, fewer when the list runs out. */
  take(count: number): BatchRange[] {
    const out: BatchRange[] = [];
    let left = count;
    while (left > 0 && this.index < this.ranges.length) {
      const to = this.ranges[this.index]![1];
      const end = Math.min(to, this.at + left);
      if (end > this.at) out.push([this.at, end]);
      left -= end - this.at;
      this.at = end;
      if (end < to) break;
      this.index += 1;
      this.at = this.ranges[this.index]?.[0] ?? 0;
    }
    return out;
  }
}
