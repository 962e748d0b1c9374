import { TrainingError } from "../errors.js";
import type { Codec } from "./types.js";

/**
 * Sends with each update what the codec dropped from those before it (Seide et al. 2014; Karimireddy et al. 2019,
 * arXiv 1901.09847), so that rounding errors do not add up. The residual never leaves the node.
 *
 * Only an update that the swarm counted has paid anything back: until that is known, the residual from before it is
 * kept too, and what becomes of it is said by {@link settle}.
 */
export class ErrorFeedback {
  #residual: Float32Array;
  /** What is owed if the update of this round is counted. */
  #pending: { readonly round: number; readonly residual: Float32Array } | null = null;

  constructor(
    private readonly codec: Codec,
    readonly size: number,
  ) {
    this.#residual = new Float32Array(size);
  }

  /**
   * Encodes values + residual as the update of a round. An earlier update that was not settled counts as lost.
   *
   * @throws TrainingError `UPDATE_NOT_FINITE`; `AGGREGATION_INVALID` when the number of values is another. The
   *   residual is then as it was
   */
  encode(values: Float32Array, round: number): Uint8Array {
    if (values.length !== this.size) {
      const message = `${values.length} values, this error feedback is for ${this.size}`;
      throw new TrainingError("AGGREGATION_INVALID", message, { values: values.length, size: this.size });
    }
    this.drop();
    const residual = new Float32Array(this.size);
    for (let i = 0; i < this.size; i += 1) residual[i] = values[i]! + this.#residual[i]!;
    const bytes = this.codec.encode(residual);
    const sent = this.codec.decode(bytes, this.size);
    for (let i = 0; i < this.size; i += 1) residual[i] = residual[i]! - sent[i]!;
    this.#pending = { round, residual };
    return bytes;
  }

  /** @param countedRound the last round in which the swarm counted this node's update; null: none was */
  settle(countedRound: number | null): void {
    if (this.#pending !== null && this.#pending.round === countedRound)
      this.#residual = this.#pending.residual;
    this.#pending = null;
  }

  /** The last update was not counted, or never left this node. */
  drop(): void {
    this.#pending = null;
  }
}
