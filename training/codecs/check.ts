import { TrainingError } from "../errors.js";

/** Index of the first NaN or infinity, or -1. */
export function firstNonFinite(values: Float32Array): number {
  for (let i = 0; i < values.length; i += 1) {
    // x − x is 0 for every finite x and NaN for the rest: one comparison for all three.
    const value = values[i]!;
    if (value - value !== 0) return i;
  }
  return -1;
}

/** @throws TrainingError `UPDATE_NOT_FINITE` */
export function assertFinite(values: Float32Array): void {
  const index = firstNonFinite(values);
  if (index < 0) return;
  throw new TrainingError("UPDATE_NOT_FINITE", `value ${index} of the update is ${values[index]}`, {
    index,
    value: String(values[index]),
  });
}

/** @throws TrainingError `CODEC_MALFORMED` */
export function assertLength(codec: string, bytes: Uint8Array, expected: number, size: number): void {
  if (bytes.length === expected) return;
  throw new TrainingError(
    "CODEC_MALFORMED",
    `${codec}: ${bytes.length} bytes, ${size} values take exactly ${expected}`,
    { codec, bytes: bytes.length, expected },
  );
}
