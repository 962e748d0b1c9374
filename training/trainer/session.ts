import type { Backend } from "../backends/index.js";
import { codecOf, ErrorFeedback } from "../codecs/index.js";
import type { Dataset, OpenDatasetOptions } from "../datasets/types.js";
import { TrainingError } from "../errors.js";
import { AdamW } from "../optimizers/index.js";
import type { DataSpec, ModelSpec, SessionSpec } from "../session.js";
import { Model } from "./model.js";

export type OpenDataset = (options: OpenDatasetOptions) => Promise<Dataset>;

/**
 * One session as this process holds it. The inner optimizer's moments and the codec's residual live here and nowhere
 * else: DiLoCo keeps the inner state from round to round. A process that joins a session, or was started again in it,
 * begins with empty ones in the middle of the schedule (docs/PROTOCOL.md, "A node's own state"); the daemon logs it.
 */
export interface OpenSession {
  readonly id: string;
  readonly spec: SessionSpec;
  readonly dataset: Dataset;
  readonly model: Model;
  readonly optimizer: AdamW;
  /** What the codec rounded away; added to the next update when that is made, never to the weights. */
  readonly feedback: ErrorFeedback;
}

const invalid = (message: string, facts: Record<string, unknown>) =>
  new TrainingError("SESSION_INVALID", message, facts);

/** @throws TrainingError `SESSION_INVALID` when the model cannot read this data */
export function checkModelFitsData(model: ModelSpec, data: DataSpec): void {
  if ((model.type === "gpt2") !== (data.kind === "text")) {
    throw invalid(`model ${model.type} cannot be trained on ${data.kind} data`, {
      model: model.type,
      data: data.kind,
    });
  }
  if (model.type === "gpt2" && data.kind === "text") {
    const { vocabSize, contextLength } = model;
    if (vocabSize < data.vocabSize || contextLength < data.contextLength) {
      throw invalid(
        `the model takes ${vocabSize} tokens and ${contextLength} positions, the data has ${data.vocabSize} and ${data.contextLength}`,
        { vocabSize, contextLength },
      );
    }
  }
  if (model.type !== "gpt2" && data.kind === "classification") {
    const shape = model.type === "mlp" ? [model.inputSize] : model.inputShape;
    const count = (sizes: readonly number[]) => sizes.reduce((a, b) => a * b, 1);
    if (count(shape) !== count(data.inputShape) || model.classes < data.classes) {
      throw invalid(
        `the model takes [${shape}] and ${model.classes} classes, the data has [${data.inputShape}] and ${data.classes}`,
        { inputShape: shape, classes: model.classes },
      );
    }
  }
}

function optionsOf(data: DataSpec): OpenDatasetOptions {
  return data.kind === "text"
    ? { dataset: data.dataset, contextLength: data.contextLength, tokenizer: data.tokenizer.type }
    : { dataset: data.dataset, contextLength: 1, tokenizer: "byte" };
}

function checkFingerprint(wanted: DataSpec, found: DataSpec): void {
  const counts = (data: DataSpec) =>
    [data.kind, data.fingerprint, data.trainSamples, data.validationSamples].join();
  if (counts(wanted) === counts(found)) return;
  throw new TrainingError(
    "DATASET_MISMATCH",
    `this node's copy of ${wanted.dataset} is ${found.fingerprint} with ${found.trainSamples} + ${found.validationSamples} samples; ` +
      `the session was created on ${wanted.fingerprint} with ${wanted.trainSamples} + ${wanted.validationSamples}`,
    { wanted: wanted.fingerprint, found: found.fingerprint },
  );
}

/**
 * Opens the session's dataset, makes sure that it is the one the session was created on, and builds the model.
 * @throws TrainingError `SESSION_INVALID`, `DATASET_UNKNOWN`, `DATASET_UNREADABLE`, `DATASET_MISMATCH`
 */
export async function openSession(
  backend: Backend,
  openDataset: OpenDataset,
  id: string,
  spec: SessionSpec,
): Promise<OpenSession> {
  checkModelFitsData(spec.model, spec.data);
  const dataset = await openDataset(optionsOf(spec.data));
  try {
    checkFingerprint(spec.data, dataset.spec);
    const model = new Model(backend, spec.model);
    return {
      id,
      spec,
      dataset,
      model,
      optimizer: new AdamW(model.layout, spec.optimizer),
      feedback: new ErrorFeedback(codecOf(spec.codec), model.layout.size),
    };
  } catch (error) {
    await dataset.close();
    throw error;
  }
}

export async function closeSession(session: OpenSession): Promise<void> {
  session.model.dispose();
  await session.dataset.close();
}
