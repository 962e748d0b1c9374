import type { backend_util } from "@tensorflow/tfjs-core";
import { floatInput, type Kernel, quad } from "./attrs.js";

type Pair = number | [number, number];
type PoolAttrs = {
  filterSize: Pair;
  strides: Pair;
  pad: "valid" | "same" | number;
  dimRoundingMode?: "floor" | "round" | "ceil";
};

/** Offset of the first greatest value of one window and channel. */
function greatest(
  info: backend_util.Conv2DInfo,
  x: Float32Array,
  image: number,
  top: number,
  left: number,
): number {
  const { inHeight, inWidth, inChannels } = info;
  let best = -1;
  const bottom = Math.min(inHeight, top + info.filterHeight);
  const right = Math.min(inWidth, left + info.filterWidth);
  for (let row = Math.max(0, top); row < bottom; row++) {
    for (let column = Math.max(0, left); column < right; column++) {
      const at = image + (row * inWidth + column) * inChannels;
      if (best < 0 || x[at]! > x[best]!) best = at;
    }
  }
  return best;
}

/** Gradient of a max-pool. The kernel as shipped loses the gradient of windows in which every value is negative. */
export const maxPoolGrad: Kernel = (call) => {
  const { tf, memory, attrs } = call;
  const dy = floatInput(call, "MaxPoolGrad", "dy");
  const input = floatInput(call, "MaxPoolGrad", "input");
  // The greatest values are looked for again, so that of `output` only the type is asked.
  floatInput(call, "MaxPoolGrad", "output");
  const { filterSize, strides, pad, dimRoundingMode } = attrs as PoolAttrs;
  const info = tf.backend_util.computePool2DInfo(
    quad(input.shape),
    filterSize,
    strides,
    1,
    pad,
    dimRoundingMode,
  );
  const out = memory.output(input.shape);
  const [x, gradient, dx] = [memory.f32(input), memory.f32(dy), memory.f32(out).fill(0)];
  const imageSize = info.inHeight * info.inWidth * info.inChannels;
  let position = 0;
  for (let image = 0; image < info.batchSize; image++) {
    for (let i = 0; i < info.outHeight; i++) {
      const top = i * info.strideHeight - info.padInfo.top;
      for (let j = 0; j < info.outWidth; j++) {
        const left = j * info.strideWidth - info.padInfo.left;
        for (let channel = 0; channel < info.inChannels; channel++) {
          const at = greatest(info, x, image * imageSize + channel, top, left);
          dx[at] = dx[at]! + gradient[position++]!;
        }
      }
    }
  }
  return out;
};
