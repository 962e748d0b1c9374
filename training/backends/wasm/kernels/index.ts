import type { Tf } from "../../types.js";
import { memoryOf } from "../memory.js";
import type { Kernel } from "./attrs.js";
import { batchMatMul } from "./batch_matmul.js";
import { conv2dBackpropFilter } from "./conv2d_backprop_filter.js";
import { conv2dBackpropInput } from "./conv2d_backprop_input.js";
import { maxPoolGrad } from "./max_pool_grad.js";
import { slice, unpack } from "./slice.js";
import { unsortedSegmentSum } from "./unsorted_segment_sum.js";

export const KERNELS: Readonly<Record<string, Kernel>> = {
  BatchMatMul: batchMatMul,
  Conv2DBackpropFilter: conv2dBackpropFilter,
  Conv2DBackpropInput: conv2dBackpropInput,
  MaxPoolGrad: maxPoolGrad,
  Slice: slice,
  Unpack: unpack,
  UnsortedSegmentSum: unsortedSegmentSum,
};

/** The kernels that strings may go into. They do not lie in the heap, and are left to the kernel as shipped. */
const STRING_KERNELS: ReadonlySet<string> = new Set(["Slice", "Unpack"]);

/** Registers the kernels that the wasm backend lacks, has only in a slow form or gets wrong. */
export function installKernels(tf: Tf): void {
  for (const [kernelName, kernel] of Object.entries(KERNELS)) {
    const shipped = tf.getKernel(kernelName, "wasm");
    if (shipped !== undefined) tf.unregisterKernel(kernelName, "wasm");
    tf.registerKernel({
      kernelName,
      backendName: "wasm",
      kernelFunc: (call) => {
        const strings = Object.values(call.inputs).some((info) => info?.dtype === "string");
        if (strings && shipped !== undefined && STRING_KERNELS.has(kernelName)) {
          return shipped.kernelFunc(call);
        }
        return kernel({ tf, memory: memoryOf(call.backend), inputs: call.inputs, attrs: call.attrs ?? {} });
      },
    });
  }
}
