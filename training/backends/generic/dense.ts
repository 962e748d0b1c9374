import type { Tensor1D, Tensor2D } from "@tensorflow/tfjs-core";
import type { EmbeddingAttrs, Op, OpTable, Tensor, Tf } from "../types.js";

/** Gradients of `x·w` (w transposed for a tied projection) with respect to x and w. */
const linear = (tf: Tf): Op<null> => ({
  forward: ([x, w, b]) => ({ value: tf.tidy(() => tf.add(tf.matMul(x!, w!), b!)), saved: [x!, w!] }),
  backward: (dy, [x, w]) => [tf.matMul(dy, w!, false, true), tf.matMul(x!, dy, true, false), tf.sum(dy, 0)],
});

const tiedLogits = (tf: Tf): Op<null> => ({
  forward: ([x, w]) => ({ value: tf.matMul(x!, w!, false, true), saved: [x!, w!] }),
  backward: (dy, [x, w]) => [tf.matMul(dy, w!), tf.matMul(dy, x!, true, false)],
});

const positions = (attrs: EmbeddingAttrs) => attrs.tokens.map((_, i) => i % attrs.contextLength);

const embedding = (tf: Tf): Op<EmbeddingAttrs> => ({
  forward: ([wte, wpe], attrs) => ({
    value: tf.tidy(() =>
      tf.add(
        tf.gather(wte!, tf.tensor1d(attrs.tokens, "int32")),
        tf.gather(wpe!, tf.tensor1d(positions(attrs), "int32")),
      ),
    ),
    saved: [wte!, wpe!],
  }),
  backward: (dy, [wte, wpe], attrs) => {
    const sum = (ids: Int32Array, table: Tensor) =>
      tf.tidy(() => {
        const segments: Tensor1D = tf.tensor1d(ids, "int32");
        return tf.unsortedSegmentSum(dy, segments, table.shape[0]!);
      });
    return [sum(attrs.tokens, wte!), sum(positions(attrs), wpe!)];
  },
});

export function denseOps(
  tf: Tf,
): Pick<OpTable, "linear" | "tiedLogits" | "embedding" | "add" | "relu" | "reshape"> {
  return {
    linear: linear(tf),
    tiedLogits: tiedLogits(tf),
    embedding: embedding(tf),
    add: {
      forward: ([a, b]) => ({ value: tf.add(a!, b!), saved: [] }),
      backward: (dy) => [tf.clone(dy), tf.clone(dy)],
    },
    relu: {
      forward: ([x]) => {
        const value = tf.relu(x!);
        return { value, saved: [value] };
      },
      backward: (dy, [y]) => [tf.tidy(() => tf.mul(dy, tf.step<Tensor2D>(y as Tensor2D)))],
    },
    reshape: {
      forward: ([x], { shape }) => ({ value: tf.reshape(x!, [...shape]), saved: [x!] }),
      backward: (dy, [x]) => [tf.reshape(dy, x!.shape)],
    },
  };
}
