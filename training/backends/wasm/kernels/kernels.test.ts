import assert from "node:assert/strict";
import type { NamedAttrMap, Tensor, Tensor4D } from "@tensorflow/tfjs-core";
import { whileHeapGrows } from "../../testing/growing_heap.js";
import { assertClose, onCpu, valuesOf, wasmBackend } from "../../testing/values.js";
import type { Tf } from "../../types.js";

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
async function sameAsCpu(what: string, run: Run, tolerance = 1e-5): Promise<void> {
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

const kernel = (tf: Tf, name: string, inputs: Record<string, Tensor>, attrs: NamedAttrMap) =>
  tf.engine().runKernel(name, inputs, attrs) as Tensor;

describe("wasm kernel BatchMatMul", () => {
  const batches: [number[], number[]][] = [
    [[], []],
    [[1], [1]],
    [[3], [3]],
    [[3], [1]],
    [[1], [3]],
    [
      [2, 3],
      [2, 3],
    ],
    [[3], [2, 3]],
    [[2, 3], []],
  ];
  for (const transposeA of [false, true]) {
    for (const transposeB of [false, true]) {
      it(`multiplies every batch, transposeA ${transposeA}, transposeB ${transposeB}`, async () => {
        for (const [batchA, batchB] of batches) {
          const a = [...batchA, ...(transposeA ? [5, 4] : [4, 5])];
          const b = [...batchB, ...(transposeB ? [7, 5] : [5, 7])];
          await sameAsCpu(`[${a}] · [${b}]`, (tf) =>
            tf.matMul(tf.tensor(valuesOf(a, 1), a), tf.tensor(valuesOf(b, 2), b), transposeA, transposeB),
          );
        }
      });
    }
  }

  it("broadcasts both batches at once", async () => {
    // The plain backend gets this case wrong, so the parts are multiplied one by one.
    const { tf } = await wasmBackend();
    tf.tidy(() => {
      const [a, b] = [
        tf.tensor4d(valuesOf([2, 1, 4, 5]), [2, 1, 4, 5]),
        tf.tensor4d(valuesOf([1, 3, 5, 7], 2), [1, 3, 5, 7]),
      ];
      const whole = tf.matMul(a, b);
      assert.deepEqual(whole.shape, [2, 3, 4, 7]);
      const parts = [0, 1].flatMap((i) =>
        [0, 1, 2].flatMap((j) => {
          const [left, right] = [
            tf.slice(a, [i, 0, 0, 0], [1, 1, 4, 5]),
            tf.slice(b, [0, j, 0, 0], [1, 1, 5, 7]),
          ];
          return Array.from(tf.matMul(tf.reshape(left, [4, 5]), tf.reshape(right, [5, 7])).dataSync());
        }),
      );
      assertClose(whole.dataSync(), parts, 1e-6, "[2,1,4,5] · [1,3,5,7]");
    });
  });

  it("multiplies matrices larger than one block", async () => {
    await sameAsCpu(
      "[37,70] · [70,33]",
      (tf) =>
        tf.matMul(
          tf.tensor(valuesOf([70, 37]), [70, 37]),
          tf.tensor(valuesOf([33, 70], 2), [33, 70]),
          true,
          true,
        ),
      1e-4,
    );
  });

  it("refuses sizes that do not fit and types other than float32", async () => {
    const { tf } = await wasmBackend();
    const inputs = { a: tf.zeros([2, 3]), b: tf.zeros([2, 3]) };
    const attrs = { transposeA: false, transposeB: false };
    assert.throws(() => kernel(tf, "BatchMatMul", inputs, attrs), /inner sizes 3 and 2/);
    const integers = { a: tf.zeros([2, 2], "int32"), b: tf.zeros([2, 2]) };
    assert.throws(() => kernel(tf, "BatchMatMul", integers, attrs), /takes float32, but a is int32/);
    tf.dispose([inputs, integers]);
  });
});

type Quad = [number, number, number, number];
type Pair = number | [number, number];
interface Convolution {
  readonly stride: Pair;
  readonly pad: "valid" | "same" | number;
  readonly dilation: Pair;
}
const x: Quad = [2, 7, 6, 3];
const filter: Quad = [3, 2, 3, 4];

const attrsOf = ({ stride, pad, dilation }: Convolution) => ({
  strides: stride,
  pad,
  dataFormat: "NHWC",
  dilations: dilation,
  ...(typeof pad === "number" ? { dimRoundingMode: "floor" as const } : {}),
});

function convolve(tf: Tf, input: Float32Array, weights: Float32Array, options: Convolution): Tensor4D {
  const { stride, pad, dilation } = options;
  const rounding = typeof pad === "number" ? "floor" : undefined;
  const [image, kernels] = [tf.tensor4d(input, x), tf.tensor4d(weights, filter)];
  return tf.conv2d(image, kernels, stride, pad, "NHWC", dilation, rounding);
}

const dot = (a: ArrayLike<number>, b: ArrayLike<number>) =>
  Array.from(a).reduce((sum, value, i) => sum + value * b[i]!, 0);

describe("wasm kernels of convolution gradients", () => {
  for (const stride of [1, 2, [1, 2], [3, 1]] as Pair[]) {
    for (const pad of ["valid", "same", 1] as const) {
      it(`stride ${stride}, padding ${pad}: as in plain JavaScript`, async () => {
        const options = { stride, pad, dilation: 1 };
        const shape = await onCpu((tf) => convolve(tf, valuesOf(x), valuesOf(filter), options).shape);
        const dy = (tf: Tf) => tf.tensor(valuesOf(shape, 3), shape);
        await sameAsCpu("filter", (tf) =>
          kernel(
            tf,
            "Conv2DBackpropFilter",
            { x: tf.tensor(valuesOf(x), x), dy: dy(tf) },
            { ...attrsOf(options), filterShape: filter },
          ),
        );
        await sameAsCpu("input", (tf) =>
          kernel(
            tf,
            "Conv2DBackpropInput",
            { dy: dy(tf), filter: tf.tensor(valuesOf(filter, 2), filter) },
            { ...attrsOf(options), inputShape: x },
          ),
        );
      });
    }
  }

  /**
   * The plain backend has no gradients of dilated convolutions. A convolution is linear in the input and in the filter,
   * so its gradients are its adjoints: ⟨dy, conv(x, w)⟩ = ⟨dx, x⟩ = ⟨dw, w⟩.
   */
  for (const dilation of [2, [1, 3]] as Pair[]) {
    for (const pad of ["valid", "same"] as const) {
      it(`dilation ${dilation}, padding ${pad}: adjoint to the convolution`, async () => {
        const options = { stride: 1, pad, dilation };
        const [image, weights] = [valuesOf(x, 5), valuesOf(filter, 6)];
        const { tf } = await wasmBackend();
        tf.tidy(() => {
          const y = convolve(tf, image, weights, options);
          const dy = tf.tensor(valuesOf(y.shape, 7), y.shape);
          const inputs = { x: tf.tensor(image, x), dy, filter: tf.tensor(weights, filter) };
          const attrs = { ...attrsOf(options), filterShape: filter, inputShape: x };
          const dx = kernel(tf, "Conv2DBackpropInput", inputs, attrs).dataSync();
          const dw = kernel(tf, "Conv2DBackpropFilter", inputs, attrs).dataSync();
          const expected = dot(dy.dataSync(), y.dataSync());
          assertClose([dot(dx, image), dot(dw, weights)], [expected, expected], 1e-4, "inner products");
        });
      });
    }
  }

  it("refuses int32 and channels-first", async () => {
    const { tf } = await wasmBackend();
    const [integers, floats] = [tf.zeros([1, 4, 4, 1], "int32"), tf.zeros([1, 4, 4, 1])];
    const attrs = {
      strides: 1,
      pad: "same",
      dataFormat: "NHWC",
      filterShape: [1, 1, 1, 1],
      inputShape: [1, 4, 4, 1],
    };
    assert.throws(() => kernel(tf, "Conv2DBackpropFilter", { x: integers, dy: floats }, attrs), /x is int32/);
    assert.throws(
      () =>
        kernel(tf, "Conv2DBackpropInput", { dy: floats, filter: floats }, { ...attrs, dataFormat: "NCHW" }),
      /NHWC only, not NCHW/,
    );
    tf.dispose([integers, floats]);
  });
});

describe("wasm kernel MaxPoolGrad", () => {
  for (const pad of ["valid", "same"] as const) {
    it(`gives each window's gradient to its greatest value, padding ${pad}`, async () => {
      for (const [size, stride] of [
        [2, 2],
        [3, 1],
        [3, 2],
        [2, 3],
      ] as const) {
        await sameAsCpu(`size ${size}, stride ${stride}`, (tf) => {
          const image = tf.tensor4d(valuesOf(x), x);
          const output = tf.maxPool(image, size, stride, pad);
          const dy = tf.tensor(valuesOf(output.shape, 2), output.shape);
          const attrs = { filterSize: size, strides: stride, pad };
          return kernel(tf, "MaxPoolGrad", { dy, input: image, output }, attrs);
        });
      }
    });
  }
});

describe("wasm kernel UnsortedSegmentSum", () => {
  it("sums rows by id and drops ids outside", async () => {
    await sameAsCpu("float32", (tf) =>
      kernel(
        tf,
        "UnsortedSegmentSum",
        {
          x: tf.tensor(valuesOf([6, 2, 3]), [6, 2, 3]),
          segmentIds: tf.tensor([3, 0, 3, -1, 2, 0], [6], "int32"),
        },
        { numSegments: 4 },
      ),
    );
  });

  it("keeps int32, and refuses ids that do not fit and other types", async () => {
    const { tf } = await wasmBackend();
    tf.tidy(() => {
      const segmentIds = tf.tensor([0, 9, 1, 0], [4], "int32");
      const attrs = { numSegments: 2 };
      const x = tf.tensor([1, 2, 3, 4], [4], "int32");
      const sums = kernel(tf, "UnsortedSegmentSum", { x, segmentIds }, attrs);
      assert.deepEqual([sums.dtype, ...sums.dataSync()], ["int32", 5, 3]);
      const run = (other: Tensor) => kernel(tf, "UnsortedSegmentSum", { x: other, segmentIds }, attrs);
      assert.throws(() => run(tf.zeros([3, 2])), /shape \[4\] do not fit values of shape \[3,2\]/);
      assert.throws(() => run(tf.zeros([4], "bool")), /not bool/);
    });
  });
});

describe("wasm kernels Slice and Unpack", () => {
  it("slice every rank, contiguous and not, of every type", async () => {
    const cases: [number[], number[], number[]][] = [
      [[7], [2], [3]],
      [
        [4, 5],
        [1, 0],
        [2, 5],
      ],
      [
        [4, 5],
        [1, 2],
        [3, 2],
      ],
      [
        [3, 4, 5],
        [0, 1, 2],
        [3, 2, 3],
      ],
      [
        [3, 4, 5],
        [1, 0, 0],
        [-1, 4, 5],
      ],
      [
        [2, 3, 4, 2],
        [1, 0, 2, 0],
        [1, 3, 2, 2],
      ],
      [
        [2, 2, 2, 2, 3],
        [0, 1, 0, 1, 1],
        [2, 1, 2, 1, 2],
      ],
      [
        [4, 5],
        [2, 1],
        [0, 2],
      ],
    ];
    for (const dtype of ["float32", "int32", "bool"] as const) {
      for (const [shape, begin, size] of cases) {
        const values = Array.from(valuesOf(shape), (v) =>
          dtype === "float32" ? v : Math.abs(Math.round(v * 9)),
        );
        const kept = dtype === "bool" ? values.map((v) => v % 2) : values;
        await sameAsCpu(`${dtype} [${shape}] from ${begin} size ${size}`, (tf) =>
          tf.slice(tf.tensor(kept, shape, dtype), begin, size),
        );
      }
    }
  });

  it("slice strings as shipped", async () => {
    const { tf } = await wasmBackend();
    const words = tf.tensor(["a", "b", "c"]);
    const part = tf.slice(words, 1, 2);
    assert.deepEqual(Array.from(part.dataSync<"string">()), ["b", "c"]);
    tf.dispose([words, part]);
  });

  it("unpack along every axis", async () => {
    for (const axis of [0, 1, 2, -1]) {
      await sameAsCpu(`axis ${axis}`, (tf) => tf.unstack(tf.tensor(valuesOf([2, 3, 4]), [2, 3, 4]), axis));
    }
  });
});
