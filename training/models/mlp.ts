import type { Ops, Tensor } from "../backends/types.js";
import type { MlpSpec } from "../session.js";
import type { Weights } from "./weights.js";

/** Dense layers with ReLU between them: inputs [samples, …] → logits [samples, classes]. */
export function mlpLogits(
  ops: Ops,
  model: MlpSpec,
  weights: Weights,
  inputs: Tensor,
  samples: number,
): Tensor {
  let hidden = ops.reshape([inputs], { shape: [samples, model.inputSize] });
  for (let layer = 0; layer <= model.hidden.length; layer++) {
    hidden = ops.linear([hidden, weights(`layers.${layer}.weight`), weights(`layers.${layer}.bias`)], null);
    if (layer < model.hidden.length) hidden = ops.relu([hidden], null);
  }
  return hidden;
}
