import assert from "node:assert/strict";
import type { Tensor4D } from "@tensorflow/tfjs-core";
import { kernel, sameAsCpu } from "../../testing/kernels.js";
import { assertClose, onCpu, valuesOf, wasmBackend } from "../../testing/values.js";
import type { Tf } from "../../types.js";

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

/** By kernel, because TensorFlow.js's own operation refuses stride and dilation together. */
function convolve(tf: Tf, input: Float32Array, weights: Float32Array, options: Convolution) {
  const inputs = { x: tf.tensor(input, x), filter: tf.tensor(weights, filter) };
  return kernel(tf, "Conv2D", inputs, attrsOf(options));
}

/** What both gradient kernels make of a fixed dy. */
function gradients(tf: Tf, shape: number[], options: Convolution) {
  const inputs = {
    x: tf.tensor(valuesOf(x, 1), x),
    filter: tf.tensor(valuesOf(filter, 2), filter),
    dy: tf.tensor(valuesOf(shape, 3), shape),
  };
  const attrs = { ...attrsOf(options), filterShape: filter, inputShape: x };
  return [
    kernel(tf, "Conv2DBackpropInput", inputs, attrs),
    kernel(tf, "Conv2DBackpropFilter", inputs, attrs),
  ];
}

const shapeOf = (options: Convolution) =>
  onCpu((tf) => tf.tidy(() => convolve(tf, valuesOf(x), valuesOf(filter), options).shape));

describe("wasm kernels of convolution gradients", () => {
  for (const stride of [1, 2, [1, 2], [3, 1]] as Pair[]) {
    for (const pad of ["valid", "same", 1] as const) {
      it(`stride ${stride}, padding ${pad}: as in plain JavaScript`, async () => {
        const options = { stride, pad, dilation: 1 };
        const shape = await shapeOf(options);
        await sameAsCpu("gradients", (tf) => gradients(tf, shape, options));
      });
    }
  }

  /**
   * ⟨dy, conv(x, w)⟩ is linear in each value of x and of w, so that a finite difference of any step is its slope
   * exactly; here 1, from 0 to 1. The convolution is that of plain JavaScript, which has no gradients of dilated ones.
   */
  async function slopes(options: Convolution, shape: number[]): Promise<{ x: number[]; filter: number[] }> {
    const dy = valuesOf(shape, 3);
    const [image, weights] = [valuesOf(x, 1), valuesOf(filter, 2)];
    return onCpu((tf) => {
      const slope = (input: Float32Array, taps: Float32Array) => {
        const y = tf.tidy(() => convolve(tf, input, taps, options).dataSync());
        return dy.reduce((sum, value, i) => sum + value * y[i]!, 0);
      };
      const units = (values: Float32Array) =>
        Array.from(values, (_, at) => values.map((__, i) => (i === at ? 1 : 0)));
      return {
        x: units(image).map((unit) => slope(unit, weights)),
        filter: units(weights).map((unit) => slope(image, unit)),
      };
    });
  }

  for (const dilation of [2, [1, 3], [3, 2]] as Pair[]) {
    for (const stride of [1, 2, [2, 1]] as Pair[]) {
      for (const pad of ["valid", "same"] as const) {
        it(`dilation ${dilation}, stride ${stride}, padding ${pad}: every value as by differences`, async () => {
          const options = { stride, pad, dilation };
          const shape = await shapeOf(options);
          const expected = await slopes(options, shape);
          const { tf } = await wasmBackend();
          const [dx, dw] = tf.tidy(() =>
            gradients(tf, shape, options).map((gradient) => gradient.dataSync()),
          );
          assertClose(dx!, expected.x, 1e-5, "input");
          assertClose(dw!, expected.filter, 1e-5, "filter");
        });
      }
    }
  }

  it("are never asked for stride and dilation together: conv2d itself refuses it, saying why", async () => {
    const { tf } = await wasmBackend();
    tf.tidy(() => {
      const [image, weights]: Tensor4D[] = [tf.zeros(x), tf.zeros(filter)];
      assert.throws(
        () => tf.conv2d(image!, weights!, 2, "same", "NHWC", 2),
        /Either strides or dilations must be 1\. Got strides 2 and dilations '2'/,
      );
    });
  });

  it("refuse channels-first", async () => {
    const { tf } = await wasmBackend();
    tf.tidy(() => {
      const attrs = { ...attrsOf({ stride: 1, pad: "same", dilation: 1 }), dataFormat: "NCHW" };
      const shape = [1, 4, 4, 1];
      const inputs = { x: tf.zeros(shape), dy: tf.zeros(shape), filter: tf.zeros([1, 1, 1, 1]) };
      for (const name of ["Conv2DBackpropInput", "Conv2DBackpropFilter"]) {
        const run = () =>
          kernel(tf, name, inputs, { ...attrs, inputShape: shape, filterShape: [1, 1, 1, 1] });
        assert.throws(run, /NHWC only, not NCHW/);
      }
    });
  });
});
