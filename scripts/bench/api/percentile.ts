/** @param sorted ascending. The smallest value that is not below the share `p` of all (nearest rank). */
export function percentile(sorted: Float64Array, p: number): number {
  return sorted[Math.max(0, Math.ceil(p * sorted.length) - 1)] ?? Number.NaN;
}
