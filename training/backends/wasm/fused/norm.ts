import { LAYER_NORM_EPSILON } from "../../generic/norm.js";
import type { Op, Tf } from "../../types.js";
import { toTensor, type WasmMemory } from "../memory.js";

/** y ← normalized rows of x, times weight, plus bias; statistics gets mean and 1/std of each row. */
function normalizeRows(
  x: Float32Array,
  weight: Float32Array,
  bias: Float32Array,
  y: Float32Array,
  statistics: Float32Array,
): void {
  const width = weight.length;
  for (let row = 0, start = 0; start < x.length; row++, start += width) {
    let sum = 0;
    for (let j = 0; j < width; j++) sum += x[start + j]!;
    const mean = sum / width;
    let squares = 0;
    for (let j = 0; j < width; j++) {
      const centered = x[start + j]! - mean;
      squares += centered * centered;
    }
    const inverseStd = 1 / Math.sqrt(squares / width + LAYER_NORM_EPSILON);
    for (let j = 0; j < width; j++) {
      y[start + j] = (x[start + j]! - mean) * inverseStd * weight[j]! + bias[j]!;
    }
    statistics[2 * row] = mean;
    statistics[2 * row + 1] = inverseStd;
  }
}

interface Gradients {
  readonly dx: Float32Array;
  readonly dWeight: Float32Array;
  readonly dBias: Float32Array;
}

function normalizeRowsGradient(
  dy: Float32Array,
  x: Float32Array,
  weight: Float32Array,
  statistics: Float32Array,
  out: Gradients,
): void {
  const width = weight.length;
  const [weights, biases] = [new Float64Array(width), new Float64Array(width)];
  for (let row = 0, start = 0; start < x.length; row++, start += width) {
    const [mean, inverseStd] = [statistics[2 * row]!, statistics[2 * row + 1]!];
    let sum = 0;
    let projection = 0;
    for (let j = 0; j < width; j++) {
      const gradient = dy[start + j]!;
      const normalized = (x[start + j]! - mean) * inverseStd;
      const scaled = gradient * weight[j]!;
      sum += scaled;
      projection += scaled * normalized;
      weights[j] = weights[j]! + gradient * normalized;
      biases[j] = biases[j]! + gradient;
    }
    sum /= width;
    projection /= width;
    for (let j = 0; j < width; j++) {
      const normalized = (x[start + j]! - mean) * inverseStd;
      out.dx[start + j] = (dy[start + j]! * weight[j]! - sum - normalized * projection) * inverseStd;
    }
  }
  out.dWeight.set(weights);
  out.dBias.set(biases);
}

export const layerNormOp = (tf: Tf, memory: WasmMemory): Op<null> => ({
  forward: ([x, weight, bias]) => {
    const [y, statistics] = [memory.output(x!.shape), memory.output([x!.shape[0]!, 2])];
    normalizeRows(
      memory.f32(x!),
      memory.f32(weight!),
      memory.f32(bias!),
      memory.f32(y),
      memory.f32(statistics),
    );
    return { value: toTensor(tf, y), saved: [x!, weight!, toTensor(tf, statistics)] };
  },
  backward: (dy, [x, weight, statistics]) => {
    const dx = memory.output(x!.shape);
    const [dWeight, dBias] = [memory.output(weight!.shape), memory.output(weight!.shape)];
    normalizeRowsGradient(memory.f32(dy), memory.f32(x!), memory.f32(weight!), memory.f32(statistics!), {
      dx: memory.f32(dx),
      dWeight: memory.f32(dWeight),
      dBias: memory.f32(dBias),
    });
    return [toTensor(tf, dx), toTensor(tf, dWeight), toTensor(tf, dBias)];
  },
});
