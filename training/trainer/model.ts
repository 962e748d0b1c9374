import type { NamedTensorMap, Scalar, Variable } from "@tensorflow/tfjs-core";
import type { Backend } from "../backends/index.js";
import type { Batch } from "../datasets/types.js";
import { logitsOf, lossOf, type ModelInput } from "../models/forward.js";
import { layoutOf } from "../models/index.js";
import type { ModelSpec } from "../session.js";
import type { ParameterLayout } from "../types.js";

/** A model on a backend: takes weights and gives gradients as flat vectors in the layout's order. */
export class Model {
  readonly layout: ParameterLayout;
  readonly #backend: Backend;
  readonly #spec: ModelSpec;
  readonly #variables = new Map<string, Variable>();

  /** @throws TrainingError `SESSION_INVALID` when the model's sizes do not fit */
  constructor(backend: Backend, spec: ModelSpec) {
    this.#backend = backend;
    this.#spec = spec;
    this.layout = layoutOf(spec);
    const { tf } = backend;
    tf.tidy(() => {
      for (const { name, shape } of this.layout.parameters) {
        this.#variables.set(name, tf.variable(tf.zeros([...shape])));
      }
    });
  }

  setWeights(weights: Float32Array): void {
    for (const { name, offset, size } of this.layout.parameters) {
      this.#backend.assign(this.#variable(name), weights.subarray(offset, offset + size));
    }
  }

  /** Writes the gradient of the batch's mean loss into `gradient`. @returns the loss in nats */
  gradient(batch: Batch, gradient: Float32Array): number {
    const { tf, ops } = this.#backend;
    return tf.tidy(() => {
      const input = this.#inputOf(batch);
      const variables = [...this.#variables.values()];
      const { value, grads } = tf.variableGrads(
        () => lossOf(ops, this.#spec, this.#variable, input, batch) as Scalar,
        variables,
      );
      this.#readGradients(grads, gradient);
      return value.dataSync()[0]!;
    });
  }

  /** Mean loss in nats and, for classification, how many samples were classified correctly. */
  evaluate(batch: Batch): { lossNats: number; correct: number | null } {
    const { tf, ops } = this.#backend;
    const { lossNats, scores } = tf.tidy(() => {
      const logits = logitsOf(ops, this.#spec, this.#variable, this.#inputOf(batch));
      const loss = ops.softmaxCrossEntropy([logits], { targets: batch.targets });
      const rows = batch.kind === "text" ? 0 : logits.size;
      return { lossNats: loss.dataSync()[0]!, scores: this.#values(rows, logits) };
    });
    return { lossNats, correct: batch.kind === "text" ? null : countCorrect(scores, batch.targets) };
  }

  /** Scores of the token that follows `tokens` (one sequence, at most the context length): [vocabulary]. */
  nextTokenScores(tokens: Int32Array): Float32Array {
    const { tf, ops } = this.#backend;
    return tf.tidy(() => {
      const input: ModelInput = { kind: "text", tokens, contextLength: tokens.length };
      const logits = logitsOf(ops, this.#spec, this.#variable, input);
      return this.#values(logits.size, logits).slice(-logits.shape[1]!);
    });
  }

  dispose(): void {
    for (const variable of this.#variables.values()) variable.dispose();
    this.#variables.clear();
  }

  #values(size: number, tensor: Parameters<Backend["read"]>[0]): Float32Array {
    const values = new Float32Array(size);
    if (size > 0) this.#backend.read(tensor, values);
    return values;
  }

  #readGradients(grads: NamedTensorMap, gradient: Float32Array): void {
    for (const { name, offset, size } of this.layout.parameters) {
      this.#backend.read(grads[this.#variable(name).name]!, gradient.subarray(offset, offset + size));
    }
  }

  #inputOf(batch: Batch): ModelInput {
    if (batch.kind === "text") {
      return { kind: "text", tokens: batch.inputs, contextLength: batch.contextLength };
    }
    const inputs = this.#backend.tf.tensor(batch.inputs, [batch.samples, ...batch.inputShape], "float32");
    return { kind: "classification", samples: batch.samples, inputs };
  }

  readonly #variable = (name: string): Variable => {
    const variable = this.#variables.get(name);
    if (variable === undefined) throw new TypeError(`the model has no parameter ${name}`);
    return variable;
  };
}

function countCorrect(logits: Float32Array, targets: Int32Array): number {
  const classes = logits.length / targets.length;
  let correct = 0;
  targets.forEach((target, row) => {
    const scores = logits.subarray(row * classes, (row + 1) * classes);
    if (scores.every((score) => score <= scores[target]!)) correct++;
  });
  return correct;
}
