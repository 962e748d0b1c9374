/** out [columns] ← the sum of the rows of x [rows, columns], accumulated in float64. */
export function sumRows(x: Float32Array, out: Float32Array): void {
  const columns = out.length;
  const sums = new Float64Array(columns);
  for (let row = 0; row < x.length; row += columns) {
    for (let j = 0; j < columns; j++) sums[j] = sums[j]! + x[row + j]!;
  }
  out.set(sums);
}
