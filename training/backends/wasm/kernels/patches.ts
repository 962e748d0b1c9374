import type { backend_util } from "@tensorflow/tfjs-core";

/** Upper bound of the unfolded input that is held at a time, in float32 values (16 MiB). */
const PATCH_FLOATS_MAX = 4 * 1024 * 1024;

/** Images per pass such that their unfolded patches stay within bounds; at least one. */
export function imagesPerPass(info: backend_util.Conv2DInfo): number {
  const perImage = info.outHeight * info.outWidth * patchSize(info);
  return Math.max(1, Math.min(info.batchSize, Math.floor(PATCH_FLOATS_MAX / Math.max(1, perImage))));
}

/** Values under the filter at one output position: filterHeight × filterWidth × inChannels. */
export function patchSize(info: backend_util.Conv2DInfo): number {
  return info.filterHeight * info.filterWidth * info.inChannels;
}

/**
 * Calls `visit` for every filter tap and output row: the tap's place in a patch, the first input column and the range
 * of output columns for which the tap lies inside the image (rows outside of it are not visited).
 */
export function forEachTap(
  info: backend_util.Conv2DInfo,
  visit: (tap: {
    /** Offset of the tap's first channel in a patch. */
    readonly offset: number;
    readonly outRow: number;
    readonly inRow: number;
    readonly from: number;
    readonly to: number;
    /** Input column of output column `c` is `c × strideWidth + shift`. */
    readonly shift: number;
  }) => void,
): void {
  const { padInfo, strideHeight, strideWidth, outHeight, outWidth, inHeight, inWidth } = info;
  for (let i = 0; i < info.filterHeight; i++) {
    for (let j = 0; j < info.filterWidth; j++) {
      const offset = (i * info.filterWidth + j) * info.inChannels;
      const shift = j * info.dilationWidth - padInfo.left;
      const from = Math.max(0, Math.ceil(-shift / strideWidth));
      const to = Math.min(outWidth, Math.floor((inWidth - 1 - shift) / strideWidth) + 1);
      if (from >= to) continue;
      for (let outRow = 0; outRow < outHeight; outRow++) {
        const inRow = outRow * strideHeight + i * info.dilationHeight - padInfo.top;
        if (inRow >= 0 && inRow < inHeight) visit({ offset, outRow, inRow, from, to, shift });
      }
    }
  }
}
