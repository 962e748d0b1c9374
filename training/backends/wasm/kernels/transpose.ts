/** Edge of the square blocks that are transposed at a time: two of them fit the first-level cache. */
const BLOCK = 16;

/**
 * out [columns, rows] ← x [rows, columns]ᵀ, multiplied by `scale`. `xStride` and `outStride` are the distances
 * between rows, so that parts of larger matrices can be read and written.
 */
export function transposeInto(
  x: Float32Array,
  out: Float32Array,
  rows: number,
  columns: number,
  xStride = columns,
  outStride = rows,
  scale = 1,
): void {
  for (let top = 0; top < rows; top += BLOCK) {
    const bottom = Math.min(top + BLOCK, rows);
    for (let left = 0; left < columns; left += BLOCK) {
      const right = Math.min(left + BLOCK, columns);
      for (let j = left; j < right; j++) {
        const to = j * outStride;
        for (let i = top; i < bottom; i++) out[to + i] = x[i * xStride + j]! * scale;
      }
    }
  }
}
