import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import fc from "fast-check";
import type { SessionSpec } from "../session.js";
import type { ParameterLayout } from "../types.js";
import { contributionOf, laneBatchesOf, learningRateAt, outerOptimizerOf, targetStepsOf } from "./index.js";
import { cosPi } from "./schedule.js";
import { specOf } from "./testing/spec.js";

const layout: ParameterLayout = {
  size: 6,
  parameters: [
    { name: "a.weight", shape: [2, 2], init: { kind: "zeros" }, decay: true, offset: 0, size: 4 },
    { name: "a.bias", shape: [2], init: { kind: "zeros" }, decay: false, offset: 4, size: 2 },
  ],
};
const hashOf = (values: Float32Array) =>
  createHash("sha256").update(new Uint8Array(values.buffer)).digest("hex");

function stateFor(spec: SessionSpec): Record<string, Float32Array> {
  const tensors = outerOptimizerOf(spec.strategy.name).stateOf(layout, spec.strategy);
  return Object.fromEntries(tensors.map((t) => [t.name, new Float32Array(t.size)]));
}

describe("training/strategies", () => {
  it("says what a round carries", () => {
    const cooperative = specOf({ innerSteps: 30 });
    const sync = specOf({ name: "sync_sgd", innerSteps: 1 });
    assert.equal(contributionOf(cooperative, 4), "pseudo_gradient");
    assert.equal(contributionOf(sync, 4), "gradient");
    assert.equal(contributionOf(cooperative, 1), "parameters");
    assert.equal(contributionOf(sync, 1), "parameters");
    assert.deepEqual([laneBatchesOf(cooperative, 4), targetStepsOf(cooperative, 4)], [120, 120]);
    assert.deepEqual([laneBatchesOf(sync, 4), targetStepsOf(sync, 4)], [1, 4]);
    assert.deepEqual([laneBatchesOf(cooperative, 1), targetStepsOf(cooperative, 1)], [30, 30]);
    assert.deepEqual([laneBatchesOf(sync, 1), targetStepsOf(sync, 1)], [1, 1]);
  });

  it("cooperative_sgd is DiLoCo's Nesterov step", () => {
    const spec = specOf({ outerLearningRate: 0.5, outerMomentum: 0.5 });
    const outer = outerOptimizerOf("cooperative_sgd");
    const weights = new Float32Array(6).fill(1);
    const state = stateFor(spec);
    const mean = new Float32Array(6).fill(0.25);
    outer.step(weights, mean, state, { spec, layout, height: 1 });
    // m = 0.25; θ = 1 − 0.5 · (0.25 + 0.5 · 0.25)
    assert.deepEqual(state["outer.momentum"], new Float32Array(6).fill(0.25));
    assert.deepEqual(weights, new Float32Array(6).fill(0.8125));
    outer.step(weights, mean, state, { spec, layout, height: 2 });
    // m = 0.375; θ = 0.8125 − 0.5 · (0.25 + 0.1875)
    assert.deepEqual(weights, new Float32Array(6).fill(0.59375));
  });

  it("cooperative_sgd with η 1 and μ 0 lands on the mean of the contributions, and keeps no state", () => {
    const spec = specOf({ outerLearningRate: 1, outerMomentum: 0 });
    const weights = Float32Array.of(1, 2, 3, 4, 5, 6);
    const target = Float32Array.of(2, 2, 0, 4, 8, 1);
    const mean = weights.map((w, i) => w - target[i]!);
    assert.deepEqual(stateFor(spec), {});
    outerOptimizerOf("cooperative_sgd").step(weights, mean, {}, { spec, layout, height: 1 });
    assert.deepEqual(weights, target);
  });

  it("sync_sgd is AdamW on the clipped gradient, and decays only what is to decay", () => {
    const optimizer = { learningRate: 0.1, warmupSteps: 0, weightDecay: 0.5, clipNorm: 1, epsilon: 1e-8 };
    const spec = specOf({ name: "sync_sgd", innerSteps: 1 }, optimizer);
    const weights = new Float32Array(6).fill(1);
    const state = stateFor(spec);
    const mean = Float32Array.of(3, 0, 0, 0, 4, 0);
    outerOptimizerOf("sync_sgd").step(weights, mean, state, { spec, layout, height: 1 });
    // The first Adam step is rate · sign(g); the gradient (3, 4) has norm 5 and is scaled to 0.6 and 0.8.
    assert.ok(Math.abs(weights[0]! - (1 - 0.05 - 0.1)) < 1e-6);
    assert.ok(Math.abs(weights[1]! - 0.95) < 1e-6);
    assert.ok(Math.abs(weights[4]! - 0.9) < 1e-6);
    assert.equal(weights[5], 1);
    assert.ok(Math.abs(state["outer.m"]![0]! - 0.6 * (1 - spec.optimizer.beta1)) < 1e-6);
    assert.ok(Math.abs(state["outer.v"]![4]! - 0.64 * (1 - spec.optimizer.beta2)) < 1e-6);
    assert.equal(state["outer.step"]![0], 1);
  });

  it("sync_sgd matches a float64 reference over many steps", () => {
    const spec = specOf({ name: "sync_sgd", innerSteps: 1 }, { clipNorm: 0, totalSteps: 60, warmupSteps: 5 });
    const { beta1, beta2, epsilon, weightDecay } = spec.optimizer;
    const weights = new Float32Array(6).fill(0.5);
    const state = stateFor(spec);
    let [w, m, v] = [0.5, 0, 0];
    for (let step = 0; step < 60; step++) {
      const g = Math.fround(Math.sin(step));
      outerOptimizerOf("sync_sgd").step(weights, new Float32Array(6).fill(g), state, {
        spec,
        layout,
        height: step + 1,
      });
      const rate = learningRateAt(spec.optimizer, step);
      m = beta1 * m + (1 - beta1) * g;
      v = beta2 * v + (1 - beta2) * g * g;
      w = (1 - rate * weightDecay) * w;
      w -= (rate * (m / (1 - beta1 ** (step + 1)))) / (Math.sqrt(v / (1 - beta2 ** (step + 1))) + epsilon);
    }
    assert.ok(Math.abs(weights[0]! - w) < 1e-5, `${weights[0]} and ${w}`);
  });

  it("computes the same bits on every machine", () => {
    const mean = Float32Array.from({ length: 6 }, (_, i) => 0.3 - 0.17 * i);
    const hashes = (["cooperative_sgd", "sync_sgd"] as const).map((name) => {
      const spec = specOf({ name, innerSteps: 1 });
      const weights = Float32Array.from({ length: 6 }, (_, i) => 0.1 * i);
      const state = stateFor(spec);
      for (let height = 1; height <= 20; height++) {
        outerOptimizerOf(name).step(weights, mean, state, { spec, layout, height });
      }
      return hashOf(weights);
    });
    assert.deepEqual(hashes, [
      "378847ee702b9b9f51aa22a11b1cb14c3b196406e88577074baa6e9f83dc8daf",
      "1e112571f5d5144bf3898c4fe3b7bd30642d33c26ad0342587709ef612a79020",
    ]);
  });
});

describe("training/strategies schedule", () => {
  const { optimizer } = specOf(
    {},
    { learningRate: 1, warmupSteps: 10, totalSteps: 110, finalLearningRateRatio: 0.1 },
  );

  it("warms up, decays and stays", () => {
    assert.equal(learningRateAt(optimizer, 0), 0.1);
    assert.equal(learningRateAt(optimizer, 9), 1);
    assert.equal(learningRateAt(optimizer, 10), 1);
    assert.ok(Math.abs(learningRateAt(optimizer, 60) - 0.55) < 1e-12);
    assert.ok(Math.abs(learningRateAt(optimizer, 110) - 0.1) < 1e-12);
    assert.equal(learningRateAt(optimizer, 10_000), learningRateAt(optimizer, 110));
  });

  it("is positive and finite with any length of warm-up", () => {
    fc.assert(
      fc.property(
        fc.nat(200),
        fc.integer({ min: 1, max: 200 }),
        fc.nat(500),
        (warmupSteps, totalSteps, step) => {
          const rate = learningRateAt({ ...optimizer, warmupSteps, totalSteps }, step);
          assert.ok(rate > 0 && rate <= 1);
        },
      ),
    );
  });

  it("has a cosine that agrees with Math.cos and is the same bits everywhere", () => {
    for (let i = 0; i <= 1000; i++) {
      assert.ok(Math.abs(cosPi(i / 1000) - Math.cos((Math.PI * i) / 1000)) < 1e-15, `at ${i / 1000}`);
    }
    assert.deepEqual([cosPi(0), cosPi(0.5), cosPi(1)], [1, 0, -1]);
    const bits = new BigUint64Array(Float64Array.of(cosPi(1 / 3), cosPi(0.1), cosPi(0.9)).buffer);
    assert.deepEqual(
      [...bits].map((b) => b.toString(16)),
      ["3fe0000000000000", "3fee6f0e134454ff", "bfee6f0e13445500"],
    );
  });
});
