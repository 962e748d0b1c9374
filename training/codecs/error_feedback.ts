import { TrainingError } from "../errors.js";
import type { Codec } from "./types.js";

/**
 * Sends with each update what the codec dropped from those before it (Seide et al. 2014; Karimireddy et al. 2019,
 * arXiv 1901.09847), so that rounding errors do not add up. The residual never leaves the node.
 */
export class ErrorFeedback {
  private readonly residual: Float32Array;

  constructor(
    private readonly codec: Codec,
    readonly size: number,
  ) {
    this.residual = new Float32Array(size);
  }

  /**
   * Encodes values + residual and keeps what was lost. Leaves the residual as it was when it throws.
   *
   * @throws TrainingError `UPDATE_NOT_FINITE`; `AGGREGATION_INVALID` when the number of values is another
   */
  encode(values: Float32Array): Uint8Array {
    if (values.length !== this.size) {
      const message = `${values.length} values, this error feedback is for ${this.size}`;
      throw new TrainingError("AGGREGATION_INVALID", message, { values: values.length, size: this.size });
    }
    const wanted = new Float32Array(this.size);
    for (let i = 0; i < this.size; i += 1) wanted[i] = values[i]! + this.residual[i]!;
    const bytes = this.codec.encode(wanted);
    const sent = this.codec.decode(bytes, this.size);
    for (let i = 0; i < this.size; i += 1) this.residual[i] = wanted[i]! - sent[i]!;
    return bytes;
  }

  /** Forgets what is owed, e.g. when the model was replaced. */
  reset(): void {
    this.residual.fill(0);
  }
}
