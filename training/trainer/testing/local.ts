import { wasmBackend } from "../../backends/testing/values.js";
import { openDataset } from "../../datasets/index.js";
import { batchSamples } from "../../lanes/index.js";
import { AdamW, clipToNorm } from "../../optimizers/index.js";
import { learningRateAt } from "../../strategies/index.js";
import { Model } from "../model.js";
import type { TrainerWorld } from "./world.js";

/** Local training, written down without rounds: what one node alone must reproduce bit for bit. */
export async function trainLocally(
  { spec }: TrainerWorld,
  weights: Float32Array,
  steps: number,
  /** The step's place in the learning-rate schedule. */
  placeOf = (step: number) => step,
): Promise<Float32Array> {
  const model = new Model(await wasmBackend(), spec.model);
  const optimizer = new AdamW(model.layout, spec.optimizer);
  const dataset = await openDataset({ dataset: spec.data.dataset, contextLength: 8, tokenizer: "char" });
  const gradient = new Float32Array(weights.length);
  const theta = weights.slice();
  for (let step = 0; step < steps; step++) {
    model.setWeights(theta);
    model.gradient(await dataset.trainBatch(batchSamples(spec, step)), gradient);
    clipToNorm(gradient, spec.optimizer.clipNorm);
    optimizer.update(theta, gradient, learningRateAt(spec.optimizer, placeOf(step)));
  }
  model.dispose();
  await dataset.close();
  return theta;
}
