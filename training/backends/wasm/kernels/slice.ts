import type { TensorInfo } from "@tensorflow/tfjs-core";
import type { Tf } from "../../types.js";
import type { WasmMemory } from "../memory.js";
import { input, type Kernel } from "./attrs.js";

/** Number of trailing dimensions that are taken whole, plus the one before them: one run of memory per step. */
function runLength(
  shape: readonly number[],
  size: readonly number[],
): { dimensions: number; length: number } {
  let length = 1;
  let d = shape.length;
  while (d > 0) {
    d--;
    length *= size[d]!;
    if (size[d] !== shape[d]) break;
  }
  return { dimensions: d, length };
}

/** Copies `size` values from `begin` on in each dimension, run by run, straight within the heap. */
export function sliceOf(
  tf: Tf,
  memory: WasmMemory,
  x: TensorInfo,
  begin: readonly number[],
  size: readonly number[],
  shape: readonly number[] = size,
): TensorInfo {
  const width = tf.util.bytesPerElement(x.dtype);
  const out = memory.output(shape, x.dtype);
  const [from, to] = [memory.bytes(x, width), memory.bytes(out, width)];
  if (to.length === 0) return out;
  const strides = [...tf.util.computeStrides(x.shape), 1];
  const { dimensions, length } = runLength(x.shape, size);
  const start = begin.reduce((sum, b, d) => sum + b * strides[d]!, 0);
  for (let run = 0; run * length * width < to.length; run++) {
    let rest = run;
    let source = start;
    for (let d = dimensions - 1; d >= 0; d--) {
      source += (rest % size[d]!) * strides[d]!;
      rest = Math.floor(rest / size[d]!);
    }
    to.set(from.subarray(source * width, (source + length) * width), run * length * width);
  }
  return out;
}

/** Slice without a copy of the whole input, which the kernel as shipped makes first. */
export const slice: Kernel = (call) => {
  const { tf, memory, attrs } = call;
  const x = input(call, "x");
  const [begin, size] = tf.slice_util.parseSliceParams(
    x,
    attrs.begin as number | number[],
    attrs.size as number | number[],
  );
  tf.slice_util.assertParamsValid(x, begin!, size!);
  return sliceOf(tf, memory, x, begin!, size!);
};

/** Unpack as slices along one axis; as shipped, every slice copies the whole input first. */
export const unpack: Kernel = (call) => {
  const { tf, memory, attrs } = call;
  const value = input(call, "value");
  const rank = value.shape.length;
  const axis = (attrs.axis as number) < 0 ? (attrs.axis as number) + rank : (attrs.axis as number);
  const size = value.shape.map((length, d) => (d === axis ? 1 : length));
  const shape = value.shape.filter((_, d) => d !== axis);
  return Array.from({ length: value.shape[axis]! }, (_, i) => {
    const begin = value.shape.map((__, d) => (d === axis ? i : 0));
    return sliceOf(tf, memory, value, begin, size, shape);
  });
};
