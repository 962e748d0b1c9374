/**
 * Scales `gradient` in place so that its L2 norm is at most `maxNorm` (0: no limit). The norm is summed in float64, in
 * order. The same factor, bit for bit, as the outer step of `sync_sgd` applies.
 *
 * @returns the norm before clipping; NaN or infinite when the gradient holds such values, which is then left as it is
 */
export function clipToNorm(gradient: Float32Array, maxNorm: number): number {
  let squares = 0;
  for (let i = 0; i < gradient.length; i++) squares += gradient[i]! * gradient[i]!;
  const norm = Math.sqrt(squares);
  if (maxNorm === 0 || !Number.isFinite(norm) || norm <= maxNorm) return norm;
  const scale = maxNorm / norm;
  for (let i = 0; i < gradient.length; i++) gradient[i] = gradient[i]! * scale;
  return norm;
}
