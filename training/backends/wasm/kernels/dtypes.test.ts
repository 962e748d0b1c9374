import assert from "node:assert/strict";
import type { DataType, NamedAttrMap } from "@tensorflow/tfjs-core";
import { kernel } from "../../testing/kernels.js";
import { wasmBackend } from "../../testing/values.js";
import type { Tf } from "../../types.js";
import { KERNELS } from "./index.js";

interface Signature {
  /** Shape of each input, and the types that it may have. */
  readonly inputs: Readonly<Record<string, { shape: number[]; types: readonly DataType[] }>>;
  readonly attrs: NamedAttrMap;
}
const TYPES = ["float32", "int32", "bool", "string"] as const satisfies DataType[];
const floats = (shape: number[]) => ({ shape, types: ["float32"] as const });
const image = [1, 4, 4, 1];
const convolution = {
  strides: 1,
  pad: "same",
  dataFormat: "NHWC",
  filterShape: [1, 1, 1, 1],
  inputShape: image,
};

const SIGNATURES: Readonly<Record<string, Signature>> = {
  BatchMatMul: {
    inputs: { a: floats([2, 3]), b: floats([3, 2]) },
    attrs: { transposeA: false, transposeB: false },
  },
  Conv2DBackpropFilter: { inputs: { x: floats(image), dy: floats(image) }, attrs: convolution },
  Conv2DBackpropInput: { inputs: { dy: floats(image), filter: floats([1, 1, 1, 1]) }, attrs: convolution },
  MaxPoolGrad: {
    inputs: { dy: floats([1, 2, 2, 1]), input: floats(image), output: floats([1, 2, 2, 1]) },
    attrs: { filterSize: 2, strides: 2, pad: "valid" },
  },
  Slice: { inputs: { x: { shape: [4], types: TYPES } }, attrs: { begin: [1], size: [2] } },
  Unpack: { inputs: { value: { shape: [2, 2], types: TYPES } }, attrs: { axis: 0 } },
  UnsortedSegmentSum: {
    inputs: {
      x: { shape: [2], types: ["float32", "int32"] },
      segmentIds: { shape: [2], types: ["int32"] },
    },
    attrs: { numSegments: 2 },
  },
};

function ofType(tf: Tf, shape: number[], type: DataType) {
  const size = shape.reduce((a, b) => a * b, 1);
  return type === "string" ? tf.tensor(new Array<string>(size).fill("x"), shape) : tf.zeros(shape, type);
}

function runWith(tf: Tf, name: string, { inputs, attrs }: Signature, changed: string, type: DataType): void {
  const tensors = Object.entries(inputs).map(([input, { shape, types }]) => [
    input,
    ofType(tf, shape, input === changed ? type : types[0]!),
  ]);
  kernel(tf, name, Object.fromEntries(tensors), attrs);
}

describe("wasm kernels and types", () => {
  it("are all in the table", () => {
    assert.deepEqual(Object.keys(SIGNATURES), Object.keys(KERNELS));
  });

  for (const [name, signature] of Object.entries(SIGNATURES)) {
    for (const [input, { types }] of Object.entries(signature.inputs)) {
      it(`${name} takes ${types.join(", ")} as ${input} and refuses what else there is`, async () => {
        const { tf } = await wasmBackend();
        for (const type of TYPES) {
          const run = () => tf.tidy(() => runWith(tf, name, signature, input, type));
          if (types.includes(type)) run();
          else
            assert.throws(
              run,
              new RegExp(`^TypeError: ${name} on the wasm backend takes .*${input} is ${type}$`),
            );
        }
      });
    }
  }
});
