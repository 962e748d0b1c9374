import type { Op, OpTable, TargetAttrs, Tensor, Tf } from "../types.js";

export const LAYER_NORM_EPSILON = 1e-5;

const layerNorm = (tf: Tf): Op<null> => {
  const normalize = (x: Tensor) => {
    const centered = tf.sub(x, tf.mean(x, -1, true));
    const inverseStd = tf.rsqrt(tf.add(tf.mean(tf.square(centered), -1, true), LAYER_NORM_EPSILON));
    return { normalized: tf.mul(centered, inverseStd), inverseStd };
  };
  return {
    forward: ([x, weight, bias]) => ({
      value: tf.tidy(() => tf.add(tf.mul(normalize(x!).normalized, weight!), bias!)),
      saved: [x!, weight!],
    }),
    backward: (dy, [x, weight]) => {
      const gradients = tf.tidy(() => {
        const { normalized, inverseStd } = normalize(x!);
        const scaled = tf.mul(dy, weight!);
        const meanScaled = tf.mean(scaled, -1, true);
        const meanProjected = tf.mean(tf.mul(scaled, normalized), -1, true);
        return {
          dx: tf.mul(tf.sub(tf.sub(scaled, meanScaled), tf.mul(normalized, meanProjected)), inverseStd),
          dWeight: tf.sum(tf.mul(dy, normalized), 0),
          dBias: tf.sum(dy, 0),
        };
      });
      return [gradients.dx, gradients.dWeight, gradients.dBias];
    },
  };
};

/** √(2/π) and the cubic coefficient of GELU's tanh form. */
export const GELU_SCALE = Math.sqrt(2 / Math.PI);
export const GELU_CUBIC = 0.044715;

const gelu = (tf: Tf): Op<null> => {
  const tanh = (x: Tensor) =>
    tf.tanh(tf.mul(tf.add(x, tf.mul(tf.mul(tf.square(x), x), GELU_CUBIC)), GELU_SCALE));
  return {
    forward: ([x]) => ({
      value: tf.tidy(() => tf.mul(tf.mul(x!, 0.5), tf.add(tanh(x!), 1))),
      saved: [x!],
    }),
    backward: (dy, [x]) => [
      tf.tidy(() => {
        const t = tanh(x!);
        const inner = tf.mul(tf.add(tf.mul(tf.square(x!), 3 * GELU_CUBIC), 1), GELU_SCALE);
        const slope = tf.mul(tf.mul(tf.sub(1, tf.square(t)), inner), x!);
        return tf.mul(dy, tf.mul(tf.add(tf.add(t, 1), slope), 0.5));
      }),
    ],
  };
};

const softmaxCrossEntropy = (tf: Tf): Op<TargetAttrs> => ({
  forward: ([logits], { targets }) => {
    const classes = logits!.shape[1]!;
    return {
      value: tf.tidy(() => {
        const chosen = tf.oneHot(tf.tensor1d(targets, "int32"), classes, 1, 0, "float32");
        return tf.mul(tf.sum(tf.mul(tf.logSoftmax(logits!), chosen)), -1 / targets.length);
      }),
      saved: [logits!],
    };
  },
  backward: (dy, [logits], { targets }) => [
    tf.tidy(() => {
      const chosen = tf.oneHot(tf.tensor1d(targets, "int32"), logits!.shape[1]!, 1, 0, "float32");
      return tf.mul(tf.mul(tf.sub(tf.softmax(logits!), chosen), 1 / targets.length), dy);
    }),
  ],
});

export function normOps(tf: Tf): Pick<OpTable, "layerNorm" | "gelu" | "softmaxCrossEntropy"> {
  return { layerNorm: layerNorm(tf), gelu: gelu(tf), softmaxCrossEntropy: softmaxCrossEntropy(tf) };
}
