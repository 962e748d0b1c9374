import type { backend_util } from "@tensorflow/tfjs-core";
import { sizeOf } from "../memory.js";
import { convolutionInfo, floatInput, type Kernel } from "./attrs.js";
import { forEachTap, imagesPerPass, patchSize } from "./patches.js";
import { transposeInto } from "./transpose.js";

/** Adds patches [images × positions, patch] back to the places of dx that they came from. */
function fold(
  info: backend_util.Conv2DInfo,
  patches: Float32Array,
  dx: Float32Array,
  first: number,
  images: number,
): void {
  const { inChannels, inHeight, inWidth, outHeight, outWidth, strideWidth } = info;
  const patch = patchSize(info);
  forEachTap(info, ({ offset, outRow, inRow, from, to, shift }) => {
    for (let image = 0; image < images; image++) {
      const row = ((first + image) * inHeight + inRow) * inWidth;
      for (let column = from; column < to; column++) {
        const source = ((image * outHeight + outRow) * outWidth + column) * patch + offset;
        const target = (row + column * strideWidth + shift) * inChannels;
        for (let c = 0; c < inChannels; c++) dx[target + c] = dx[target + c]! + patches[source + c]!;
      }
    }
  });
}

/**
 * Gradient of a convolution with respect to its input: patches = dy · Wᵀ, folded back, a few images at a time. The
 * kernel as shipped is a scalar loop nest, several times slower.
 */
export const conv2dBackpropInput: Kernel = (call) => {
  const { memory, attrs } = call;
  const dy = floatInput(call, "Conv2DBackpropInput", "dy");
  const filter = floatInput(call, "Conv2DBackpropInput", "filter");
  const inputShape = attrs.inputShape as number[];
  const info = convolutionInfo(call, inputShape, filter.shape);
  const images = imagesPerPass(info);
  const positions = info.outHeight * info.outWidth;
  const patch = patchSize(info);
  const out = memory.output(inputShape);
  memory.withScratch([sizeOf(filter.shape), images * positions * patch], ([transposed, patches]) => {
    const weights = memory.floats(transposed!, sizeOf(filter.shape));
    transposeInto(memory.f32(filter), weights, patch, info.outChannels);
    memory.f32(out).fill(0);
    for (let first = 0; first < info.batchSize; first += images) {
      const count = Math.min(images, info.batchSize - first);
      const from = memory.pointer(dy) + first * positions * info.outChannels * 4;
      memory.matMul(from, transposed!, patches!, count * positions, info.outChannels, patch);
      fold(info, memory.floats(patches!, count * positions * patch), memory.f32(out), first, count);
    }
  });
  return out;
};
