import type { OuterOptimizer } from "./types.js";

const MOMENTUM = "outer.momentum";

/**
 * DiLoCo (Douillard et al. 2023, arXiv 2311.08105): Nesterov momentum over the mean pseudo-gradient D = mean(v − θᵢ):
 * m ← μm + D, θ ← θ − η(D + μm). With μ = 0 no momentum is kept, and η = 1 is plain averaging of the weights.
 */
export const cooperativeSgd: OuterOptimizer = {
  stateOf: (layout, strategy) =>
    strategy.outerMomentum === 0 ? [] : [{ name: MOMENTUM, size: layout.size }],

  step(weights, mean, state, { spec }) {
    const { outerLearningRate: rate, outerMomentum: mu } = spec.strategy;
    const momentum = state[MOMENTUM];
    if (momentum === undefined) {
      for (let i = 0; i < weights.length; i += 1) weights[i] = weights[i]! - rate * mean[i]!;
      return;
    }
    for (let i = 0; i < weights.length; i += 1) {
      const d = mean[i]!;
      const m = Math.fround(mu * momentum[i]! + d);
      momentum[i] = m;
      weights[i] = weights[i]! - rate * (d + mu * m);
    }
  },
};
