import assert from "node:assert/strict";
import type { Backend } from "../types.js";
import { openWasmBackend } from "../wasm/index.js";

/** Deterministic values in (−1, 1) without a pattern that a wrong stride could hit by chance. */
export function valuesOf(shape: readonly number[], seed = 1): Float32Array {
  const size = shape.reduce((a, b) => a * b, 1);
  let state = Math.imul(seed, 0x9e3779b1) >>> 0;
  return Float32Array.from({ length: size }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return (state / 2 ** 32) * 2 - 1;
  });
}

export function assertClose(
  actual: ArrayLike<number>,
  expected: ArrayLike<number>,
  tolerance: number,
  what: string,
) {
  assert.equal(actual.length, expected.length, `${what}: number of values`);
  for (let i = 0; i < expected.length; i++) {
    const error = Math.abs(actual[i]! - expected[i]!);
    const limit = tolerance * Math.max(1, Math.abs(expected[i]!));
    assert.ok(error <= limit, `${what}: value ${i} is ${actual[i]}, not ${expected[i]}`);
  }
}

let wasm: Promise<Backend> | null = null;

/** The wasm backend, opened once per test process and left as TensorFlow.js's current one. */
export async function wasmBackend(): Promise<Backend> {
  wasm ??= openWasmBackend();
  const backend = await wasm;
  await backend.tf.setBackend("wasm");
  return backend;
}

/** Runs `use` on TensorFlow.js's plain JavaScript backend: slow, but written by others and independent. */
export async function onCpu<T>(use: (tf: Backend["tf"]) => T): Promise<T> {
  const { tf } = await wasmBackend();
  await import("@tensorflow/tfjs-backend-cpu");
  await tf.setBackend("cpu");
  try {
    return use(tf);
  } finally {
    await tf.setBackend("wasm");
  }
}
