import type { Ops, Tensor } from "../backends/types.js";
import type { Batch } from "../datasets/types.js";
import type { ModelSpec } from "../session.js";
import { cnnLogits } from "./cnn.js";
import { gpt2Logits } from "./gpt2.js";
import { mlpLogits } from "./mlp.js";
import type { Weights } from "./weights.js";

/** What a forward pass reads; `inputs` has been made a tensor for the models that take numbers. */
export type ModelInput =
  | { readonly kind: "text"; readonly tokens: Int32Array; readonly contextLength: number }
  | { readonly kind: "classification"; readonly samples: number; readonly inputs: Tensor };

/** Scores before softmax: [tokens, vocabulary] or [samples, classes]. */
export function logitsOf(ops: Ops, model: ModelSpec, weights: Weights, input: ModelInput): Tensor {
  if (model.type === "gpt2") {
    if (input.kind !== "text")
      throw new TypeError("gpt2 reads tokens, but the dataset holds samples with classes");
    return gpt2Logits(ops, model, weights, input.tokens, input.contextLength);
  }
  if (input.kind !== "classification")
    throw new TypeError(`${model.type} classifies, but the dataset is text`);
  return model.type === "mlp"
    ? mlpLogits(ops, model, weights, input.inputs, input.samples)
    : cnnLogits(ops, model, weights, input.inputs, input.samples);
}

/** Mean cross-entropy over tokens or samples, in nats; a scalar. */
export function lossOf(
  ops: Ops,
  model: ModelSpec,
  weights: Weights,
  input: ModelInput,
  batch: Batch,
): Tensor {
  return ops.softmaxCrossEntropy([logitsOf(ops, model, weights, input)], { targets: batch.targets });
}
