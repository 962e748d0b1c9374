import type { AttentionAttrs, Op, Tensor, Tf } from "../types.js";

/** Far below any score, and finite, so that a row never becomes NaN. */
const MASKED = -1e9;

export function attentionOp(tf: Tf): Op<AttentionAttrs> {
  /** [N, 3E] → three of [B, heads, T, E/heads] */
  const split = (qkv: Tensor, { heads, contextLength }: AttentionAttrs) => {
    const embedding = qkv.shape[1]! / 3;
    const shape = [qkv.shape[0]! / contextLength, contextLength, heads, embedding / heads];
    return tf.split(qkv, 3, 1).map((part) => tf.transpose(tf.reshape(part, shape), [0, 2, 1, 3]));
  };
  /** [B, heads, T, D] → [N, heads·D] */
  const merge = (x: Tensor) => {
    const [batch, heads, length, size] = x.shape as [number, number, number, number];
    return tf.reshape(tf.transpose(x, [0, 2, 1, 3]), [batch * length, heads * size]);
  };
  const mask = (length: number) => {
    const values = new Float32Array(length * length);
    for (let i = 0; i < length; i++) values.fill(MASKED, i * length + i + 1, (i + 1) * length);
    return tf.tensor(values, [1, 1, length, length]);
  };
  const probabilities = (q: Tensor, k: Tensor, length: number) => {
    const scale = 1 / Math.sqrt(q.shape[3]!);
    return tf.softmax(tf.add(tf.mul(tf.matMul(q, k, false, true), scale), mask(length)));
  };
  return {
    forward: ([qkv], attrs) => ({
      value: tf.tidy(() => {
        const [q, k, v] = split(qkv!, attrs);
        return merge(tf.matMul(probabilities(q!, k!, attrs.contextLength), v!));
      }),
      saved: [qkv!],
    }),
    backward: (dy, [qkv], attrs) => [
      tf.tidy(() => {
        const [q, k, v] = split(qkv!, attrs);
        const scale = 1 / Math.sqrt(q!.shape[3]!);
        const shape = [q!.shape[0]!, attrs.contextLength, attrs.heads, q!.shape[3]!];
        const dOut = tf.transpose(tf.reshape(dy, shape), [0, 2, 1, 3]);
        const p = probabilities(q!, k!, attrs.contextLength);
        const dP = tf.matMul(dOut, v!, false, true);
        const dScores = tf.mul(tf.mul(p, tf.sub(dP, tf.sum(tf.mul(dP, p), -1, true))), scale);
        const dQ = tf.matMul(dScores, k!);
        const dK = tf.matMul(dScores, q!, true, false);
        const dV = tf.matMul(p, dOut, true, false);
        return tf.concat([merge(dQ), merge(dK), merge(dV)], 1);
      }),
    ],
  };
}
