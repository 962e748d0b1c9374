/** What a model may ask of the machine that computes it. Every backend passes the same compliance suite. */
import type * as tfjs from "@tensorflow/tfjs-core";

export type Tf = typeof tfjs;
export type Tensor = tfjs.Tensor;

export interface OpResult {
  readonly value: Tensor;
  /** What the backward pass needs. */
  readonly saved: Tensor[];
}

/**
 * One differentiable operation. Neither direction leaves temporary tensors behind.
 * `backward` returns one gradient per input, each a tensor of its own (never the same object twice).
 */
export interface Op<Attrs> {
  forward(inputs: readonly Tensor[], attrs: Attrs): OpResult;
  backward(dy: Tensor, saved: readonly Tensor[], attrs: Attrs): Tensor[];
}

export interface EmbeddingAttrs {
  /** [tokens]; token `i` stands at position `i mod contextLength`. */
  readonly tokens: Int32Array;
  readonly contextLength: number;
}
export interface AttentionAttrs {
  readonly heads: number;
  /** Rows of one sequence; the input holds whole sequences one after another. */
  readonly contextLength: number;
}
export interface TargetAttrs {
  /** [rows], class numbers */
  readonly targets: Int32Array;
}

/**
 * The operations that models are made of. N: rows (tokens or samples), E, I, O: features, V: vocabulary,
 * C: context length or channels. Everything is float32.
 */
export interface OpTable {
  /** wte [V,E], wpe [C,E] → [tokens,E] */
  readonly embedding: Op<EmbeddingAttrs>;
  /** x [N,I], weight [I,O], bias [O] → [N,O] */
  readonly linear: Op<null>;
  /** x [N,E], wte [V,E] → [N,V]; the output projection tied to the embedding, without bias */
  readonly tiedLogits: Op<null>;
  /** x [N,E], weight [E], bias [E] → [N,E]; ε 1e-5 (https://arxiv.org/abs/1607.06450) */
  readonly layerNorm: Op<null>;
  /** x → x, the tanh form that GPT-2 uses (https://arxiv.org/abs/1606.08415) */
  readonly gelu: Op<null>;
  readonly relu: Op<null>;
  readonly add: Op<null>;
  /** qkv [N,3E] → [N,E]; causal, scaled by 1/√(E/heads) (https://arxiv.org/abs/1706.03762) */
  readonly causalAttention: Op<AttentionAttrs>;
  /** x [B,H,W,I], filter [3,3,I,O], bias [O] → [B,H,W,O]; stride 1, zero-padded to the same size */
  readonly conv2d: Op<null>;
  /** x [B,H,W,C] → [B,⌊H/2⌋,⌊W/2⌋,C] */
  readonly maxPool2x2: Op<null>;
  readonly reshape: Op<{ readonly shape: readonly number[] }>;
  /** logits [N,V] → scalar: mean −log softmax(logits)[target], in nats */
  readonly softmaxCrossEntropy: Op<TargetAttrs>;
}

/** An {@link OpTable} whose operations record themselves on the gradient tape. */
export type Ops = {
  readonly [K in keyof OpTable]: OpTable[K] extends Op<infer Attrs>
    ? (inputs: readonly Tensor[], attrs: Attrs) => Tensor
    : never;
};

export interface Backend {
  readonly name: string;
  readonly tf: Tf;
  readonly ops: Ops;
  /** Copies a tensor's values into `target`, which has its size. */
  read(tensor: Tensor, target: Float32Array): void;
  /** Replaces a variable's values. */
  assign(variable: tfjs.Variable, values: Float32Array): void;
}

export type BackendName = "wasm";
