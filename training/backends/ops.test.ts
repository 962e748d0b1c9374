import assert from "node:assert/strict";
import { genericOps } from "./generic/index.js";
import { makeOps } from "./ops.js";
import { whileHeapGrows } from "./testing/growing_heap.js";
import { assertClose, onCpu, valuesOf, wasmBackend } from "./testing/values.js";
import type { Ops, Tensor, Tf } from "./types.js";

interface Case {
  readonly name: string;
  readonly inputs: readonly (readonly number[])[];
  run(ops: Ops, inputs: Tensor[]): Tensor;
  /** Points at which a finite difference would step over a kink are moved by this much. */
  readonly avoidZero?: boolean;
}

const tokens = Int32Array.of(1, 4, 0, 4, 2, 1);
const targets = Int32Array.of(3, 0, 6, 1);
const CASES: readonly Case[] = [
  {
    name: "embedding",
    inputs: [
      [5, 4],
      [3, 4],
    ],
    run: (ops, t) => ops.embedding(t, { tokens, contextLength: 3 }),
  },
  { name: "linear", inputs: [[6, 5], [5, 7], [7]], run: (ops, t) => ops.linear(t, null) },
  {
    name: "tiedLogits",
    inputs: [
      [6, 5],
      [7, 5],
    ],
    run: (ops, t) => ops.tiedLogits(t, null),
  },
  { name: "layerNorm", inputs: [[6, 8], [8], [8]], run: (ops, t) => ops.layerNorm(t, null) },
  { name: "gelu", inputs: [[6, 7]], run: (ops, t) => ops.gelu(t, null) },
  { name: "relu", inputs: [[6, 7]], run: (ops, t) => ops.relu(t, null), avoidZero: true },
  {
    name: "add",
    inputs: [
      [6, 7],
      [6, 7],
    ],
    run: (ops, t) => ops.add(t, null),
  },
  { name: "add of one tensor to itself", inputs: [[6, 7]], run: (ops, [x]) => ops.add([x!, x!], null) },
  {
    name: "causalAttention",
    inputs: [[10, 24]],
    run: (ops, t) => ops.causalAttention(t, { heads: 2, contextLength: 5 }),
  },
  {
    name: "causalAttention of one token",
    inputs: [[3, 12]],
    run: (ops, t) => ops.causalAttention(t, { heads: 4, contextLength: 1 }),
  },
  { name: "conv2d", inputs: [[2, 5, 4, 3], [3, 3, 3, 2], [2]], run: (ops, t) => ops.conv2d(t, null) },
  { name: "maxPool2x2", inputs: [[2, 5, 4, 3]], run: (ops, t) => ops.maxPool2x2(t, null) },
  { name: "reshape", inputs: [[6, 4]], run: (ops, t) => ops.reshape(t, { shape: [3, 8] }) },
  { name: "softmaxCrossEntropy", inputs: [[4, 7]], run: (ops, t) => ops.softmaxCrossEntropy(t, { targets }) },
];

function valuesFor({ inputs, avoidZero }: Case): Float32Array[] {
  return inputs.map((shape, i) =>
    valuesOf(shape, i + 1).map((value) => (avoidZero ? value + Math.sign(value) * 0.1 : value)),
  );
}

/** The operation, made a scalar by fixed weights, and its gradients. */
function evaluate(tf: Tf, ops: Ops, test: Case, values: readonly Float32Array[]) {
  const run = (...inputs: Tensor[]) => {
    const y = test.run(ops, inputs);
    const weights = tf.tensor(valuesOf(y.shape, 77), [y.size, 1]);
    // A matrix product is itself one of the operations, so the scalar needs no other gradient.
    const flat = ops.reshape([y], { shape: [1, y.size] });
    return ops.reshape([ops.linear([flat, weights, tf.zeros([1])], null)], { shape: [] });
  };
  return tf.tidy(() => {
    const tensors = test.inputs.map((shape, i) => tf.tensor(values[i]!, [...shape]));
    const { value, grads } = tf.valueAndGrads(run)(tensors);
    return {
      value: value.dataSync()[0]!,
      output: Array.from(test.run(ops, tensors).dataSync()),
      gradients: grads.map((gradient) => ({
        shape: gradient.shape,
        values: Array.from(gradient.dataSync()),
      })),
    };
  });
}

describe("backend operations", () => {
  for (const test of CASES) {
    it(`${test.name}: wasm gives the values and gradients of plain JavaScript`, async () => {
      const values = valuesFor(test);
      const expected = await onCpu((tf) => evaluate(tf, makeOps(tf, genericOps(tf)), test, values));
      const { tf, ops } = await wasmBackend();
      const before = tf.memory();
      const actual = evaluate(tf, ops, test, values);
      assert.equal(tf.memory().numTensors, before.numTensors, "leaves no tensor behind");
      assert.equal(tf.memory().numDataBuffers, before.numDataBuffers, "leaves no buffer behind");
      assertClose(actual.output, expected.output, 2e-6, "output");
      expected.gradients.forEach((gradient, i) => {
        assert.deepEqual(actual.gradients[i]!.shape, gradient.shape);
        assertClose(actual.gradients[i]!.values, gradient.values, 5e-6, `gradient ${i}`);
      });
    });

    it(`${test.name}: wasm gives the same while every call grows the heap`, async () => {
      const { tf, ops } = await wasmBackend();
      const values = valuesFor(test);
      const expected = evaluate(tf, ops, test, values);
      const { result, growths } = whileHeapGrows(tf, () => evaluate(tf, ops, test, values));
      assert.ok(growths > 10, `the heap grew ${growths} times`);
      assert.deepEqual(result, expected);
    });

    it(`${test.name}: gradients agree with finite differences`, async () => {
      const { tf, ops } = await wasmBackend();
      const values = valuesFor(test);
      const { gradients } = evaluate(tf, ops, test, values);
      const step = 1 / 128;
      const valueAt = (input: number, index: number, shift: number) => {
        const moved = values.map((v) => v.slice());
        moved[input]![index] = moved[input]![index]! + shift;
        return evaluate(tf, ops, test, moved).value;
      };
      gradients.forEach((gradient, input) => {
        // A few places of each input are enough to see a wrong formula.
        for (let index = 0; index < gradient.values.length; index += 5) {
          const slope = (valueAt(input, index, step) - valueAt(input, index, -step)) / (2 * step);
          assertClose([gradient.values[index]!], [slope], 5e-3, `input ${input}, value ${index}`);
        }
      });
    });
  }
});

describe("wasm operations at the edge of float32", () => {
  it("give a finite loss where the target's probability underflows", async () => {
    const { tf, ops } = await wasmBackend();
    const loss = tf.tidy(
      () =>
        ops.softmaxCrossEntropy([tf.tensor2d([[300, 0, -50]])], { targets: Int32Array.of(2) }).dataSync()[0]!,
    );
    assert.equal(loss, 350);
  });

  it("refuse tokens and targets outside of the vocabulary", async () => {
    const { tf, ops } = await wasmBackend();
    tf.tidy(() => {
      const table = tf.zeros([3, 2]);
      const far = { tokens: Int32Array.of(3), contextLength: 1 };
      assert.throws(() => ops.embedding([table, table], far), /token 3 at 0/);
      assert.throws(
        () => ops.softmaxCrossEntropy([table], { targets: Int32Array.of(0, -1, 1) }),
        /target -1/,
      );
      assert.throws(
        () => ops.softmaxCrossEntropy([table], { targets: Int32Array.of(0) }),
        /1 targets for 3 rows/,
      );
    });
  });

  it("report a heap that cannot grow instead of writing to address 0", async () => {
    const { memoryOf } = await import("./wasm/memory.js");
    const { tf } = await wasmBackend();
    const memory = memoryOf(tf.backend());
    assert.throws(() => memory.allocate(0xffff_0000), /no room for another 4294901760 bytes/);
    assert.throws(() => memory.output([2 ** 29]), /no room for another 2147483648 bytes/);
  });
});
