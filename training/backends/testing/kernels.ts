import assert from "node:assert/strict";
import type { NamedAttrMap, Tensor } from "@tensorflow/tfjs-core";
import type { Tf } from "../types.js";
import { whileHeapGrows } from "./growing_heap.js";
import { assertClose, onCpu, wasmBackend } from "./values.js";

type Run = (tf: Tf) => Tensor | Tensor[];

const read = (tf: Tf, run: Run) =>
  tf.tidy(() => {
    const result = run(tf);
    const tensors = Array.isArray(result) ? result : [result];
    return tensors.map((tensor) => ({
      shape: tensor.shape,
      dtype: tensor.dtype,
      values: Array.from(tensor.dataSync()),
    }));
  });

/** The same call on the wasm backend and in plain JavaScript must give the same, also while the heap grows. */
export async function sameAsCpu(what: string, run: Run, tolerance = 1e-5): Promise<void> {
  const expected = await onCpu((tf) => read(tf, run));
  const { tf } = await wasmBackend();
  const before = tf.memory().numTensors;
  const actual = read(tf, run);
  assert.equal(tf.memory().numTensors, before, `${what}: leaves tensors behind`);
  assert.equal(actual.length, expected.length, what);
  expected.forEach(({ shape, dtype, values }, i) => {
    assert.deepEqual(actual[i]!.shape, shape, what);
    assert.equal(actual[i]!.dtype, dtype, what);
    assertClose(actual[i]!.values, values, tolerance, what);
  });
  const { result, growths } = whileHeapGrows(tf, () => read(tf, run));
  assert.ok(growths > 0, `${what}: the heap did not grow`);
  assert.deepEqual(result, actual, `${what}, while the heap grows`);
}

/** Runs one kernel by its name on the current backend, past the checks of TensorFlow.js's operations. */
export const kernel = (tf: Tf, name: string, inputs: Record<string, Tensor>, attrs: NamedAttrMap) =>
  tf.engine().runKernel(name, inputs, attrs) as Tensor;
