import assert from "node:assert/strict";
import type { ParameterLayout } from "../types.js";
import { AdamW, clipToNorm } from "./index.js";

const settings = { beta1: 0.9, beta2: 0.99, epsilon: 1e-8, weightDecay: 0.1 };
const layout: ParameterLayout = {
  parameters: [
    { name: "w", shape: [2, 3], init: { kind: "zeros" }, decay: true, offset: 0, size: 6 },
    { name: "b", shape: [2], init: { kind: "zeros" }, decay: false, offset: 6, size: 2 },
  ],
  size: 8,
};
const gradientAt = (step: number) =>
  Float32Array.from({ length: 8 }, (_, i) => Math.sin(1 + i * 1.7 + step * 0.9));
const start = () => Float32Array.from({ length: 8 }, (_, i) => 0.3 * i - 1);

/** The paper's algorithm 2, one value at a time in float64. */
function reference(steps: number, learningRate: number): number[] {
  return Array.from(start(), (initial, i) => {
    let [theta, m, v] = [initial, 0, 0];
    for (let t = 1; t <= steps; t++) {
      const g = gradientAt(t)[i]!;
      m = settings.beta1 * m + (1 - settings.beta1) * g;
      v = settings.beta2 * v + (1 - settings.beta2) * g ** 2;
      const mHat = m / (1 - settings.beta1 ** t);
      const vHat = v / (1 - settings.beta2 ** t);
      const decay = i < 6 ? settings.weightDecay : 0;
      theta -= learningRate * (mHat / (Math.sqrt(vHat) + settings.epsilon) + decay * theta);
    }
    return theta;
  });
}

describe("AdamW", () => {
  it("follows the published algorithm, decaying only the marked parameters", () => {
    const optimizer = new AdamW(layout, settings);
    const theta = start();
    for (let t = 1; t <= 50; t++) optimizer.update(theta, gradientAt(t), 0.01);
    reference(50, 0.01).forEach((expected, i) => {
      assert.ok(Math.abs(theta[i]! - expected) < 2e-6, `value ${i}: ${theta[i]} is not ${expected}`);
    });
    assert.equal(optimizer.state.step, 50);
  });

  it("continues from a restored state with the same bits", () => {
    const [optimizer, theta] = [new AdamW(layout, settings), start()];
    for (let t = 1; t <= 5; t++) optimizer.update(theta, gradientAt(t), 0.01);
    const [state, kept] = [optimizer.state, theta.slice()];
    for (let t = 6; t <= 9; t++) optimizer.update(theta, gradientAt(t), 0.01);
    const expected = theta.slice();
    optimizer.restore(state);
    theta.set(kept);
    for (let t = 6; t <= 9; t++) optimizer.update(theta, gradientAt(t), 0.01);
    assert.deepEqual(theta, expected);
  });
});

describe("clipToNorm", () => {
  it("scales down to the norm and leaves smaller gradients alone", () => {
    const gradient = Float32Array.of(3, 4);
    assert.equal(clipToNorm(gradient, 1), 5);
    assert.ok(Math.abs(Math.hypot(...gradient) - 1) < 1e-6);
    const small = Float32Array.of(0.3, -0.4);
    clipToNorm(small, 1);
    assert.deepEqual(small, Float32Array.of(0.3, -0.4));
  });

  it("does not clip when disabled, and reports what is not finite", () => {
    const gradient = Float32Array.of(30, 40);
    assert.equal(clipToNorm(gradient, 0), 50);
    assert.deepEqual(gradient, Float32Array.of(30, 40));
    assert.ok(Number.isNaN(clipToNorm(Float32Array.of(1, Number.NaN), 1)));
    assert.equal(clipToNorm(Float32Array.of(1, Number.POSITIVE_INFINITY), 1), Number.POSITIVE_INFINITY);
  });
});
