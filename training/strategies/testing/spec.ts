/** A small valid session for tests. */
import type { SessionSpec } from "../../session.js";

export function specOf(
  strategy: Partial<SessionSpec["strategy"]> = {},
  optimizer: Partial<SessionSpec["optimizer"]> = {},
  rest: Partial<SessionSpec> = {},
): SessionSpec {
  return {
    v: 1,
    model: { type: "mlp", inputSize: 3, hidden: [4], classes: 2 },
    data: {
      kind: "classification",
      dataset: "file:/tmp/test.csv",
      fingerprint: `sha256:${"0".repeat(64)}`,
      inputShape: [3],
      classes: 2,
      trainSamples: 1000,
      validationSamples: 100,
    },
    strategy: {
      name: "cooperative_sgd",
      innerSteps: 10,
      outerLearningRate: 0.7,
      outerMomentum: 0.9,
      ...strategy,
    },
    codec: "int8",
    aggregator: "centered_clip",
    batchSize: 10,
    optimizer: {
      learningRate: 0.01,
      beta1: 0.9,
      beta2: 0.99,
      epsilon: 1e-8,
      weightDecay: 0.1,
      clipNorm: 1,
      warmupSteps: 10,
      totalSteps: 1000,
      finalLearningRateRatio: 0.1,
      ...optimizer,
    },
    rounds: 100,
    epochs: null,
    evaluateEvery: 10,
    seed: 1,
    roundTimeoutMs: 60_000,
    nodes: null,
    warnings: [],
    ...rest,
  };
}
