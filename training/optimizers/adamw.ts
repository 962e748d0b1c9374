import type { SessionSpec } from "../session.js";
import type { ParameterLayout } from "../types.js";

type Settings = Pick<SessionSpec["optimizer"], "beta1" | "beta2" | "epsilon" | "weightDecay">;

export interface AdamWState {
  /** First and second moments, laid out as the parameters. */
  readonly m: Float32Array;
  readonly v: Float32Array;
  /** Steps taken. */
  readonly step: number;
}

/**
 * AdamW with decoupled weight decay (Loshchilov & Hutter 2019, https://arxiv.org/abs/1711.05101) over the flat vector.
 * Decay applies to the parameters that the layout marks. Computed in float64, stored as float32.
 */
export class AdamW {
  readonly #layout: ParameterLayout;
  readonly #settings: Settings;
  readonly #m: Float32Array;
  readonly #v: Float32Array;
  #step = 0;
  /** β₁ᵗ and β₂ᵗ by repeated multiplication: `Math.pow` may differ between engines in its last bits. */
  #beta1Power = 1;
  #beta2Power = 1;

  constructor(layout: ParameterLayout, settings: Settings) {
    this.#layout = layout;
    this.#settings = settings;
    this.#m = new Float32Array(layout.size);
    this.#v = new Float32Array(layout.size);
  }

  /** A copy of what has been gathered so far. */
  get state(): AdamWState {
    return { m: this.#m.slice(), v: this.#v.slice(), step: this.#step };
  }

  /** Goes back to an earlier {@link state}. */
  restore(state: AdamWState): void {
    this.#m.set(state.m);
    this.#v.set(state.v);
    this.#step = state.step;
    this.#beta1Power = 1;
    this.#beta2Power = 1;
    for (let i = 0; i < state.step; i++) this.#advancePowers();
  }

  /** θ ← θ − η (m̂ / (√v̂ + ε) + λθ), in place. `gradient` and `parameters` have the layout's size. */
  update(parameters: Float32Array, gradient: Float32Array, learningRate: number): void {
    this.#step++;
    this.#advancePowers();
    for (const { offset, size, decay } of this.#layout.parameters) {
      const kept = decay ? 1 - learningRate * this.#settings.weightDecay : 1;
      this.#updateRange(parameters, gradient, learningRate, kept, offset, offset + size);
    }
  }

  #advancePowers(): void {
    this.#beta1Power *= this.#settings.beta1;
    this.#beta2Power *= this.#settings.beta2;
  }

  #updateRange(
    parameters: Float32Array,
    gradient: Float32Array,
    learningRate: number,
    kept: number,
    from: number,
    to: number,
  ): void {
    const { beta1, beta2, epsilon } = this.#settings;
    const m = this.#m;
    const v = this.#v;
    const rate = learningRate / (1 - this.#beta1Power);
    const correction2 = 1 / (1 - this.#beta2Power);
    for (let i = from; i < to; i++) {
      const g = gradient[i]!;
      const first = beta1 * m[i]! + (1 - beta1) * g;
      const second = beta2 * v[i]! + (1 - beta2) * g * g;
      m[i] = first;
      v[i] = second;
      parameters[i] = kept * parameters[i]! - (rate * first) / (Math.sqrt(second * correction2) + epsilon);
    }
  }
}
