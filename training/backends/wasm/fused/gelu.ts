import { GELU_CUBIC, GELU_SCALE } from "../../generic/norm.js";
import type { Op, Tf } from "../../types.js";
import { sizeOf, toTensor, type WasmMemory } from "../memory.js";

/** ½(1 + tanh u) = σ(2u): XNNPACK has a vectorized logistic function, but no tanh. */
const LINEAR = 2 * GELU_SCALE;
const CUBIC = LINEAR * GELU_CUBIC;

/** out ← 2u(x) */
function gateLogits(x: Float32Array, out: Float32Array): void {
  for (let i = 0; i < x.length; i++) {
    const value = x[i]!;
    out[i] = value * (LINEAR + CUBIC * value * value);
  }
}

function multiply(a: Float32Array, b: Float32Array, out: Float32Array): void {
  for (let i = 0; i < out.length; i++) out[i] = a[i]! * b[i]!;
}

/** GELU's tanh form as x·σ(2u); the gate σ is kept for the backward pass. */
export const geluOp = (tf: Tf, memory: WasmMemory): Op<null> => ({
  forward: ([x]) => {
    const [y, gate] = [memory.output(x!.shape), memory.output(x!.shape)];
    gateLogits(memory.f32(x!), memory.f32(gate));
    memory.sigmoid(memory.pointer(gate), memory.pointer(gate), sizeOf(x!.shape));
    multiply(memory.f32(x!), memory.f32(gate), memory.f32(y));
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
