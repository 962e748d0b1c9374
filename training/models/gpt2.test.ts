import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { assertClose, wasmBackend } from "../backends/testing/values.js";
import { configOf } from "../checkpoints/contents.js";
import type { Gpt2Spec } from "../session.js";
import { Model } from "../trainer/model.js";
import { headerLength, LENGTH_BYTES, parseHeader } from "../versions/safetensors.js";
import { gpt2Logits } from "./gpt2.js";
import { layoutOf } from "./layout.js";
import reference from "./testdata/gpt2_case.json" with { type: "json" };

/**
 * What Hugging Face's own GPT2LMHeadModel computes from random weights, LayerNorms and biases included: written by
 * scripts/reference/gpt2_reference.py, in its names, shapes and orientation.
 */
interface Stored {
  readonly shape: readonly number[];
  readonly values: Float32Array;
}
type Tensors = ReadonlyMap<string, Stored>;

function readTensors(what: string): Tensors {
  const bytes = readFileSync(`training/models/testdata/gpt2_${what}.safetensors`);
  const length = headerLength(bytes);
  assert.ok(typeof length === "number", String(length));
  const start = LENGTH_BYTES + length;
  const header = parseHeader(bytes.subarray(LENGTH_BYTES, start));
  assert.ok(typeof header === "object", String(header));
  return new Map(
    header.tensors.map(({ name, shape, from, to }) => [
      name,
      { shape, values: new Float32Array(new Uint8Array(bytes.subarray(start + from, start + to)).buffer) },
    ]),
  );
}

const model: Gpt2Spec = {
  type: "gpt2",
  hiddenSize: reference.n_embd,
  numLayers: reference.n_layer,
  numHeads: reference.n_head,
  contextLength: reference.n_positions,
  vocabSize: reference.vocab_size,
};
const tokens = Int32Array.from(reference.inputs);
const weights = readTensors("weights");
const gradients = readTensors("gradients");
const outputs = readTensors("outputs");
const valuesIn = (tensors: Tensors, name: string) => tensors.get(name)!.values;

/** The vector that training works on, from tensors by name. */
function flat(tensors: Tensors): Float32Array {
  const layout = layoutOf(model);
  const vector = new Float32Array(layout.size);
  for (const { name, offset } of layout.parameters) vector.set(valuesIn(tensors, name), offset);
  return vector;
}

async function logitsFrom(tensors: Tensors): Promise<Float32Array> {
  const { tf, ops } = await wasmBackend();
  return tf.tidy(() => {
    const weight = (name: string) => {
      const { shape, values } = tensors.get(name)!;
      return tf.variable(tf.tensor(values, [...shape]));
    };
    const variables = new Map([...tensors.keys()].map((name) => [name, weight(name)]));
    const logits = gpt2Logits(ops, model, (name) => variables.get(name)!, tokens, reference.length);
    const values = Float32Array.from(logits.dataSync());
    for (const variable of variables.values()) variable.dispose();
    return values;
  });
}

/** The weights with some tensors exchanged for others. */
const withChanged = (changes: Record<string, Float32Array>): Tensors =>
  new Map(
    [...weights].map(([name, { shape, values }]) => [name, { shape, values: changes[name] ?? values }]),
  );

/** Rows of [E, 3E] (or of the bias) with q, k and v in another order. */
function reordered(values: Float32Array, order: readonly number[]): Float32Array {
  const width = model.hiddenSize;
  return values.map((_, i) => {
    const [row, part, column] = [Math.floor(i / (3 * width)), Math.floor(i / width) % 3, i % width];
    return values[(row * 3 + order[part]!) * width + column]!;
  });
}

const transposed = (values: Float32Array, rows: number, columns: number) =>
  values.map((_, i) => values[(i % rows) * columns + Math.floor(i / rows)]!);

describe("GPT-2 against Hugging Face's GPT2LMHeadModel", () => {
  it("has its names, its shapes and its settings", () => {
    const shapes = (list: Iterable<[string, readonly number[]]>) => Object.fromEntries([...list].sort());
    assert.deepEqual(
      shapes(layoutOf(model).parameters.map((p) => [p.name, p.shape])),
      shapes([...weights].map(([name, { shape }]) => [name, shape])),
    );
    const { length, inputs, targets, ...config } = reference;
    assert.equal((inputs.length % length) + (targets.length % length), 0);
    const ours = configOf(model);
    for (const [name, value] of Object.entries(config)) assert.equal(ours[name], value, name);
  });

  it("computes its logits", async () => {
    assertClose(await logitsFrom(weights), valuesIn(outputs, "logits"), 1e-4, "logits");
  });

  it("computes its loss and its gradients", async () => {
    const trained = new Model(await wasmBackend(), model);
    trained.setWeights(flat(weights));
    const gradient = new Float32Array(trained.layout.size);
    const batch = {
      kind: "text",
      inputs: tokens,
      targets: Int32Array.from(reference.targets),
      contextLength: reference.length,
      samples: tokens.length / reference.length,
    } as const;
    const loss = trained.gradient(batch, gradient);
    trained.dispose();
    assertClose([loss], valuesIn(outputs, "loss"), 1e-5, "loss");
    assertClose(gradient, flat(gradients), 1e-4, "gradient");
  });

  const at = (layer: number, name: string) => `transformer.h.${layer}.${name}`;
  const attention = valuesIn(weights, at(0, "attn.c_attn.weight"));
  const projection = valuesIn(weights, at(1, "attn.c_proj.weight"));
  const MISTAKES: Record<string, Record<string, Float32Array>> = {
    "ln_1 and ln_2 exchanged": {
      [at(0, "ln_1.weight")]: valuesIn(weights, at(0, "ln_2.weight")),
      [at(0, "ln_2.weight")]: valuesIn(weights, at(0, "ln_1.weight")),
    },
    "k, q, v instead of q, k, v": { [at(0, "attn.c_attn.weight")]: reordered(attention, [1, 0, 2]) },
    "v, k, q instead of q, k, v": { [at(0, "attn.c_attn.weight")]: reordered(attention, [2, 1, 0]) },
    "a projection the other way round": {
      [at(1, "attn.c_proj.weight")]: transposed(projection, model.hiddenSize, model.hiddenSize),
    },
    "layers exchanged": {
      [at(0, "mlp.c_fc.weight")]: valuesIn(weights, at(1, "mlp.c_fc.weight")),
      [at(1, "mlp.c_fc.weight")]: valuesIn(weights, at(0, "mlp.c_fc.weight")),
    },
  };
  for (const [mistake, changes] of Object.entries(MISTAKES)) {
    it(`would notice ${mistake}`, async () => {
      const expected = valuesIn(outputs, "logits");
      const logits = await logitsFrom(withChanged(changes));
      const worst = logits.reduce((max, x, i) => Math.max(max, Math.abs(x - expected[i]!)), 0);
      assert.ok(worst > 0.1, `logits differ by ${worst} only`);
    });
  }
});
