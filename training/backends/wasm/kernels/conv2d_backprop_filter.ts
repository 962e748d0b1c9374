import type { backend_util } from "@tensorflow/tfjs-core";
import { convolutionInfo, floatInput, type Kernel } from "./attrs.js";
import { forEachTap, imagesPerPass, patchSize } from "./patches.js";

/** out [patch, images × positions] ← the patches of `images` images that start at `first`, transposed. */
function unfold(
  info: backend_util.Conv2DInfo,
  x: Float32Array,
  out: Float32Array,
  first: number,
  images: number,
): void {
  const { inChannels, inHeight, inWidth, outHeight, outWidth, strideWidth } = info;
  const positions = outHeight * outWidth;
  const columns = images * positions;
  out.fill(0);
  forEachTap(info, ({ offset, outRow, inRow, from, to, shift }) => {
    for (let image = 0; image < images; image++) {
      const row = ((first + image) * inHeight + inRow) * inWidth;
      for (let channel = 0; channel < inChannels; channel++) {
        const target = (offset + channel) * columns + image * positions + outRow * outWidth;
        let source = (row + from * strideWidth + shift) * inChannels + channel;
        for (let column = from; column < to; column++) {
          out[target + column] = x[source]!;
          source += strideWidth * inChannels;
        }
      }
    }
  });
}

/**
 * Gradient of a convolution with respect to its filter: dW [patch, O] = Σ patchesᵀ · dy, as matrix products over a
 * few images at a time. Missing from the wasm backend as shipped.
 */
export const conv2dBackpropFilter: Kernel = (call) => {
  const { memory, attrs } = call;
  const x = floatInput(call, "Conv2DBackpropFilter", "x");
  const dy = floatInput(call, "Conv2DBackpropFilter", "dy");
  const filterShape = attrs.filterShape as number[];
  const info = convolutionInfo(call, x.shape, filterShape);
  const images = imagesPerPass(info);
  const positions = info.outHeight * info.outWidth;
  const patch = patchSize(info);
  const size = patch * info.outChannels;
  const out = memory.output(filterShape);
  memory.withScratch([patch * images * positions, size], ([patches, part]) => {
    memory.f32(out).fill(0);
    for (let first = 0; first < info.batchSize; first += images) {
      const count = Math.min(images, info.batchSize - first);
      unfold(info, memory.f32(x), memory.floats(patches!, patch * count * positions), first, count);
      const from = memory.pointer(dy) + first * positions * info.outChannels * 4;
      memory.matMul(patches!, from, part!, patch, count * positions, info.outChannels);
      const sum = memory.f32(out);
      const addend = memory.floats(part!, size);
      for (let i = 0; i < size; i++) sum[i] = sum[i]! + addend[i]!;
    }
  });
  return out;
};
