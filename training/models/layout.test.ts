import assert from "node:assert/strict";
import { TrainingError } from "../errors.js";
import type { Gpt2Spec, ModelSpec } from "../session.js";
import { layoutOf, MAX_PARAMETERS } from "./index.js";

const gpt2: Gpt2Spec = {
  type: "gpt2",
  hiddenSize: 768,
  numLayers: 12,
  numHeads: 12,
  contextLength: 1024,
  vocabSize: 50_257,
};

const invalid = (error: unknown) => error instanceof TrainingError && error.code === "SESSION_INVALID";

describe("layoutOf", () => {
  it("gives GPT-2 small the parameters of Hugging Face's checkpoint", () => {
    const layout = layoutOf(gpt2);
    assert.equal(layout.size, 124_439_808);
    const shapes = new Map(layout.parameters.map((p) => [p.name, p.shape]));
    assert.equal(shapes.size, 148);
    assert.deepEqual(shapes.get("transformer.wte.weight"), [50_257, 768]);
    assert.deepEqual(shapes.get("transformer.wpe.weight"), [1024, 768]);
    assert.deepEqual(shapes.get("transformer.h.11.attn.c_attn.weight"), [768, 2304]);
    assert.deepEqual(shapes.get("transformer.h.0.mlp.c_fc.weight"), [768, 3072]);
    assert.deepEqual(shapes.get("transformer.h.0.mlp.c_proj.weight"), [3072, 768]);
    assert.deepEqual(shapes.get("transformer.ln_f.bias"), [768]);
  });

  it("places the tensors side by side without gaps", () => {
    const models: ModelSpec[] = [
      gpt2,
      { type: "mlp", inputSize: 784, hidden: [256, 64], classes: 10 },
      { type: "cnn", inputShape: [28, 28, 1], channels: [8, 16], hidden: 32, classes: 10 },
    ];
    for (const layout of models.map(layoutOf)) {
      let offset = 0;
      for (const p of layout.parameters) {
        assert.equal(p.offset, offset, p.name);
        assert.equal(
          p.size,
          p.shape.reduce((a, b) => a * b, 1),
        );
        offset += p.size;
      }
      assert.equal(layout.size, offset);
    }
  });

  it("decays matrices only, and scales residual projections down by the depth", () => {
    const layout = layoutOf(gpt2);
    for (const p of layout.parameters) assert.equal(p.decay, p.shape.length > 1, p.name);
    const init = (name: string) => layout.parameters.find((p) => p.name === name)?.init;
    assert.deepEqual(init("transformer.h.3.attn.c_attn.weight"), { kind: "normal", std: 0.02 });
    assert.deepEqual(init("transformer.h.3.attn.c_proj.weight"), {
      kind: "normal",
      std: 0.02 / Math.sqrt(24),
    });
    assert.deepEqual(init("transformer.h.3.mlp.c_proj.weight"), {
      kind: "normal",
      std: 0.02 / Math.sqrt(24),
    });
    assert.deepEqual(init("transformer.h.3.ln_1.weight"), { kind: "ones" });
    assert.deepEqual(init("transformer.h.3.ln_1.bias"), { kind: "zeros" });
  });

  it("counts a pooled CNN and an MLP without hidden layers", () => {
    const cnn = layoutOf({ type: "cnn", inputShape: [5, 7, 2], channels: [3, 4], hidden: 6, classes: 2 });
    assert.equal(cnn.size, 9 * 2 * 3 + 3 + 9 * 3 * 4 + 4 + 2 * 3 * 4 * 6 + 6 + 6 * 2 + 2);
    const linear = layoutOf({ type: "mlp", inputSize: 4, hidden: [], classes: 3 });
    assert.deepEqual(
      linear.parameters.map((p) => p.name),
      ["layers.0.weight", "layers.0.bias"],
    );
  });

  it("refuses sizes that do not fit", () => {
    assert.throws(() => layoutOf({ ...gpt2, numHeads: 7 }), invalid);
    assert.throws(
      () => layoutOf({ type: "cnn", inputShape: [1, 8, 1], channels: [2], hidden: 4, classes: 2 }),
      invalid,
    );
    assert.throws(
      () => layoutOf({ type: "mlp", inputSize: MAX_PARAMETERS, hidden: [2], classes: 2 }),
      invalid,
    );
  });
});
