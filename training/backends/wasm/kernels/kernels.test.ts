import assert from "node:assert/strict";
import type { Tensor } from "@tensorflow/tfjs-core";
import { kernel, sameAsCpu } from "../../testing/kernels.js";
import { assertClose, valuesOf, wasmBackend } from "../../testing/values.js";

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

  it("refuses sizes that do not fit", async () => {
    const { tf } = await wasmBackend();
    const inputs = { a: tf.zeros([2, 3]), b: tf.zeros([2, 3]) };
    const attrs = { transposeA: false, transposeB: false };
    assert.throws(() => kernel(tf, "BatchMatMul", inputs, attrs), /inner sizes 3 and 2/);
    tf.dispose(inputs);
  });
});

const image: [number, number, number, number] = [2, 7, 6, 3];

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
          const input = tf.tensor4d(valuesOf(image), image);
          const output = tf.maxPool(input, size, stride, pad);
          const dy = tf.tensor(valuesOf(output.shape, 2), output.shape);
          const attrs = { filterSize: size, strides: stride, pad };
          return kernel(tf, "MaxPoolGrad", { dy, input, output }, attrs);
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

  it("keeps int32, and refuses ids that do not fit", async () => {
    const { tf } = await wasmBackend();
    tf.tidy(() => {
      const segmentIds = tf.tensor([0, 9, 1, 0], [4], "int32");
      const attrs = { numSegments: 2 };
      const x = tf.tensor([1, 2, 3, 4], [4], "int32");
      const sums = kernel(tf, "UnsortedSegmentSum", { x, segmentIds }, attrs);
      assert.deepEqual([sums.dtype, ...sums.dataSync()], ["int32", 5, 3]);
      const run = (other: Tensor) => kernel(tf, "UnsortedSegmentSum", { x: other, segmentIds }, attrs);
      assert.throws(() => run(tf.zeros([3, 2])), /shape \[4\] do not fit values of shape \[3,2\]/);
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
