import { sizeOf } from "../memory.js";
import { type Kernel, typedInput } from "./attrs.js";

/**
 * Sums the rows of x [ids…, inner…] that share a segment id; ids outside [0, numSegments) are dropped, as on every
 * other backend. Missing from the wasm backend as shipped; the gradient of `gather` needs it.
 */
export const unsortedSegmentSum: Kernel = (call) => {
  const { memory, attrs } = call;
  const x = typedInput(call, "UnsortedSegmentSum", "x", ["float32", "int32"]);
  const segmentIds = typedInput(call, "UnsortedSegmentSum", "segmentIds", ["int32"]);
  const numSegments = attrs.numSegments as number;
  const innerShape = x.shape.slice(segmentIds.shape.length);
  if (segmentIds.shape.some((size, d) => size !== x.shape[d])) {
    throw new RangeError(
      `segment ids of shape [${segmentIds.shape}] do not fit values of shape [${x.shape}]`,
    );
  }
  const out = memory.output([numSegments, ...innerShape], x.dtype);
  const view = x.dtype === "float32" ? memory.f32.bind(memory) : memory.i32.bind(memory);
  const [from, to, ids] = [view(x), view(out).fill(0), memory.i32(segmentIds)];
  const inner = sizeOf(innerShape);
  for (let i = 0; i < ids.length; i++) {
    const segment = ids[i]!;
    if (segment < 0 || segment >= numSegments) continue;
    const source = i * inner;
    const target = segment * inner;
    for (let j = 0; j < inner; j++) to[target + j] = to[target + j]! + from[source + j]!;
  }
  return out;
};
