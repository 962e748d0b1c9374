import type { Ops, Tensor } from "../backends/types.js";
import type { CnnSpec } from "../session.js";
import type { Weights } from "./weights.js";

/**
 * 3×3 convolutions of the same size with ReLU, a 2×2 max-pool after the last, one hidden layer and the classifier:
 * inputs [samples, height, width, channels] → logits [samples, classes].
 */
export function cnnLogits(
  ops: Ops,
  model: CnnSpec,
  weights: Weights,
  inputs: Tensor,
  samples: number,
): Tensor {
  const pair = (name: string) => [weights(`${name}.weight`), weights(`${name}.bias`)] as const;
  let image = ops.reshape([inputs], { shape: [samples, ...model.inputShape] });
  for (let i = 0; i < model.channels.length; i++) {
    image = ops.relu([ops.conv2d([image, ...pair(`conv.${i}`)], null)], null);
  }
  const pooled = ops.maxPool2x2([image], null);
  const [, height, width, channels] = pooled.shape as [number, number, number, number];
  const flat = ops.reshape([pooled], { shape: [samples, height * width * channels] });
  const hidden = ops.relu([ops.linear([flat, ...pair("hidden")], null)], null);
  return ops.linear([hidden, ...pair("classifier")], null);
}
