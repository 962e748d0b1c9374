import type { Tensor4D } from "@tensorflow/tfjs-core";
import type { Op, OpTable, Tf } from "../types.js";

const POOL = { filterSize: 2, strides: 2, pad: "valid", dimRoundingMode: "floor" } as const;

const conv2d = (tf: Tf): Op<null> => ({
  forward: ([x, filter, bias]) => ({
    value: tf.tidy(() => tf.add(tf.conv2d(x as Tensor4D, filter as Tensor4D, 1, "same"), bias!)),
    saved: [x!, filter!],
  }),
  backward: (dy, [x, filter]) => {
    const attrs = { strides: 1, pad: "same", dataFormat: "NHWC" };
    const run = tf.engine();
    return [
      run.runKernel(
        "Conv2DBackpropInput",
        { dy, filter: filter! },
        { ...attrs, inputShape: x!.shape },
      ) as Tensor4D,
      run.runKernel(
        "Conv2DBackpropFilter",
        { x: x!, dy },
        { ...attrs, filterShape: filter!.shape },
      ) as Tensor4D,
      tf.sum(dy, [0, 1, 2]),
    ];
  },
});

const maxPool2x2 = (tf: Tf): Op<null> => ({
  forward: ([x]) => {
    const value = tf.maxPool(x as Tensor4D, POOL.filterSize, POOL.strides, POOL.pad);
    return { value, saved: [x!, value] };
  },
  backward: (dy, [x, y]) => [
    tf.engine().runKernel("MaxPoolGrad", { dy, input: x!, output: y! }, { ...POOL }) as Tensor4D,
  ],
});

export function convolutionOps(tf: Tf): Pick<OpTable, "conv2d" | "maxPool2x2"> {
  return { conv2d: conv2d(tf), maxPool2x2: maxPool2x2(tf) };
}
