import { GELU_CUBIC, GELU_SCALE } from "../../generic/norm.js";
import type { Op, Tf } from "../../types.js";
import { toTensor, type WasmMemory } from "../memory.js";

/** ½(1 + tanh u) = σ(2u): XNNPACK has a vectorized logistic function, but no tanh. */
const LINEAR = 2 * GELU_SCALE;
const CUBIC = LINEAR * GELU_CUBIC;

/** GELU's tanh form as x·σ(2u); the gate σ is kept for the backward pass. */
export const geluOp = (tf: Tf, memory: WasmMemory): Op<null> => ({
  forward: ([x]) => {
    const [y, gate] = [memory.output(x!.shape), memory.output(x!.shape)];
    const from = memory.f32(x!);
    const gates = memory.f32(gate);
    for (let i = 0; i < from.length; i++) {
      const value = from[i]!;
      gates[i] = value * (LINEAR + CUBIC * value * value);
    }
    memory.sigmoid(memory.pointer(gate), memory.pointer(gate), from.length);
    const to = memory.f32(y);
    for (let i = 0; i < to.length; i++) to[i] = from[i]! * gates[i]!;
    return { value: toTensor(tf, y), saved: [x!, toTensor(tf, gate)] };
  },
  backward: (dy, [x, gate]) => {
    const dx = memory.output(x!.shape);
    const [gradient, from, gates, to] = [memory.f32(dy), memory.f32(x!), memory.f32(gate!), memory.f32(dx)];
    for (let i = 0; i < to.length; i++) {
      const value = from[i]!;
      const g = gates[i]!;
      const slope = LINEAR + 3 * CUBIC * value * value;
      to[i] = gradient[i]! * (g + value * g * (1 - g) * slope);
    }
    return [toTensor(tf, dx)];
  },
});
