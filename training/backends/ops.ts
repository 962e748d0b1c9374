import type { Op, Ops, OpTable, Tensor, Tf } from "./types.js";

/** Puts an operation on the gradient tape. */
function differentiable<Attrs>(tf: Tf, op: Op<Attrs>): (inputs: readonly Tensor[], attrs: Attrs) => Tensor {
  return (inputs, attrs) => {
    const run = tf.customGrad((...args) => {
      const save = args.at(-1);
      if (typeof save !== "function") throw new TypeError("customGrad passes its save function last");
      const tensors = args.slice(0, -1).filter((x): x is Tensor => x instanceof tf.Tensor);
      const { value, saved } = op.forward(tensors, attrs);
      save(saved);
      return { value, gradFunc: (dy: Tensor, kept: Tensor[]) => op.backward(dy, kept, attrs) };
    });
    return run(...inputs);
  };
}

export function makeOps(tf: Tf, table: OpTable): Ops {
  return {
    embedding: differentiable(tf, table.embedding),
    linear: differentiable(tf, table.linear),
    tiedLogits: differentiable(tf, table.tiedLogits),
    layerNorm: differentiable(tf, table.layerNorm),
    gelu: differentiable(tf, table.gelu),
    relu: differentiable(tf, table.relu),
    add: differentiable(tf, table.add),
    causalAttention: differentiable(tf, table.causalAttention),
    conv2d: differentiable(tf, table.conv2d),
    maxPool2x2: differentiable(tf, table.maxPool2x2),
    reshape: differentiable(tf, table.reshape),
    softmaxCrossEntropy: differentiable(tf, table.softmaxCrossEntropy),
  };
}
